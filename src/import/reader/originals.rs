//! What the report must keep so that text which was decoded can be had back byte by byte.
//!
//! A rule gives nearly all of it back: encode the text again. Only what the rule does not reproduce is kept: small letters
//! that TCVN3 drew as capitals, letters in parts among whole ones.

use unicode_normalization::{IsNormalized, is_nfd_quick};

use super::out::Out;
use super::text::encode::Form;
use super::text::{Arrival, Decoder, Encoding};
use crate::error::Result;
use crate::import::frames::{self, Event};

/// Values listed for a layer.
const LISTED: usize = 20_000;
/// Exceptions in a frame.
const CHUNK: usize = 2_000;
/// Longer values are not listed.
const LONGEST: usize = 1_000;

pub struct Originals {
    decoder: Decoder,
    rules: Vec<Rule>,
    /// Whether any text is not what the file has.
    changed: bool,
}

struct Rule {
    form: Form,
    exceptions: Vec<(i64, usize, Vec<u8>)>,
    unlisted: u64,
}

impl Originals {
    pub fn new(decoder: Decoder) -> Self {
        let rules = decoder.encoding.forms().iter();
        let rules = rules.map(|form| Rule { form: *form, exceptions: Vec::new(), unlisted: 0 }).collect();
        Originals { decoder, rules, changed: false }
    }

    /// Looks at a value as GDAL hands it over, and what it became. `column` counts from 0.
    pub fn see(&mut self, fid: i64, column: usize, raw: &[u8], text: &str) {
        if raw == text.as_bytes() && self.unicode() {
            // As it is; an exception only where everything else was decomposed, and then ASCII is none either.
            let rule = self.rules.iter_mut().find(|r| r.form == Form::Decomposed);
            if let Some(rule) = rule.filter(|_| is_nfd_quick(text.chars()) != IsNormalized::Yes) {
                rule.except(fid, column, raw);
            }
            return;
        }
        self.changed = true;
        for rule in &mut self.rules {
            rule.check(&self.decoder, fid, column, raw, text);
        }
    }

    fn unicode(&self) -> bool {
        self.decoder.encoding == Encoding::Utf8 && self.decoder.arrival == Arrival::Bytes
    }

    /// Sends what must be kept, by the rule with the fewest exceptions.
    pub fn tell(self, names: &[String], out: &mut Out) -> Result<()> {
        let fewest = self.rules.into_iter().min_by_key(|r| r.exceptions.len() as u64 + r.unlisted);
        let Some(rule) = fewest.filter(|_| self.changed) else {
            return Ok(());
        };
        let listed: Vec<(i64, String, String)> =
            rule.exceptions.into_iter().map(|(fid, at, raw)| (fid, names[at].clone(), super::hex(&raw))).collect();
        let of = |exceptions: &[(i64, String, String)], unlisted| {
            Event::Originals(frames::Originals {
                encoding: self.decoder.encoding.name().into(),
                surface: self.decoder.arrival == Arrival::Windows1252,
                form: match rule.form {
                    Form::Composed => "composed".into(),
                    Form::Decomposed => "decomposed".into(),
                },
                exceptions: exceptions.to_vec(),
                unlisted,
            })
        };
        out.event(&of(&listed[..listed.len().min(CHUNK)], rule.unlisted))?;
        listed.chunks(CHUNK).skip(1).try_for_each(|chunk| out.event(&of(chunk, 0)))
    }
}

impl Rule {
    fn check(&mut self, decoder: &Decoder, fid: i64, column: usize, raw: &[u8], text: &str) {
        let again = decoder.encoding.encode(text, self.form);
        let bytes = decoder.arrival.bytes(raw);
        if again.is_none() || again != bytes {
            self.except(fid, column, &bytes.unwrap_or_else(|| raw.to_vec()));
        }
    }

    /// `raw` as the file has it.
    fn except(&mut self, fid: i64, column: usize, raw: &[u8]) {
        if self.exceptions.len() < LISTED && raw.len() <= LONGEST {
            self.exceptions.push((fid, column, raw.to_vec()));
        } else {
            self.unlisted += 1;
        }
    }
}
