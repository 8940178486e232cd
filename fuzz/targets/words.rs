//! Short texts out of addresses and headers: boxes, coordinate systems, times.
#![no_main]

use dothi::filter::{Instant, time};
use dothi::geo::{Crs, Name, parse_epsg, sides};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for y_first in [false, true] {
        drop(sides(text, y_first));
    }
    drop((Name::parse(text), parse_epsg(text), Crs::find(text, &[Crs::CRS84]), time(text)));
    for instant in [Instant::date(text), Instant::timestamp(text), Instant::printed(text)].into_iter().flatten() {
        drop((instant.sql_date(), instant.sql_timestamp("UTC"), instant.end_of_day().civil()));
    }
});
