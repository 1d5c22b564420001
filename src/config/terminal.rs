//! What the environment says of the terminal.

/// Set and not empty, it asks programs to write no colour (<https://no-color.org>).
const NO_COLOR: &str = "NO_COLOR";
/// The kind of the terminal; a dumb one shows colour as noise.
const TERM: &str = "TERM";
const DUMB: &str = "dumb";

/// Whether colour may be written to a terminal.
#[must_use]
pub fn takes_colour() -> bool {
    let is_against = |name: &str, value: &str| {
        (name == NO_COLOR && !value.is_empty()) || (name == TERM && value == DUMB)
    };
    !std::env::vars_os()
        .any(|(name, value)| is_against(&name.to_string_lossy(), &value.to_string_lossy()))
}
