//! Values of fields.

use prost_types::{Duration, Timestamp};
use serde_json::Value;

use crate::cli::terminal::table::Object;
use crate::domain::ingest::digest::hex;
use crate::interface::grpc::pb;

/// Returns an object of these fields.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Object {
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Returns a time in RFC 3339.
pub(super) fn time(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| time.to_string().into())
}

/// Returns a duration in milliseconds.
pub(super) fn milliseconds(duration: Option<Duration>) -> Value {
    let milliseconds = |duration: Duration| {
        let Duration { seconds, nanos } = duration;
        seconds * 1_000 + i64::from(nanos) / 1_000_000
    };
    duration.map(milliseconds).into()
}

/// Returns a digest in hexadecimal, or null if it is empty.
pub(super) fn digest(digest: &[u8]) -> Value {
    if digest.is_empty() {
        Value::Null
    } else {
        hex(digest).into()
    }
}

/// Returns the word of an enum's value: `STATE_RUNNING` is `RUNNING`.
pub(crate) fn word(name: &str, prefix: &str) -> Value {
    name.strip_prefix(prefix).unwrap_or(name).into()
}

/// Returns the fields of the start and the end of a text, in every unit.
pub(super) fn places(start: Option<pb::Position>, end: Option<pb::Position>) -> Object {
    let mut fields = place("start", start);
    fields.extend(place("end", end));
    fields
}

/// Returns the fields of a place, in every unit. `NULL` stands for a missing place.
pub(super) fn place(name: &str, place: Option<pb::Position>) -> Object {
    let units = place.map(|place| {
        let pb::Position {
            byte,
            character,
            line,
            source,
        } = place;
        [byte, character, line, source]
    });
    let names = ["byte", "character", "line", "source"];
    let fields = names.into_iter().enumerate().map(|(number, unit)| {
        let value = units.map(|units| units[number]).into();
        (format!("{name}_{unit}"), value)
    });
    fields.collect()
}
