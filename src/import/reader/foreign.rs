//! What is not read here, by its first bytes: said in a line, with what to do instead.

/// How many bytes [`advice`] wants.
pub const HEAD: usize = 32;

/// Why a file of this beginning cannot be read, and what to do; none for what may be readable.
pub fn advice(head: &[u8], ending: &str) -> Option<String> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let drawing = head.get(..6).and_then(|v| std::str::from_utf8(v).ok()).filter(|v| v.starts_with("AC10"));
    if let Some(version) = drawing.filter(|v| *v != "AC1015") {
        return Some(format!(
            "is a drawing of {} ({version}), of which only AutoCAD 2000 (AC1015) can be read: save it as DXF, or as `AutoCAD 2000 drawing`",
            autocad(version)
        ));
    }
    let say = match ending {
        _ if starts(b"%PDF") => {
            "is a PDF, which holds no map data that can be read: ask for the shapefile, GeoPackage or DXF that it was printed from"
        }
        _ if starts(b"Rar!") => "is a RAR archive: unpack it and pack it as .zip",
        _ if starts(b"7z\xBC\xAF\x27\x1C") => "is a 7-Zip archive: unpack it and pack it as .zip",
        _ if starts(&[0x1F, 0x8B]) => "is compressed with gzip: unpack it first",
        _ if starts(b"\xFD7zXZ") || starts(b"BZh") || starts(&[0x28, 0xB5, 0x2F, 0xFD]) => {
            "is compressed: unpack it first, or pack it as .zip"
        }
        _ if head.get(4..12) == Some(b"Standard") => {
            "is an Access database (personal geodatabase): export it as file geodatabase or GeoPackage"
        }
        "dgn" if starts(&[0xD0, 0xCF, 0x11, 0xE0]) => {
            "is a MicroStation V8 drawing, of which only V7 can be read: save it as V7 DGN or DXF"
        }
        _ if starts(&[0xD0, 0xCF, 0x11, 0xE0]) => {
            "is a file of old Office programs or MicroStation V8: save it as .xlsx, or as DXF or V7 DGN"
        }
        // XML says its encoding itself, and its readers know this one.
        "csv" | "tsv" | "json" | "geojson" | "mif" | "dxf" if starts(&[0xFF, 0xFE]) || starts(&[0xFE, 0xFF]) => {
            "is text in UTF-16 (`Unicode` in Excel): save it in UTF-8"
        }
        _ if starts(b"AutoCAD Binary DXF") => "is a binary DXF: save it as DXF in text (ASCII)",
        _ if starts(b"msid") || matches!(ending, "ecw" | "sid" | "img") => {
            "is an image of a kind that is not read here (ECW, MrSID, ERDAS): save it as GeoTIFF"
        }
        _ if starts(b"PMTiles") => {
            "is an archive of tiles, which are drawings and no data: ask for the data that they were made from"
        }
        _ if starts(b"PAR1") => "is GeoParquet, which is not read here: export it as GeoPackage or FlatGeobuf",
        "mxd" | "aprx" | "lyr" | "lyrx" | "qgs" | "qgz" | "wor" => {
            "is a map project, which only points to data: send the data themselves"
        }
        "vrt" => "is a virtual dataset, which points to other files: send the data themselves",
        _ => return None,
    };
    Some(say.into())
}

/// The release that a drawing's version stands for (DXF Reference, $ACADVER).
fn autocad(version: &str) -> &'static str {
    match version {
        "AC1018" => "AutoCAD 2004",
        "AC1021" => "AutoCAD 2007",
        "AC1024" => "AutoCAD 2010",
        "AC1027" => "AutoCAD 2013",
        "AC1032" => "AutoCAD 2018",
        _ if version < "AC1015" => "AutoCAD R14 or older",
        _ => "a newer AutoCAD",
    }
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn what_is_not_read_is_named_with_the_way_out() {
        for (head, ending, word) in [
            (&b"AC1027\0\0"[..], "dwg", "2013"),
            (b"AC1014\0\0", "dwg", "R14"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1", "dgn", "V7"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1", "xls", ".xlsx"),
            (b"%PDF-1.7", "pdf", "PDF"),
            (b"Rar!\x1A\x07", "rar", ".zip"),
            (b"7z\xBC\xAF\x27\x1C", "7z", ".zip"),
            (b"\0\x01\0\0Standard Jet DB", "mdb", "Access"),
            (b"", "ecw", "image"),
        ] {
            assert!(advice(head, ending).is_some_and(|say| say.contains(word)), "{ending}");
        }
        assert_eq!(advice(b"AC1015", "dwg"), None);
        assert_eq!(advice(b"PK\x03\x04", "zip"), None);
    }
}
