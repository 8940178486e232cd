//! What the parent and the reading child say to each other.
//!
//! The parent writes one [`Request`] as JSON to the child's standard input and closes it. The child answers in frames:
//! one byte kind, the length as little-endian `u32`, the payload. `D` frames carry PostgreSQL `COPY … BINARY` bytes,
//! header and trailer included for each layer, so the parent pipes them on unseen; `T` frames carry a tile of a raster:
//! zoom, column and row in 9 bytes, then the picture; `J` frames carry an [`Event`].

use std::io::Write;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};

pub use super::request::{Action, Request};
use crate::error::{Error, Result};
use crate::geo::Tile;
use crate::layer::raster::Picture;
use crate::schema::{Field, Geometry};

/// The longest payload; a longer one is a broken child.
pub const MAX_PAYLOAD: usize = 4 << 20;

const JSON: u8 = b'J';
const DATA: u8 = b'D';
const TILE: u8 = b'T';

/// How a coordinate system was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The file names its authority code, or its format allows no other.
    Declared,
    /// Matched against the EPSG database.
    Identified,
    /// A transverse Mercator with the parameters of VN-2000, whatever datum the file names.
    Vn2000ByParameters,
    /// The caller said so.
    Given,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crs {
    /// EPSG code; none for a system of the file's own, which then goes by `wkt` and `proj4`.
    pub srid: Option<i32>,
    pub name: String,
    pub wkt: String,
    pub proj4: String,
    pub how: How,
}

/// A coordinate system that the coordinates of a layer without one could be in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub srid: i32,
    pub name: String,
    /// Why: where it puts the data.
    pub place: String,
    /// Only if x and y are exchanged (`--swap-xy`).
    pub swap_xy: bool,
    /// Where the data would lie: west, south, east, north in degrees.
    pub bounds: Option<[f64; 4]>,
    /// The town that is nearest to the middle of it, and how many kilometres away.
    pub near: Option<(String, u32)>,
}

/// What the caller must say before a layer can be read: the same for a prompt, a web page and a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// Answered by [`Request::encoding`]; best first, each with ten values as it would read them.
    Encoding { layer: String, candidates: Vec<Reading> },
    /// Answered by [`Request::srs`] (and [`Request::swap_xy`]); best first.
    Srs { layer: String, extent: Option<[f64; 4]>, candidates: Vec<Candidate> },
}

/// How to get a layer's text back as the file had it, byte by byte.
///
/// What `encoding` makes of a value in `form` is what the file has, but for the values of `exceptions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Originals {
    pub encoding: String,
    /// Whether the file has those bytes as windows-1252 shows them, in UTF-8.
    pub surface: bool,
    /// `composed` or `decomposed`: windows-1258 and UTF-8 can write letters in two ways.
    pub form: String,
    /// Feature id, field, bytes in hexadecimal digits.
    pub exceptions: Vec<(i64, String, String)>,
    /// How many more there are, which only the file has.
    pub unlisted: u64,
}

/// What is known about a layer's text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    /// What the rows are decoded from; none while that is for the caller to say.
    pub name: Option<String>,
    /// What the file says it is.
    pub declared: Option<String>,
    /// `given`, `declared`, `detected`, `format` or `ambiguous`.
    pub how: String,
    /// Share of the words with a letter beyond ASCII that read as Vietnamese, where it was detected.
    pub confidence: Option<f64>,
    /// What each plausible encoding would make of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Reading>,
}

/// One way to read a layer's text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub encoding: String,
    pub score: f64,
    pub sample: Vec<String>,
}

/// Something that is not as the file has it, or that the administrator should know; [`notes`](super::notes) makes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// Stable, for programs: `curves_linearised`, `nfc_normalised`, …
    pub code: String,
    /// In English.
    pub message: String,
    /// The same in Vietnamese.
    pub message_vi: String,
    pub count: u64,
}

