//! The list of all strategies.

use std::sync::Arc;

use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::strategies::{fixed, markdown, recursive, sentence};
use crate::domain::structure::format::Format;
use crate::domain::text::segmentation::boundary::Boundary;

/// A chunking strategy, with the parameters that only this strategy has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Strategy {
    /// Chunks of one size.
    Fixed,
    /// Chunks that end at the best separator in reach.
    Recursive(SeparatorLevels),
    /// Chunks of whole sentences.
    Sentence,
    /// Chunks of whole blocks of Markdown.
    Markdown,
}

/// A strategy without its parameters.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Kind {
    /// [`Strategy::Fixed`].
    Fixed,
    /// [`Strategy::Recursive`].
    #[default]
    Recursive,
    /// [`Strategy::Sentence`].
    Sentence,
    /// [`Strategy::Markdown`].
    Markdown,
    /// [`Strategy::Recursive`], with levels unless they are set.
    Hierarchical,
    /// [`Strategy::Fixed`], measured in tokens.
    Token,
}

/// The name of [`Kind::Hierarchical`].
const HIERARCHICAL: &str = "hierarchical";
/// The name of [`Kind::Token`].
const TOKEN: &str = "token";

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Fixed,
        Self::Recursive,
        Self::Sentence,
        Self::Markdown,
        Self::Hierarchical,
        Self::Token,
    ];

    /// Returns the name by which users choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => fixed::NAME,
            Self::Recursive => recursive::NAME,
            Self::Sentence => sentence::NAME,
            Self::Markdown => markdown::NAME,
            Self::Hierarchical => HIERARCHICAL,
            Self::Token => TOKEN,
        }
    }

    /// Returns the kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Strategy {
    /// Returns the strategy of a kind, with its defaults.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Fixed | Kind::Token => Self::Fixed,
            Kind::Recursive | Kind::Hierarchical => Self::Recursive(SeparatorLevels::universal()),
            Kind::Sentence => Self::Sentence,
            Kind::Markdown => Self::Markdown,
        }
    }

    /// Returns the kind of the strategy.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Fixed => Kind::Fixed,
            Self::Recursive(_) => Kind::Recursive,
            Self::Sentence => Kind::Sentence,
            Self::Markdown => Kind::Markdown,
        }
    }

    /// Returns every strategy, with its defaults.
    #[must_use]
    pub fn all() -> [Self; 4] {
        [Kind::Fixed, Kind::Recursive, Kind::Sentence, Kind::Markdown].map(Self::of)
    }

    /// Returns the name by which users choose it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// Returns its separators, if it has any.
    #[must_use]
    pub fn separators(&self) -> Option<&SeparatorLevels> {
        match self {
            Self::Recursive(ladder) => Some(ladder),
            Self::Fixed | Self::Sentence | Self::Markdown => None,
        }
    }

    /// Returns the format whose blocks it keeps whole, if it has any.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        match self {
            Self::Markdown => Some(Format::Markdown),
            Self::Fixed | Self::Recursive(_) | Self::Sentence => None,
        }
    }

    /// Returns the boundaries that it cuts at, best first.
    #[must_use]
    pub fn ladder(&self) -> Arc<[Boundary]> {
        match self {
            Self::Fixed => fixed::ladder(),
            Self::Recursive(ladder) => recursive::ladder(ladder),
            Self::Sentence => sentence::ladder(),
            Self::Markdown => markdown::ladder(),
        }
    }

    /// Returns the default `min_size` for a `max_size`.
    #[must_use]
    pub fn min_size_default(&self, max_size: usize) -> usize {
        match self {
            Self::Fixed => fixed::min_size_default(max_size),
            Self::Recursive(_) => recursive::min_size_default(max_size),
            Self::Sentence => sentence::min_size_default(max_size),
            Self::Markdown => markdown::min_size_default(max_size),
        }
    }
}
