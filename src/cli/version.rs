//! `dothi version`

use std::process::ExitCode;

use serde_json::json;

use super::print::Print;
use crate::error::Result;

pub fn run(print: &Print) -> Result<ExitCode> {
    let gdal = crate::import::reader::gdal_version();
    let version = env!("CARGO_PKG_VERSION");
    print.result(&json!({"dothi": version, "gdal": gdal}), || format!("dothi {version} (GDAL {gdal})"))?;
    Ok(ExitCode::SUCCESS)
}
