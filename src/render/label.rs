//! Labels: where they stand, which of them there is room for, and how they are drawn.

use std::sync::Arc;

use super::canvas::{Canvas, Run};
use super::color::Color;
use super::expr::Facts;
use super::glyph::{EM, Fonts, Glyph};
use super::part::Symbol;

/// A label that a feature would like to have.
pub struct Label {
    text: String,
    place: Place,
    size: f64,
    color: Color,
    halo: Color,
    halo_width: f64,
    rank: f64,
}

enum Place {
    /// In pixels.
    At([f64; 2]),
    Along(Run),
}

/// As many wishes of one part as are looked at; the picture has room for far fewer.
const MOST: usize = 50_000;
/// Ems from one line of text to the next, and from a lone line's middle down to its baseline, as MapLibre has them.
const LINE: f64 = 1.2;
const SINK: f64 = 8.0 / EM;
/// Pixels around a label that are kept free.
const PADDING: f64 = 2.0;
/// The most that a line may turn from one letter to the next, in radians (45°).
const TURN: f64 = std::f64::consts::FRAC_PI_4;

/// Adds what a feature wishes for to `labels`.
pub fn wish(symbol: &Symbol, facts: &Facts<'_>, runs: &[Run], scale: f64, labels: &mut Vec<Label>) {
    let text = symbol.text.of(facts);
    let text = text.text();
    if text.trim().is_empty() || labels.len() >= MOST {
        return;
    }
    let places: Vec<Place> = match symbol.along {
        true => runs.iter().filter(|r| r.len() > 1).map(|r| Place::Along(r.clone())).collect(),
        false => runs.iter().filter_map(|r| r.first()).map(|p| Place::At(*p)).collect(),
    };
    labels.extend(places.into_iter().map(|place| Label {
        text: text.trim().to_string(),
        place,
        size: symbol.size.number(facts).unwrap_or(16.0) * scale,
        color: symbol.color.color(facts).unwrap_or(Color::BLACK),
        halo: symbol.halo.color(facts).unwrap_or(Color([0; 4])),
        halo_width: symbol.halo_width.number(facts).unwrap_or(0.0) * scale,
        rank: symbol.rank.number(facts).unwrap_or(0.0),
    }));
}

/// A letter with its pen: where, turned how far.
struct Set {
    glyph: Arc<Glyph>,
    at: [f64; 2],
    angle: f64,
}

/// West, north, east, south in pixels.
type Room = [f64; 4];

/// What is taken.
#[derive(Default)]
pub struct Taken {
    rooms: Vec<Room>,
    /// Names along lines, which are not said again near by.
    said: Vec<(String, [f64; 2])>,
}

/// Draws those of a part's labels that there is room for, the least `rank` first.
pub fn draw(symbol: &Symbol, mut labels: Vec<Label>, scale: f64, fonts: &Fonts, taken: &mut Taken, on: &mut Canvas) {
    labels.sort_by(|a, b| a.rank.total_cmp(&b.rank));
    let edge = [f64::from(on.0.width()), f64::from(on.0.height())];
    for label in labels {
        // Tiles reach far beyond the picture; what is set there is lost work.
        if matches!(label.place, Place::At([x, y]) if x < 0.0 || y < 0.0 || x > edge[0] || y > edge[1]) {
            continue;
        }
        let set = match &label.place {
            Place::At(at) => vec![standing(symbol, &label, *at, fonts)],
            Place::Along(run) => along(symbol, &label, run, symbol.spacing * scale, fonts, taken),
        };
        for (letters, rooms) in set {
            // What the edge would cut is left to the picture beside this one.
            let inside = rooms.iter().all(|[w, n, e, s]| *w >= 0.0 && *n >= 0.0 && *e <= edge[0] && *s <= edge[1]);
            let free = |room: &Room| symbol.overlap || !taken.rooms.iter().any(|r| touch(r, room));
            if letters.is_empty() || !inside || !rooms.iter().all(free) {
                continue;
            }
            if let (Place::Along(_), Some(first)) = (&label.place, letters.get(letters.len() / 2)) {
                taken.said.push((label.text.clone(), first.at));
            }
            taken.rooms.extend(rooms);
            for (color, wider) in [(label.halo, label.halo_width), (label.color, 0.0)] {
                if color.0[3] > 0 && (wider > 0.0 || color == label.color) {
                    for Set { glyph, at, angle } in &letters {
                        glyph.draw(on, *at, *angle, label.size, color, wider);
                    }
                }
            }
        }
    }
}

