//! Explains why merged fields are no spec: the field at fault, the origin of each value, and the remedy.

use std::fmt;

use crate::domain::chunking::spec::limits::{self, MAX_BYTES_CEILING, MAX_BYTES_FLOOR};

/// The layer that set the value of a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The request, or the command line.
    Request,
    /// The collection.
    Collection,
    /// The built-in default, or a default that is derived from other fields.
    Default,
}

/// A field that can be wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// `separators`.
    Separators,
    /// `min_size`.
    MinSize,
    /// `max_size`.
    MaxSize,
    /// `levels`.
    Levels,
    /// `overlap`.
    Overlap,
    /// `max_bytes`.
    MaxBytes,
    /// `measure`.
    Measure,
    /// `max_tokens`.
    MaxTokens,
    /// `reserve_tokens`.
    ReserveTokens,
    /// `tokenizer`.
    Tokenizer,
}

/// The merged fields are no spec: one is out of its range, or two do not fit together.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{} {message}", .field.name())]
pub struct Conflict {
    /// The field at fault.
    pub field: Field,
    /// The values, their origins, and the remedy.
    pub message: String,
}

impl Field {
    /// Returns the name of the field.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Separators => "separators",
            Self::MinSize => "min_size",
            Self::MaxSize => "max_size",
            Self::Levels => "levels",
            Self::Overlap => "overlap",
            Self::MaxBytes => "max_bytes",
            Self::Measure => "measure",
            Self::MaxTokens => "max_tokens",
            Self::ReserveTokens => "reserve_tokens",
            Self::Tokenizer => "tokenizer",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "as given",
            Self::Collection => "from the collection",
            Self::Default => "by default",
        })
    }
}

/// A value that a layer sets, with its origin.
pub(super) type Set<T> = (Option<T>, Origin);

/// Returns the value of the highest layer that sets one, with its origin.
pub(super) fn pick<T>(request: Option<T>, collection: Option<T>) -> Set<T> {
    match (request, collection) {
        (Some(value), _) => (Some(value), Origin::Request),
        (None, Some(value)) => (Some(value), Origin::Collection),
        (None, None) => (None, Origin::Default),
    }
}

/// The origins of a merged spec's sizes.
pub(super) struct Origins {
    pub(super) min_size: Origin,
    pub(super) max_size: Origin,
    pub(super) overlap: Origin,
    pub(super) max_bytes: Origin,
    pub(super) max_tokens: Origin,
    pub(super) reserve_tokens: Origin,
    pub(super) levels: Origin,
}

impl Origins {
    /// Converts an error of the merged sizes into a conflict.
    pub(super) fn explain(&self, error: &limits::Error) -> Conflict {
        let Self {
            min_size: min_origin,
            max_size: max_origin,
            overlap: overlap_origin,
            max_bytes: bytes_origin,
            max_tokens: tokens_origin,
            reserve_tokens: reserve_origin,
            levels: levels_origin,
        } = self;
        let (field, message) = match *error {
            limits::Error::MaxSize {
                max_size,
                measure,
                floor,
            } => (
                Field::MaxSize,
                format!(
                    "is {max_size} {} ({max_origin}), but must be from {floor} to {MAX_BYTES_CEILING}",
                    measure.name()
                ),
            ),
            limits::Error::MinSize {
                min_size,
                least,
                max_size,
            } => (
                Field::MinSize,
                format!(
                    "is {min_size} ({min_origin}), but must be from {least} to {max_size}, because \
                     max_size is {max_size} ({max_origin}): give a min_size in that range, or \
                     another max_size"
                ),
            ),
            limits::Error::Overlap { overlap, most } => (
                Field::Overlap,
                format!(
                    "is {overlap} ({overlap_origin}), but must be at most {most}, two thirds of min_size \
                     ({min_origin}; max_size is {max_origin}): give a smaller overlap, or larger sizes"
                ),
            ),
            limits::Error::Levels { max_size, finest } => (
                Field::Levels,
                levels_message((finest, *levels_origin), (max_size, *max_origin)),
            ),
            limits::Error::ParentSize { size } => (
                Field::Levels,
                format!(
                    "have {size} ({levels_origin}), but each size must be at most {MAX_BYTES_CEILING}"
                ),
            ),
            limits::Error::MaxBytes { max_bytes } => (
                Field::MaxBytes,
                format!(
                    "is {max_bytes} ({bytes_origin}), but must be from {MAX_BYTES_FLOOR} to \
                     {MAX_BYTES_CEILING}"
                ),
            ),
            limits::Error::MaxTokens { max_tokens } => (
                Field::MaxTokens,
                format!(
                    "is {max_tokens} ({tokens_origin}), but must be from 1 to {MAX_BYTES_CEILING}, or 0 for no limit"
                ),
            ),
            limits::Error::ReserveTokens { reserve, limit } => (
                Field::ReserveTokens,
                reserve_message(reserve, *reserve_origin, limit),
            ),
        };
        Conflict { field, message }
    }
}

fn levels_message((finest, levels): (usize, Origin), (max_size, size): (usize, Origin)) -> String {
    format!(
        "end with {finest} ({levels}), but max_size is {max_size} ({size}): give levels that end with it, no max_size, or \
         empty levels"
    )
}

fn reserve_message(reserve: usize, origin: Origin, limit: usize) -> String {
    if limit == 0 {
        format!(
            "is {reserve} ({origin}), but nothing is measured in tokens: give the measure tokens, or max_tokens, or no \
             reserve_tokens"
        )
    } else {
        format!(
            "is {reserve} ({origin}), but must be less than the limit in tokens, {limit}: give a smaller reserve, or a \
             larger limit"
        )
    }
}
