//! Bodies of writes: a Feature, a FeatureCollection, a condition; each property against every kind of field.
#![no_main]

mod common;

use dothi::layer::cell::{Members, cell, merged};
use dothi::layer::draft::{Posted, open};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    match open(body) {
        Ok(Posted::One(one)) => properties(&one),
        Ok(Posted::Many(all)) => all.iter().for_each(properties),
        Ok(Posted::Query(_)) | Err(_) => {}
    }
});

fn properties(feature: &Members) {
    let Some(raw) = feature.get("properties") else { return };
    drop(merged(Some(r#"{"so": 1, "them": {"a": [1]}}"#), raw.get()));
    let Ok(members) = serde_json::from_str::<Members>(raw.get()) else { return };
    for (_, value) in &members.0 {
        for field in common::fields() {
            drop(cell(&field, value));
        }
    }
}
