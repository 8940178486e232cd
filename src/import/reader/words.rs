//! Which encoding a layer's text is read in, and how that was decided.

use super::fonts;
use super::ogr::RawField;
use super::shapefile::Dbf;
use super::source::Part;
use super::surface::{self, Surface};
use super::survey::Survey;
use super::text::detect::{self, Verdict};
use super::text::{Arrival, Decoder, Encoding, WINDOWS_1252};
use super::vsi;
use crate::error::{Error, Result};
use crate::import::frames::{self, Action, Note, Reading, Request};
use crate::import::notes;

/// A table of text this long is looked at for an inspection; for reading all of it is.
const INSPECTED: u64 = 256 << 20;
/// UTF-8 that a program read as windows-1252 and wrote as UTF-8 again.
pub const TWICE: &str = "UTF-8 twice";
/// A Vietnamese reading at least this plausible puts a declared Western encoding in doubt.
const DOUBT: f64 = 0.5;

pub struct Words {
    pub decoder: Decoder,
    pub info: frames::Encoding,
}

impl Words {
    fn new(decoder: Decoder, how: &str, declared: Option<String>, confidence: Option<f64>) -> Self {
        let name = Some(decoder.encoding.name().to_owned());
        let info = frames::Encoding { name, declared, how: how.into(), confidence, candidates: Vec::new() };
        Words { decoder, info }
    }

    /// Not sure: shown as windows-1252 shows it, which every byte has a letter in.
    fn unsure(arrival: Arrival, declared: Option<String>, candidates: Vec<Reading>) -> Self {
        let decoder = match arrival {
            Arrival::Bytes if readings_are_unicode(&candidates) => Decoder::UTF8,
            _ => Decoder { encoding: WINDOWS_1252, arrival },
        };
        let info = frames::Encoding { name: None, declared, how: "ambiguous".into(), confidence: None, candidates };
        Words { decoder, info }
    }
}

fn readings_are_unicode(candidates: &[Reading]) -> bool {
    candidates.iter().any(|c| c.encoding == "UTF-8")
}

/// Decides on a layer's encoding.
pub fn choose(
    part: &Part,
    raw: &[RawField],
    survey: &Survey,
    request: &Request,
    notes: &mut Vec<Note>,
) -> Result<Words> {
    let names = raw.iter().map(|f| f.name.as_slice()).filter(|n| !n.is_ascii());
    let values: Vec<&[u8]> = survey.text.iter().map(Vec::as_slice).chain(names).collect();
    let unicode = values.iter().all(|v| std::str::from_utf8(v).is_ok());
    let declared = declared(part);
    // A drawing with letters written as `\U+1EA1` comes from a program that knows Unicode: the others are what they are.
    let escaped =
        values.iter().filter_map(|v| std::str::from_utf8(v).ok()).any(|text| text.chars().any(|c| c > '\u{FF}'));
    let arrival = match part.driver.as_str() {
        "DXF" if declared.as_deref() != Some("UTF-8") && !escaped => Arrival::Latin1,
        "MapInfo File" if unicode => Arrival::Windows1252,
        _ => Arrival::Bytes,
    };
    let raw_bytes =
        matches!(part.driver.as_str(), "ESRI Shapefile" | "CSV" | "DGN") || arrival == Arrival::Latin1 || !unicode;
    if let Some(name) = &request.encoding {
        let decoder = given(name, arrival, raw_bytes, unicode)?;
        return Ok(Words::new(decoder, "given", declared, None));
    }
    if !raw_bytes {
        return Ok(behind_the_surface(Arrival::Bytes, &values, declared, notes));
    }
    let sample: Vec<Vec<u8>> = match Dbf::beside(&part.path).filter(|_| part.driver == "ESRI Shapefile") {
        Some(dbf) => dbf.sample(if request.action == Action::Read { u64::MAX } else { INSPECTED }),
        None => {
            values.iter().filter_map(|v| arrival.bytes(v)).filter(|v| part.driver != "DXF" || !only_signs(v)).collect()
        }
    };
    let sample: Vec<&[u8]> = sample.iter().map(Vec::as_slice).collect();
    Ok(from_bytes(&sample, arrival, declared, fonts::hint(part), notes))
}

/// The decoder that the caller asked for.
fn given(name: &str, arrival: Arrival, raw_bytes: bool, unicode: bool) -> Result<Decoder> {
    if name == TWICE {
        return Ok(Decoder { encoding: Encoding::Utf8, arrival: Arrival::Windows1252 });
    }
    let encoding = Encoding::named(name).ok_or_else(|| {
        Error::invalid(
            "encoding",
            format!("`{name}` is no encoding that is known here; say TCVN3, VNI, VISCII, UTF-8, windows-1258 …"),
        )
    })?;
    // What is Unicode already was read as Latin letters before: its bytes lie behind them.
    let own = matches!(encoding, Encoding::Tcvn3 | Encoding::Vni | Encoding::Viscii);
    let behind = (!raw_bytes && encoding != Encoding::Utf8) || (own && unicode && arrival == Arrival::Bytes);
    let arrival = match raw_bytes {
        _ if behind => Arrival::Windows1252,
        true => arrival,
        false => Arrival::Bytes,
    };
    Ok(Decoder { encoding, arrival })
}

