//! What a file is called. An upload lies on the disk under a name of ours, which no one should read: messages that name
//! it get the name that its owner gave it. Layers that GDAL names after their file get theirs in the reader.

use std::path::{Path, PathBuf};

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

    /// Where it is, under its owner's name.
    pub fn place(&self) -> PathBuf {
        Path::new(&self.path).with_file_name(&self.name)
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
pub fn stem(name: &str) -> &str {
    Path::new(name).file_stem().and_then(|s| s.to_str()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_a_file_as_its_owner_does() {
        let called = Called::new(Path::new("/a/0f3c/0f3c.csv"), Some("Thửa đất.csv"));
        assert_eq!(
            called.say("`/a/0f3c/0f3c.csv` has `0f3c`; 0f3c.csv"),
            "`Thửa đất.csv` has `Thửa đất`; Thửa đất.csv"
        );
        let plain = Called::new(Path::new("/a/ranh.csv"), None);
        assert_eq!((plain.name.as_str(), plain.say("ranh")), ("ranh.csv", "ranh".into()));
    }
}
