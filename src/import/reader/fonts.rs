//! The fonts that a drawing or a MapInfo table names: `.VnTime` draws TCVN3, `VNI-Times` draws VNI (vietnam.md 2.1).

use super::source::Part;
use super::text::Encoding;
use super::vsi;

/// Tables of styles come early, in text and in binary files.
const LOOKED_AT: usize = 1 << 20;

/// The encoding that every Vietnamese font in the file is for.
pub fn hint(part: &Part) -> Option<Encoding> {
    let files = match part.driver.as_str() {
        "DXF" | "DGN" => vec![part.path.clone()],
        // The fonts of a .tab are in its .map.
        "MapInfo File" => [Some(part.path.clone()), vsi::sibling(&part.path, "map")].into_iter().flatten().collect(),
        _ => return None,
    };
    of(&files.iter().flat_map(|path| vsi::head(path, LOOKED_AT)).collect::<Vec<u8>>())
}

fn of(bytes: &[u8]) -> Option<Encoding> {
    let bytes = bytes.to_ascii_lowercase();
    let has = |names: &[&str]| names.iter().any(|n| bytes.windows(n.len()).any(|w| w == n.as_bytes()));
    // An address may end in `.vn`, but no letter follows there.
    let abc = bytes.windows(4).any(|w| w.starts_with(b".vn") && w[3].is_ascii_alphabetic());
    match (abc || has(&["vntime.ttf", "vntimeh.ttf", "vnarial.ttf", "vnarialh.ttf"]), has(&["vni-", "vni "])) {
        (true, false) => Some(Encoding::Tcvn3),
        (false, true) => Some(Encoding::Vni),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_say_what_they_draw() {
        assert_eq!(of(b"STYLE\r\n.VnTimeH\r\n"), Some(Encoding::Tcvn3));
        assert_eq!(of(b"Font (\"VNI-Times\",0,0,0)"), Some(Encoding::Vni));
        assert_eq!(of(b"Arial www.ninhthuan.gov.vn"), None);
        assert_eq!(of(b".VnTime VNI-Times"), None, "both");
    }
}
