//! CQL2 JSON.
#![no_main]

mod common;
mod filter;

use dothi::filter::Lang;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| filter::holds(text, Lang::Json));