/// Words in the upper left corner, as many as there is room for.
pub fn block(text: &str, fonts: &Fonts, on: &mut Canvas) {
    const SIZE: f64 = 12.0;
    const INSET: f64 = 8.0;
    let room = (f64::from(on.0.width()) - 2.0 * INSET) / SIZE;
    for (n, line) in wrap("Noto Sans Regular", room.max(1.0), text, fonts).into_iter().enumerate() {
        let (mut pen, base) = (INSET, INSET + SIZE + n as f64 * SIZE * LINE);
        for glyph in line {
            glyph.draw(on, [pen, base], 0.0, SIZE, Color::BLACK, 0.0);
            pen += glyph.advance * SIZE / EM;
        }
    }
}

fn touch(a: &Room, b: &Room) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Lines of text about a point.
fn standing(symbol: &Symbol, label: &Label, at: [f64; 2], fonts: &Fonts) -> (Vec<Set>, Vec<Room>) {
    let em = label.size / EM;
    let lines: Vec<Vec<Arc<Glyph>>> = wrap(&symbol.font, symbol.max_width.max(1.0), &label.text, fonts);
    let width = |line: &[Arc<Glyph>]| line.iter().map(|g| g.advance).sum::<f64>() * em;
    let widest = lines.iter().map(|l| width(l)).fold(0.0, f64::max);
    let height = lines.len() as f64 * LINE * label.size;
    let is = |side: &str| symbol.anchor.contains(side);
    // Where the block's upper left corner lies from the point.
    let x = if is("left") {
        0.0
    } else if is("right") {
        -widest
    } else {
        -widest / 2.0
    };
    let y = if is("top") {
        0.0
    } else if is("bottom") {
        -height
    } else {
        -height / 2.0
    };
    let (x, y) = (at[0] + x + symbol.offset[0] * label.size, at[1] + y + symbol.offset[1] * label.size);
    let mut set = Vec::new();
    for (n, line) in lines.into_iter().enumerate() {
        let spare = widest - width(&line);
        let mut pen = x + if is("left") {
            0.0
        } else if is("right") {
            spare
        } else {
            spare / 2.0
        };
        let base = y + ((n as f64 + 0.5) * LINE + SINK) * label.size;
        for glyph in line {
            let advance = glyph.advance * em;
            set.push(Set { glyph, at: [pen, base], angle: 0.0 });
            pen += advance;
        }
    }
    (set, vec![[x - PADDING, y - PADDING, x + widest + PADDING, y + height + PADDING]])
}

/// A text in lines of at most so many ems, as even as its words allow.
fn wrap(font: &str, most: f64, text: &str, fonts: &Fonts) -> Vec<Vec<Arc<Glyph>>> {
    let letters = |t: &str| fonts.letters(font, t);
    let width = |t: &str| letters(t).iter().map(|g| g.advance).sum::<f64>();
    let mut lines = Vec::new();
    for paragraph in text.lines().filter(|p| !p.trim().is_empty()) {
        let words: Vec<(&str, f64)> = paragraph.split_whitespace().map(|w| (w, width(w))).collect();
        let space = width(" ");
        let filled = |most: f64| {
            let mut lines: Vec<(String, f64)> = Vec::new();
            for (word, wide) in &words {
                match lines.last_mut().filter(|(_, so_far)| so_far + space + wide <= most) {
                    Some((line, so_far)) => {
                        line.push(' ');
                        line.push_str(word);
                        *so_far += space + wide;
                    }
                    None => lines.push((word.to_string(), *wide)),
                }
            }
            lines
        };
        let fewest = filled(most * EM);
        let even = width(paragraph) / fewest.len().max(1) as f64;
        // The narrowest block of as few lines: no word is left alone at the end.
        let narrow = (0..20).map(|n| filled(even * (1.0 + f64::from(n) / 20.0))).find(|l| l.len() <= fewest.len());
        lines.extend(narrow.unwrap_or(fewest).iter().map(|(line, _)| letters(line)));
    }
    lines
}

