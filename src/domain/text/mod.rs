//! Decodes bytes to text, in which every place has its offset in the source, and finds the places to cut it.
//!
//! The data passes the [`encoding`] room into the [`window`], which holds the undecided text with its [`source_map`]
//! and counts [`position`]s. [`segmentation`] finds the places of a section where a text may be cut, and [`features`]
//! tell it which characters to leave out. A [`reading`] decides at which of these places a reader would cut.
//! [`white_space`] skips the gap at a cut. [`text_unit`] computes the length of a text, with the [`character_starts`]
//! in it.
//!
//! The arrows point one way: `encoding` → `window` → `position` → `features`, and `segmentation` → `reading` →
//! `white_space`.

pub mod character_starts;
pub mod encoding;
pub mod features;
pub mod position;
pub mod reading;
pub mod segmentation;
pub mod source_map;
pub mod text_unit;
pub mod white_space;
pub mod window;
