pub fn run_reader() -> i32 { 1 }
pub fn gdal_version() -> String { String::new() }
pub fn missing_drivers() -> Vec<&'static str> { Vec::new() }