/// Text along a line, as often as it is long enough for.
fn along(
    symbol: &Symbol,
    label: &Label,
    run: &Run,
    spacing: f64,
    fonts: &Fonts,
    taken: &Taken,
) -> Vec<(Vec<Set>, Vec<Room>)> {
    let glyphs = fonts.letters(&symbol.font, &label.text);
    let em = label.size / EM;
    let width = glyphs.iter().map(|g| g.advance).sum::<f64>() * em;
    let length: f64 = run.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])).sum();
    if glyphs.is_empty() || width + label.size > length {
        return Vec::new();
    }
    let times = (length / spacing.max(width * 1.5)).floor().max(1.0);
    let mut all: Vec<(Vec<Set>, Vec<Room>)> = Vec::new();
    for n in 0..times as usize {
        let middle = length * (n as f64 + 0.5) / times;
        let Some((letters, rooms)) = bend(&glyphs, run, middle, width, label.size) else { continue };
        let at = letters[letters.len() / 2].at;
        let near = |p: &[f64; 2]| (p[0] - at[0]).hypot(p[1] - at[1]) < spacing;
        if !taken.said.iter().any(|(text, p)| *text == label.text && near(p)) {
            all.push((letters, rooms));
        }
    }
    all
}

/// Letters on a line, their middle at `middle` of its length, readable from below; none where it turns too sharply.
fn bend(glyphs: &[Arc<Glyph>], run: &Run, middle: f64, width: f64, size: f64) -> Option<(Vec<Set>, Vec<Room>)> {
    let em = size / EM;
    let (first, last) = (on(run, middle - width / 2.0)?.0, on(run, middle + width / 2.0)?.0);
    let forward = first[0] <= last[0];
    let (mut set, mut rooms, mut gone, mut before) = (Vec::new(), Vec::new(), 0.0, None::<f64>);
    for glyph in glyphs {
        let half = glyph.advance * em / 2.0;
        let (towards, turn) = if forward { (1.0, 0.0) } else { (-1.0, std::f64::consts::PI) };
        let (at, angle) = on(run, middle + (gone + half - width / 2.0) * towards)?;
        let angle = angle + turn;
        if let Some(before) = before.replace(angle) {
            let turned =
                (angle - before + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI;
            if turned.abs() > TURN {
                return None;
            }
        }
        let (sin, cos) = angle.sin_cos();
        // From the middle of the letter on the line back to its pen, and down to the baseline.
        let pen = [at[0] - half * cos - SINK * size * sin, at[1] - half * sin + SINK * size * cos];
        let reach = size * 0.6 + PADDING;
        rooms.push([at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach]);
        set.push(Set { glyph: glyph.clone(), at: pen, angle });
        gone += 2.0 * half;
    }
    Some((set, rooms))
}

/// The place and the direction at a length of a line.
fn on(run: &Run, mut length: f64) -> Option<([f64; 2], f64)> {
    if length < 0.0 {
        return None;
    }
    for pair in run.windows(2) {
        let [dx, dy] = [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]];
        let piece = dx.hypot(dy);
        if length <= piece && piece > 0.0 {
            let t = length / piece;
            return Some(([pair[0][0] + dx * t, pair[0][1] + dy * t], dy.atan2(dx)));
        }
        length -= piece;
    }
    None
}
