//! What holds for a filter, whatever it says.

use dothi::filter::{At, Lang, compile, parse, render};
use dothi::geo::Crs;

use super::common::fields;

/// It is an expression whose values are all bound, or a fault that points into the text.
pub fn holds(text: &str, lang: Lang) {
    match parse(text, lang, &fields(), true, Crs::CRS84) {
        Ok(expr) => {
            let sql = render(&expr, Some(9217));
            for n in 1..=sql.values.len() {
                assert!(sql.text.contains(&format!("${n}")), "value {n} is bound: {}", sql.text);
            }
            assert!(!sql.text.contains(';'), "{}", sql.text);
            drop(compile(&expr));
        }
        Err(fault) => {
            assert!(!fault.to_string().is_empty());
            if let At::Byte(at) = fault.at {
                assert!(at <= text.len() && text.is_char_boundary(at), "{at} in {text:?}");
            }
        }
    }
}
