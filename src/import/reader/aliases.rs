//! Titles that a GeoPackage gives its columns (`gpkg_data_columns`; OGC 12-128r17, F.9), which GDAL before 3.7 keeps to
//! itself: asked for in the package's own SQL.

use std::collections::HashMap;

use super::ogr::Dataset;

/// More columns than any layer may have.
const MOST: usize = 2_000;

/// Column → title, of the columns of a table that have one: the formal title, or else the name for people.
pub fn titles(dataset: &Dataset, table: &str) -> HashMap<String, String> {
    // A view, or a table that is a program's, could go on for ever.
    let real =
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'gpkg_data_columns' AND sql LIKE 'CREATE TABLE%'";
    if dataset.ask(real, 1).is_empty() {
        return HashMap::new();
    }
    let sql = format!(
        "SELECT column_name, coalesce(nullif(trim(title), ''), trim(name)) FROM gpkg_data_columns \
         WHERE lower(table_name) = lower('{}') AND coalesce(title, name, '') <> '' LIMIT {MOST}",
        table.replace('\'', "''")
    );
    let rows = dataset.ask(&sql, MOST).into_iter();
    rows.filter_map(|row| <[String; 2]>::try_from(row).ok())
        .filter(|[column, title]| !title.is_empty() && !title.eq_ignore_ascii_case(column))
        .map(|[column, title]| (column, title))
        .collect()
}
