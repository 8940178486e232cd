//! What an import must be told before it can go on: shown, and asked on a terminal.

use std::io::{BufRead, IsTerminal, Write};

use super::print::{Print, tame};
use crate::error::{Error, Result};
use crate::import::Options;
use crate::import::frames::Question;

/// Asks on a terminal and puts the answers into the options; false where nobody can be asked, or nothing was answered.
pub fn answered(print: &Print, questions: &[Question], options: &mut Options) -> Result<bool> {
    if print.json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    let (had_encoding, had_srs) = (options.encoding.is_some(), options.srs.is_some());
    for question in questions {
        // One answer is for the whole file; the same question of a second layer is answered by it.
        let again = match question {
            Question::Encoding { .. } => options.encoding.is_some(),
            Question::Srs { .. } => options.srs.is_some(),
        };
        if again {
            continue;
        }
        eprint!("{}", tame(&text(question)));
        eprint!("{}: ", say(question));
        std::io::stderr().flush().map_err(Error::io("asking"))?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(Error::io("reading the answer"))?;
        take(question, line.trim(), options);
    }
    Ok((options.encoding.is_some() && !had_encoding) || (options.srs.is_some() && !had_srs))
}

fn say(question: &Question) -> &'static str {
    match question {
        Question::Encoding { .. } => {
            "Chọn số hoặc tên bảng mã (Enter: dừng) / number or name of the encoding (Enter: stop)"
        }
        Question::Srs { .. } => "Chọn số hoặc EPSG:n (Enter: dừng) / number or EPSG:n (Enter: stop)",
    }
}

/// An answer: a number of the list, or a name.
fn take(question: &Question, answer: &str, options: &mut Options) {
    if answer.is_empty() {
        return;
    }
    let at = answer.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    match question {
        Question::Encoding { candidates, .. } => {
            let chosen = at.and_then(|at| candidates.get(at)).map(|c| c.encoding.clone());
            options.encoding = Some(chosen.unwrap_or_else(|| answer.to_owned()));
        }
        Question::Srs { candidates, .. } => match at.and_then(|at| candidates.get(at)) {
            Some(chosen) => {
                options.srs = Some(format!("EPSG:{}", chosen.srid));
                options.swap_xy |= chosen.swap_xy;
            }
            None => options.srs = Some(answer.to_owned()),
        },
    }
}

/// The question with its candidates, as a person reads it.
pub fn text(question: &Question) -> String {
    let mut out = String::new();
    match question {
        Question::Encoding { layer, candidates } => {
            out.push_str(&format!("{layer}: bảng mã? / which encoding?\n"));
            for (n, c) in candidates.iter().enumerate() {
                out.push_str(&format!(
                    "  {}. {:<13} {:>3.0} %  {}\n",
                    n + 1,
                    c.encoding,
                    c.score * 100.0,
                    c.sample.join(" | ")
                ));
            }
        }
        Question::Srs { layer, extent, candidates } => {
            let range = extent.map_or(String::new(), |[w, s, e, n]| format!(" (x {w:.3}–{e:.3}, y {s:.3}–{n:.3})"));
            out.push_str(&format!("{layer}{range}: hệ tọa độ? / which coordinate system?\n"));
            for (n, c) in candidates.iter().enumerate() {
                let bounds =
                    c.bounds.map_or(String::new(), |[w, s, e, n]| format!("  {w:.4}, {s:.4} – {e:.4}, {n:.4}"));
                out.push_str(&format!("  {}. EPSG:{:<6} {}{bounds}  {}\n", n + 1, c.srid, c.name, c.place));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::frames::{Candidate, Reading};

    #[test]
    fn an_answer_is_a_number_or_a_name() {
        let reading = |e: &str| Reading { encoding: e.into(), score: 0.9, sample: vec!["Đất ở".into()] };
        let question =
            Question::Encoding { layer: "thửa".into(), candidates: vec![reading("TCVN3"), reading("VISCII")] };
        for (answer, expected) in [("2", Some("VISCII")), ("VNI", Some("VNI")), ("", None)] {
            let mut options = Options::default();
            take(&question, answer, &mut options);
            assert_eq!(options.encoding.as_deref(), expected);
        }
        assert!(text(&question).contains("2. VISCII"));
        let candidate = Candidate {
            srid: 9217,
            name: "VN-2000 / TM-3 108-15".into(),
            place: "100 % in Vietnam".into(),
            swap_xy: true,
            bounds: Some([108.9, 11.5, 109.0, 11.6]),
            near: None,
        };
        let question = Question::Srs { layer: "điểm".into(), extent: None, candidates: vec![candidate] };
        let mut options = Options::default();
        take(&question, "1", &mut options);
        assert_eq!((options.srs.as_deref(), options.swap_xy), (Some("EPSG:9217"), true));
    }
}
