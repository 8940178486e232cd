//! CQL2 Text, and the same as GDAL writes it.
#![no_main]

mod common;
mod filter;

use dothi::filter::Lang;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    filter::holds(text, Lang::Text);
    filter::holds(text, Lang::Gdal);
});
