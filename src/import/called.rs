//! What a file is called. An upload lies on the disk under a name of ours, which no one should read: layers that GDAL
//! names after their file, and messages that name it, get the name that its owner gave it.

use std::path::Path;

use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Called {
    /// The file's own name, without a folder.
    pub name: String,
    path: String,
    on_disk: String,
}

impl Called {
    pub fn new(path: &Path, name: Option<&str>) -> Called {
        let on_disk = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Called {
            name: name.map_or_else(|| on_disk.clone(), Into::into),
            path: path.to_string_lossy().into_owned(),
            on_disk,
        }
    }

    /// The name of a layer, as people know it.
    pub fn outside(&self, layer: String) -> String {
        if layer == stem(&self.on_disk) { stem(&self.name).to_string() } else { layer }
    }

    /// The name of a layer, as the reader knows it.
    pub fn inside(&self, layer: &str) -> String {
        if layer == stem(&self.name) { stem(&self.on_disk).to_string() } else { layer.to_string() }
    }

    /// A message that names the file.
    pub fn say(&self, text: &str) -> String {
        if self.name == self.on_disk {
            return text.to_string();
        }
        text.replace(&self.path, &self.name)
            .replace(&self.on_disk, &self.name)
            .replace(stem(&self.on_disk), stem(&self.name))
    }

    /// The same in every text of a document.
    pub fn say_all(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.say(text),
            Value::Array(all) => all.iter_mut().for_each(|one| self.say_all(one)),
            Value::Object(all) => all.values_mut().for_each(|one| self.say_all(one)),
            _ => {}
        }
    }
}

/// A name without its ending.
fn stem(name: &str) -> &str {
    Path::new(name).file_stem().and_then(|s| s.to_str()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_by_its_own_name_and_layers_by_theirs() {
        let called = Called::new(Path::new("/a/0f3c/0f3c.csv"), Some("Thửa đất.csv"));
        assert_eq!(called.outside("0f3c".into()), "Thửa đất");
        assert_eq!(called.outside("rung".into()), "rung");
        assert_eq!((called.inside("Thửa đất"), called.inside("rung")), ("0f3c".into(), "rung".into()));
        assert_eq!(called.say("`/a/0f3c/0f3c.csv` is broken"), "`Thửa đất.csv` is broken");
        let plain = Called::new(Path::new("/a/ranh.csv"), None);
        assert_eq!((plain.name.as_str(), plain.outside("ranh".into())), ("ranh.csv", "ranh".into()));
    }
}
