//! What changed, in order: the journal as others read it, a page or an event at a time, and how long it is kept.

pub mod keep; // how long changes are kept, what they take
pub mod mark; // a place in a layer's journal
pub mod page; // changes after a mark, the history of a feature
pub mod watch; // those who wait for changes

pub use mark::{At, Mark};
pub use page::{Ask, Change, Page};
pub use watch::Feed;