/// A field as it is shown before an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldInfo {
    #[serde(flatten)]
    pub field: Field,
    /// Width in the source, in its own units; 0 where it has none.
    pub width: i32,
    pub samples: Vec<String>,
}

/// What is known about a layer before it is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerInfo {
    /// Position among the source's layers.
    pub index: usize,
    pub name: String,
    /// Where it is in the source: folders and file, as `HoSoGIS/QuyHoach.gdb`.
    #[serde(default)]
    pub path: String,
    pub title: Option<String>,
    pub crs: Option<Crs>,
    /// Ranked, where the file names no coordinate system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crs_candidates: Vec<Candidate>,
    /// None for a table without geometry.
    pub geometry: Option<Geometry>,
    /// `point`, `line`, `polygon` or `mixed`: more than `geometry` says where single and multi parts meet.
    pub shape: Option<String>,
    pub fields: Vec<FieldInfo>,
    pub encoding: Encoding,
    pub count: Option<u64>,
    /// west, south, east, north in the layer's own coordinates.
    pub extent: Option<[f64; 4]>,
    pub extent_lonlat: Option<[f64; 4]>,
    /// Whether feature ids are the source's own; else they are running numbers from 1.
    pub fid_from_source: bool,
    /// Of a layer that is a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raster: Option<Picture>,
    pub notes: Vec<Note>,
}

/// A row that cannot be stored as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    /// The row's feature id.
    pub row: i64,
    pub reason: String,
    /// Values as text; bytes that do not decode as `\x…`.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    pub wkb_hex: Option<String>,
}

/// What is known about a layer whose rows follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerStart {
    pub index: usize,
    pub name: String,
    pub title: Option<String>,
    pub crs: Option<Crs>,
    pub geometry: Option<Geometry>,
    pub shape: Option<String>,
    pub fields: Vec<Field>,
    /// The width that the source declares for each field; 0 for none.
    #[serde(default)]
    pub widths: Vec<i32>,
    pub encoding: Encoding,
    pub count: Option<u64>,
    pub extent: Option<[f64; 4]>,
    pub fid_from_source: bool,
    /// Of a layer that is a picture: tiles follow, no rows.
    pub raster: Option<Picture>,
    /// West, south, east, north in degrees of a picture.
    pub bounds: Option<[f64; 4]>,
    pub notes: Vec<Note>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "one at a time, and boxed in `Frame`")]
pub enum Event {
    /// First. Inspecting fills `layers` in; reading gives their names and sends a `Layer` before each one's rows.
    Source {
        driver: String,
        path: String,
        layers: Vec<LayerInfo>,
        notes: Vec<Note>,
        /// Files of a planning dossier that are no data to import.
        unread: Vec<String>,
    },
    /// A layer's rows follow.
    Layer(LayerStart),
    /// At most every 200 ms; `rows` counts within the layer and the phase (`survey` before `Layer`, then `read`).
    Progress {
        phase: String,
        rows: u64,
    },
    SetAside(SetAside),
    Note(Note),
    /// Before an `Error` that it explains.
    Question(Question),
    /// Part of what a report keeps of changed text; several come for one layer if there are many exceptions.
    Originals(Originals),
    LayerEnd {
        read: u64,
        written: u64,
        set_aside: u64,
        fid_from_source: bool,
        /// Feature ids whose polygons are not surely valid: for PostGIS to check.
        suspects: Vec<i64>,
        /// Set instead of `suspects` when they are too many to list.
        all_suspect: bool,
        /// West, south, east, north of what was written, in the layer's own system; none where no row has a geometry.
        extent: Option<[f64; 4]>,
    },
    /// All is said.
    End,
    /// Nothing more follows; the text is for the administrator.
    Error {
        message: String,
    },
}

/// One frame as the parent gets it.
#[derive(Debug)]
pub enum Frame {
    Event(Box<Event>),
    Data(Bytes),
    Tile(Tile, Bytes),
}

