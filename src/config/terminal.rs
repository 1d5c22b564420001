//! Environment variables about the terminal.

/// A variable that, set and not empty, asks programs to write no colour (<https://no-color.org>).
const NO_COLOR: &str = "NO_COLOR";
/// The kind of the terminal: a dumb one shows colour codes as text.
const TERM: &str = "TERM";
const DUMB: &str = "dumb";

/// Whether colour may be written to a terminal.
#[must_use]
pub fn takes_colour() -> bool {
    let is_unwanted = std::env::var_os(NO_COLOR).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os(TERM).is_some_and(|value| value == DUMB);
    !is_unwanted && !is_dumb
}
