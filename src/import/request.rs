//! What the parent asks of the reading child.

use serde::{Deserialize, Serialize};

use super::each::{self, ByLayer, Reads};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Say what is in the file.
    Inspect,
    /// Say what is in the file and stream its rows.
    Read,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    pub action: Action,
    pub path: String,
    /// What the file is called, where that is not its name on the disk: for layers that are named after it.
    #[serde(default)]
    pub name: Option<String>,
    /// Names of the layers wanted, as in [`ByLayer`]; none given means all.
    #[serde(default)]
    pub layers: Option<Vec<String>>,
    /// How single layers are read.
    #[serde(default)]
    pub each: ByLayer<Reads>,
    /// `EPSG:n`: overrules what the file says.
    #[serde(default)]
    pub srs: Option<String>,
    /// Overrules what the file says and what is detected.
    #[serde(default)]
    pub encoding: Option<String>,
    /// Exchanges x and y: for tables that have the northing first.
    #[serde(default)]
    pub swap_xy: bool,
    /// Leaves heights and measures out.
    #[serde(default)]
    pub drop_z: bool,
    /// Of rasters: the values that stand for nothing, one or one for each band, or `none`; overrules the file.
    #[serde(default)]
    pub nodata: Option<String>,
    /// Of a raster: pixels (from the left, from above) and where they are (x, y); they overrule the file.
    #[serde(default)]
    pub control_points: Vec<[f64; 4]>,
    /// Rows of each layer that are wanted; none given means all.
    #[serde(default)]
    pub most: Option<u64>,
    /// Written as SRID into the rows of a layer whose coordinate system has no EPSG code.
    #[serde(default)]
    pub custom_srid: i32,
    /// Address space of the child in bytes.
    #[serde(default = "default_memory")]
    pub memory: u64,
}

fn default_memory() -> u64 {
    4 << 30
}

impl Request {
    pub fn new(action: Action, path: impl Into<String>) -> Self {
        Request {
            action,
            path: path.into(),
            name: None,
            layers: None,
            each: ByLayer::new(),
            srs: None,
            encoding: None,
            swap_xy: false,
            drop_z: false,
            nodata: None,
            control_points: Vec::new(),
            most: None,
            custom_srid: 0,
            memory: default_memory(),
        }
    }

    /// Whether a layer is wanted; `path` is where it is in the source.
    pub fn wants(&self, name: &str, path: &str) -> bool {
        self.layers.as_ref().is_none_or(|all| all.iter().any(|said| each::names(said, name, path)))
    }

    /// The request as it is for one layer.
    pub fn of(&self, name: &str, path: &str) -> Request {
        let own = each::of(&self.each, name, path).cloned().unwrap_or_default();
        Request {
            srs: own.srs.or_else(|| self.srs.clone()),
            encoding: own.encoding.or_else(|| self.encoding.clone()),
            swap_xy: own.swap_xy.unwrap_or(self.swap_xy),
            each: ByLayer::new(),
            ..self.clone()
        }
    }

    /// Something that is said of a layer which the source, whose layers are these by name and path, has not.
    pub fn stray(&self, have: &[(String, String)]) -> Option<&str> {
        let said = self.layers.iter().flatten().chain(self.each.keys());
        said.map(String::as_str).find(|said| !have.iter().any(|(name, path)| each::names(said, name, path)))
    }
}