/// Writes a tile of a raster.
pub fn write_tile(out: &mut impl Write, tile: Tile, picture: &[u8]) -> std::io::Result<()> {
    let mut payload = Vec::with_capacity(9 + picture.len());
    payload.push(tile.z);
    payload.extend(tile.x.to_le_bytes());
    payload.extend(tile.y.to_le_bytes());
    payload.extend_from_slice(picture);
    if payload.len() > MAX_PAYLOAD {
        return Err(std::io::Error::other("tile longer than a frame"));
    }
    write_frame(out, TILE, &payload)
}

fn read_tile(payload: Bytes) -> Option<Frame> {
    let (place, _) = payload.split_first_chunk::<9>()?;
    let number = |at: usize| Some(u32::from_le_bytes(*place[at..].first_chunk()?));
    let tile = Tile::new(place[0], number(1)?, number(5)?)?;
    Some(Frame::Tile(tile, payload.slice(9..)))
}

/// Writes COPY bytes, in several frames if they are many.
pub fn write_data(out: &mut impl Write, data: &[u8]) -> std::io::Result<()> {
    for part in data.chunks(MAX_PAYLOAD) {
        write_frame(out, DATA, part)?;
    }
    Ok(())
}

pub fn write_event(out: &mut impl Write, event: &Event) -> std::io::Result<()> {
    let payload = serde_json::to_vec(event)?;
    if payload.len() > MAX_PAYLOAD {
        return Err(std::io::Error::other("event longer than a frame"));
    }
    write_frame(out, JSON, &payload)
}

fn write_frame(out: &mut impl Write, kind: u8, payload: &[u8]) -> std::io::Result<()> {
    let mut head = [kind, 0, 0, 0, 0];
    head[1..].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    out.write_all(&head)?;
    out.write_all(payload)
}

/// The next frame; none at the end of the stream. A stream that is cut inside a frame is an error.
pub async fn read_frame(from: &mut (impl AsyncRead + Unpin)) -> Result<Option<Frame>> {
    let broken = |what: &str| Error::Internal(format!("the reader's answer is broken: {what}"));
    let kind = match from.read_u8().await {
        Ok(kind) => kind,
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(Error::io("reading from the reader")(e)),
    };
    let length = from.read_u32_le().await.map_err(|_| broken("cut off"))? as usize;
    if length > MAX_PAYLOAD {
        return Err(broken("a frame is too long"));
    }
    let mut payload = BytesMut::with_capacity(length).limit(length);
    while payload.has_remaining_mut() {
        from.read_buf(&mut payload).await.ok().filter(|n| *n > 0).ok_or_else(|| broken("cut off"))?;
    }
    let payload = payload.into_inner().freeze();
    match kind {
        DATA => Ok(Some(Frame::Data(payload))),
        TILE => read_tile(payload).map(Some).ok_or_else(|| broken("no such tile")),
        JSON => Ok(Some(Frame::Event(Box::new(serde_json::from_slice(&payload)?)))),
        _ => Err(broken("unknown kind of frame")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_back_as_they_were_written() {
        let mut bytes = Vec::new();
        let event = Event::Note(crate::import::notes::gdal("Phường".into()));
        write_event(&mut bytes, &event).unwrap();
        write_data(&mut bytes, &vec![7; MAX_PAYLOAD + 1]).unwrap();
        let mut from = bytes.as_slice();
        assert!(matches!(read_frame(&mut from).await.unwrap(), Some(Frame::Event(e)) if *e == event));
        let mut data = 0;
        while let Some(Frame::Data(part)) = read_frame(&mut from).await.unwrap() {
            data += part.len();
        }
        assert_eq!(data, MAX_PAYLOAD + 1);
    }

    #[tokio::test]
    async fn a_cut_or_overlong_frame_is_an_error() {
        assert!(read_frame(&mut [b'D', 9, 0, 0, 0, 1].as_slice()).await.is_err());
        assert!(read_frame(&mut [b'D', 255, 255, 255, 255].as_slice()).await.is_err());
        assert!(read_frame(&mut [b'X', 0, 0, 0, 0].as_slice()).await.is_err());
    }
}
