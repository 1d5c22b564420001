//! Output on the terminal: rows, progress and messages.
//!
//! Only `output` writes. `table` makes rows for people or programs, `chunk_rows` and `names` shorten their cells, and
//! `printable` makes untrusted text safe. `progress` draws bars on stderr.
//!
//! To add a table: its columns in the command's file, and its JSON in `cli/json`.

pub(super) mod chunk_rows;
pub(super) mod names;
pub(super) mod output;
pub(super) mod printable;
pub(super) mod progress;
pub(super) mod table;
