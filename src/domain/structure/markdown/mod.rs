//! Markdown: CommonMark 0.31, with the tables, footnotes and front matter of GitHub Flavored Markdown.
//!
//! Only blocks are read, line by line; text within them is the chunker's. Deviations from CommonMark:
//!
//! - Containers are at most [`DEPTH_MAX`](container::DEPTH_MAX) deep.
//! - A setext heading, or a table's header row, is decided within
//!   [`LOOK_AHEAD_BYTES`](crate::domain::structure::line::LOOK_AHEAD_BYTES).
//! - A paragraph of link definitions alone can become a setext heading.

mod codec;
pub mod container;
pub mod cursor;
pub mod fence;
pub mod front_matter;
pub mod heading;
pub mod html;
pub mod item;
pub mod leaf;
pub mod start;
pub mod state;
pub mod table;