/// GDAL writes the degree, plus-minus and diameter signs of drawings (`%%d`, `%%p`, `%%c`) as characters of their own.
fn only_signs(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii() || super::text::SIGNS.contains(b))
}

/// The file gives bytes: what they are, what the file says they are, and which to believe.
fn from_bytes(
    sample: &[&[u8]],
    arrival: Arrival,
    declared: Option<String>,
    hint: Option<Encoding>,
    notes: &mut Vec<Note>,
) -> Words {
    let usable = declared.as_deref().and_then(Encoding::named);
    let decoder = |encoding| Decoder { encoding, arrival };
    let (best, confidence, readings) = match detect::detect(sample.iter().copied(), hint) {
        Verdict::Ascii => return Words::new(decoder(Encoding::Utf8), "ascii", declared, None),
        Verdict::Utf8 if arrival == Arrival::Bytes => {
            let says = usable == Some(Encoding::Utf8);
            let mut words = behind_the_surface(arrival, sample, declared, notes);
            if words.info.how == "format" {
                words.info.how = if says { "declared" } else { "detected" }.into();
            }
            return words;
        }
        Verdict::Utf8 => {
            let how = if usable == Some(Encoding::Utf8) { "declared" } else { "detected" };
            return Words::new(decoder(Encoding::Utf8), how, declared, None);
        }
        Verdict::Detected(encoding, confidence) => (Some(encoding), confidence, Vec::new()),
        Verdict::Ambiguous(readings) => (None, 0.0, readings),
    };
    let decodes =
        |encoding: &Encoding| *encoding != Encoding::Utf8 && sample.iter().all(|v| encoding.decode(v).is_some());
    let usable = usable.filter(decodes);
    match (best, usable) {
        (Some(best), Some(usable)) if best == usable => {
            Words::new(decoder(best), "declared", declared, Some(confidence))
        }
        (Some(best), _) => {
            notes.push(notes::encoding_detected(declared.as_deref(), best.name()));
            Words::new(decoder(best), "detected", declared, Some(confidence))
        }
        (None, Some(usable)) => {
            let own = detect::plausibility(usable, sample.iter().copied());
            let rival = readings.iter().filter(|r| r.encoding != usable.name()).map(|r| r.score).fold(0.0, f64::max);
            let doubtful = rival >= DOUBT && rival >= own;
            if doubtful {
                Words::unsure(arrival, declared, readings)
            } else {
                Words::new(decoder(usable), "declared", declared, Some(own))
            }
        }
        (None, None) => Words::unsure(arrival, declared, readings),
    }
}

/// The text is Unicode, but a program may have read TCVN3, VNI or UTF-8 as Latin letters before.
fn behind_the_surface(arrival: Arrival, values: &[&[u8]], declared: Option<String>, notes: &mut Vec<Note>) -> Words {
    match surface::look(values) {
        Surface::None => Words::new(Decoder::UTF8, "format", declared, None),
        Surface::Behind(decoder, confidence) => {
            let name = if decoder.encoding == Encoding::Utf8 { TWICE } else { decoder.encoding.name() };
            notes.push(notes::encoding_behind(name));
            let mut words = Words::new(decoder, "detected", declared, Some(confidence));
            words.info.name = Some(name.into());
            words
        }
        Surface::Unsure(readings) => Words::unsure(arrival, declared, readings),
    }
}

/// What the file says its encoding is.
fn declared(part: &Part) -> Option<String> {
    match part.driver.as_str() {
        "ESRI Shapefile" => Dbf::beside(&part.path)?.declared(),
        "DXF" => drawing(&part.path),
        "MapInfo File" => charset(&part.path),
        _ => None,
    }
}

/// The charset in the head of a `.tab` or `.mif`, if it names one.
fn charset(path: &str) -> Option<String> {
    let head = vsi::head(path, 4096);
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let name = head.split_once("charset")?.1.split_whitespace().next()?.trim_matches('"').to_owned();
    (name != "neutral").then_some(name)
}

/// A drawing's code page; from AutoCAD 2007 (AC1021) on it is UTF-8 whatever it says (DXF Reference, $DWGCODEPAGE).
pub fn drawing(path: &str) -> Option<String> {
    let head = vsi::head(path, 64 << 10);
    let head = String::from_utf8_lossy(&head);
    let value = |name: &str| head.split_once(name)?.1.lines().map(str::trim).nth(2);
    match value("$ACADVER") {
        Some(version) if version >= "AC1021" => Some("UTF-8".into()),
        _ => value("$DWGCODEPAGE").map(String::from),
    }
}

/// One line for text that could be in several encodings.
pub fn unsure(layer: &str, candidates: &[Reading]) -> Error {
    let sample = |c: &Reading| c.sample.iter().take(3).cloned().collect::<Vec<_>>().join("`, `");
    let read: Vec<String> = candidates.iter().map(|c| format!("{} reads `{}`", c.encoding, sample(c))).collect();
    let say = candidates.first().map_or("TCVN3", |c| c.encoding.as_str());
    let say = if say.contains(' ') { format!("'{say}'") } else { say.to_owned() };
    let message = format!(
        "the encoding of the text in layer `{layer}` is not sure: {}. say `--encoding {say}` or the like",
        read.join("; ")
    );
    Error::Unreadable(message)
}
