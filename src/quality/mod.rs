//! What is wrong in a layer, and where: overlaps, gaps, slivers, duplicates, geometry that was mended, rows that could not
//! come in, codes that no list has. Counted whole, listed as features up to a limit, kept with the edition; the elements are
//! those of ISO 19157:2013. [Decision 20](../../docs/decisions/0020-quality-reports.md) has the design.

mod check; // a layer's shapes → findings
mod frame; // coordinates as whole numbers, areas in m²
mod gaps; // ground between features that nobody has
mod intake; // rows on their way into the layer
mod issue; // one finding
mod overlaps; // ground that two features have
mod read; // what is kept, for those who ask
mod shapes; // geometry of a whole layer, in a file
mod single; // each feature by itself, and its doubles
mod store; // kept with the edition
mod strip; // the layer's edges, a strip at a time
mod wkb; // geometry as PostgreSQL sends it

pub use check::{Findings, check};
pub use frame::Measure;
pub use intake::Intake;
pub use issue::{Issue, Kind, Language, Place, Severity, Tally, describe, number, reason};
pub use read::{Account, Asked, Page, account, page};
pub use shapes::{Shapes, Writer};
pub use store::{Change, Rows, Summary, again, area_sql, keep, look, system, told};

/// Metres below which an overlap or a gap is the rounding of its vertices: cadastral coordinates are written to the
/// centimetre, so that a corner on a neighbour's border may be 7 mm off it.
pub const TOLERANCE: f64 = 0.01;
/// Metres of mean width below which a polygon is no piece of land.
pub const SLIVER: f64 = 0.2;
/// Issues of one kind that are listed; the largest, where they have a size.
pub const LISTED: usize = 5_000;
