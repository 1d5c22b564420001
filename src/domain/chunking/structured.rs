//! Cuts between blocks, and within those that do not fit.

use crate::domain::chunking::sizing::Sizing;
use crate::domain::chunking::view::View;
use crate::domain::structure::blocks::{BlocksView, Form, Mark, Rank, Unit};

/// The places of a text that a chunk may end at, as far as blocks allow.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    blocks: BlocksView<'a>,
    /// The last place.
    limit: usize,
    /// Whether the last place cuts a block that stays whole where it fits, and not only the white space after it.
    is_last_cut: bool,
}

/// The last place that a chunk may end at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Last {
    /// The limit stays.
    Limit,
    /// The chunk ends before the unit that begins there.
    Unit(usize),
    /// The unit begins where the overlap ends, and does not fit after it.
    WithoutOverlap,
}

impl<'a> Places<'a> {
    /// Returns the places of `text` up to `limit`. The text continues after the limit.
    #[must_use]
    pub fn new(blocks: BlocksView<'a>, text: &str, limit: usize) -> Self {
        Self {
            blocks,
            limit,
            is_last_cut: blocks.cut_at(text, limit).is_some(),
        }
    }

    /// Whether the last place is in the white space after a block that stays whole, whose text ends at `floor` or
    /// after.
    #[must_use]
    pub fn ends_with_block(self, text: &str, floor: usize) -> bool {
        let unit = self.blocks.unit_around(self.limit);
        unit.is_some_and(|unit| unit.form.is_whole())
            && !self.is_last_cut
            && text[..self.limit].trim_end().len() >= floor
    }

    /// Decides how a unit around the limit moves it.
    #[must_use]
    pub fn last(self, view: View<'_>, sizing: &Sizing) -> Last {
        let unit = self.blocks.unit_around(self.limit);
        let Some((unit, start)) = unit.and_then(|unit| Some((unit, unit.start?))) else {
            return Last::Limit;
        };
        if !stays_whole(unit, start, self.limit, view, sizing) {
            return Last::Limit;
        }
        if start > view.covered {
            Last::Unit(start)
        } else if view.covered > 0 {
            Last::WithoutOverlap
        } else {
            Last::Limit
        }
    }

    /// Returns the lowest rank of the boundaries between blocks from `floor` on, or `None` without any.
    #[must_use]
    pub fn best_rank(self, floor: usize) -> Option<Rank> {
        self.boundaries(floor).map(|(_, mark)| mark.rank).min()
    }

    /// Returns the boundaries between blocks from `floor` on, with their places.
    pub fn boundaries(self, floor: usize) -> impl Iterator<Item = (usize, &'a Mark)> {
        let marks = self.blocks.marks(floor.saturating_sub(1), self.limit);
        marks.filter(|(_, mark)| !mark.is_glued)
    }

    /// Returns the last boundary between blocks before `floor` and after the overlap.
    #[must_use]
    pub fn last_before(self, floor: usize, covered: usize) -> Option<usize> {
        let limit = floor.min(self.limit);
        let before = Self { limit, ..self };
        let last = before.boundaries(covered + 1).last();
        last.map(|(place, _)| place)
    }

    /// Returns the first of the best boundaries between blocks from `floor` to `through`.
    #[must_use]
    pub fn first_block(self, floor: usize, through: usize) -> Option<usize> {
        let near = Self {
            limit: through,
            ..self
        };
        let rank = near.best_rank(floor)?;
        let mut best = near.boundaries(floor).filter(|(_, mark)| mark.rank == rank);
        best.next().map(|(place, _)| place)
    }

    /// Returns how the block at `place` may be cut there, or `None` if it may not be cut.
    #[must_use]
    pub fn form_at(self, place: usize) -> Option<Form> {
        let Some(unit) = self.blocks.unit_around(place) else {
            return Some(Form::Text);
        };
        let is_cut = match unit.form {
            Form::Text => true,
            Form::Heading => false,
            // A block that ends before the limit fits.
            Form::Fence | Form::Table | Form::Whole => {
                let is_last = unit.end.is_none_or(|end| end > self.limit);
                unit.start.is_none() || (is_last && self.is_last_cut)
            }
        };
        is_cut.then_some(unit.form)
    }
}

/// Whether a cut at `place` would tear a unit that stays whole: a heading and the beginning of its text, or a block
/// that fits into a chunk with the headings that introduce it.
fn stays_whole(unit: Unit, start: usize, place: usize, view: View<'_>, sizing: &Sizing) -> bool {
    match unit.form {
        Form::Text => return false,
        Form::Heading => return true,
        Form::Fence | Form::Table | Form::Whole => {}
    }
    let end = match unit.end {
        Some(end) => end,
        None if view.is_end => view.text.len(),
        // The horizon has twice the largest chunk, so the rest alone does not fit.
        None => return false,
    };
    let shown = view.text[start..end].trim_end().len();
    if place >= start + shown {
        return false;
    }
    let counter = view.counter.map(|counter| counter.after(start));
    *sizing.prefixes(&view.text[start..], counter).end() >= shown
}
