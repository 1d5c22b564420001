//! The text that decides where a chunk ends.

use crate::domain::chunking::tokens::counter::Counter;
use crate::domain::structure::blocks::BlocksView;
use crate::domain::text::features::Features;

/// The text and state that decide the end of a chunk.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The text from the chunk's start to the horizon or the text's end.
    pub text: &'a str,
    /// The features of the text. They speed the search up and decide nothing.
    pub features: Features,
    /// Whether the text ends at the end of `text`.
    pub is_end: bool,
    /// The number of its bytes that the chunk before covers.
    pub covered: usize,
    /// The blocks of the text, if the strategy has any.
    pub blocks: Option<BlocksView<'a>>,
    /// The counter of its tokens, if anything is measured in them.
    pub counter: Option<Counter<'a>>,
}
