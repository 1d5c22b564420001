//! Counts tokens in parts of a view.

use std::ops::{Range, RangeInclusive};

use crate::domain::chunking::tokens::blocks::{self, BlockEnd};
use crate::domain::chunking::tokens::cache::CountCache;
use crate::domain::chunking::tokens::split_rule::SplitRule;
use crate::domain::chunking::tokens::tokenizer::Tokenizer;

/// Counts tokens in parts of a view's text. [`Counter::count`] is exact. [`Counter::prefixes`] and [`Counter::suffix`]
/// add up the counts of parts, so their results are proposals, which a caller checks.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    tokenizer: &'a dyn Tokenizer,
    cache: &'a CountCache,
    text: &'a str,
    /// The byte of the document that the text begins at.
    start: u64,
}

impl<'a> Counter<'a> {
    /// Counts in `text`, which begins at the byte `start` of the document.
    #[must_use]
    pub fn new(
        tokenizer: &'a dyn Tokenizer,
        cache: &'a CountCache,
        text: &'a str,
        start: u64,
    ) -> Self {
        Self {
            tokenizer,
            cache,
            text,
            start,
        }
    }

    /// Returns the number of tokens of a part of the text alone.
    #[must_use]
    pub fn count(self, from: usize, to: usize) -> usize {
        if self.tokenizer.split_rule() == SplitRule::Nowhere {
            return self.kept(from, to);
        }
        let mut sum = 0;
        // The last place that no token crosses.
        let mut sure = from;
        let mut place = from;
        while place < to {
            let end = self.block(place);
            if end.at > to {
                break;
            }
            if self.is_sure(end) {
                sum += self.kept(sure, end.at);
                sure = end.at;
            }
            place = end.at;
        }
        if sure < to {
            sum += self.kept(sure, to);
        }
        sum
    }

    /// Returns a counter of the text from `at` on.
    #[must_use]
    pub fn after(self, at: usize) -> Self {
        Self {
            text: &self.text[at..],
            start: self.start + at as u64,
            ..self
        }
    }

    /// Returns a counter of the text before `at`.
    #[must_use]
    pub fn before(self, at: usize) -> Self {
        Self {
            text: &self.text[..at],
            ..self
        }
    }

    /// Returns the ends of the shortest prefix of the text that has about `least` tokens, and of the longest one that has
    /// about `most`.
    #[must_use]
    pub fn prefixes(self, least: usize, most: usize) -> RangeInclusive<usize> {
        let mut sum = 0;
        let mut place = 0;
        let mut reach = None;
        while place < self.text.len() {
            let end = self.block(place).at;
            let count = self.kept(place, end);
            if reach.is_none() && sum + count >= least {
                reach = Some(self.reach(place, end, least - sum));
            }
            if sum + count > most {
                let end = self.prefix(place, end, most - sum);
                return reach.unwrap_or(end).min(end)..=end;
            }
            sum += count;
            place = end;
        }
        reach.unwrap_or(place)..=place
    }

    /// Returns the start of the longest suffix of the text before `end` that has about `most` tokens.
    #[must_use]
    pub fn suffix(self, end: usize, most: usize) -> usize {
        let mut ends = vec![0];
        let mut place = 0;
        while place < end {
            place = self.block(place).at.min(end);
            ends.push(place);
        }
        let mut left = most;
        for pair in ends.windows(2).rev() {
            let &[from, to] = pair else { break };
            let count = self.kept(from, to);
            if count > left {
                return self.suffix_within(from, to, left);
            }
            left -= count;
        }
        0
    }

    /// Returns the first place of a block before which there are `least` tokens of it.
    fn reach(self, from: usize, to: usize, least: usize) -> usize {
        let mut sum = 0;
        let mut word = from;
        for (place, _) in blocks::places(self.text, from, to) {
            sum += self.tokenizer.count(&self.text[word..place]);
            if sum >= least {
                return place;
            }
            word = place;
        }
        to
    }

    /// Returns the last place of a block before which there are at most `most` tokens of it.
    fn prefix(self, from: usize, to: usize, most: usize) -> usize {
        let mut left = most;
        let mut word = from;
        let ends = blocks::places(self.text, from, to).map(|(place, _)| place);
        for place in ends.chain([to]) {
            let count = self.tokenizer.count(&self.text[word..place]);
            if count > left {
                return self.within_word(word..place, left, count);
            }
            left -= count;
            word = place;
        }
        to
    }

    /// Returns the place in a word before which it has about `most` of its `count` tokens.
    fn within_word(self, word: Range<usize>, most: usize, count: usize) -> usize {
        let part = word.len() * most / count;
        self.text.floor_char_boundary(word.start + part)
    }

    fn suffix_within(self, from: usize, to: usize, most: usize) -> usize {
        let places = blocks::places(self.text, from, to).map(|(place, _)| place);
        let places = places.collect::<Vec<_>>();
        let mut left = most;
        let mut start = to;
        for place in places.into_iter().rev() {
            let count = self.tokenizer.count(&self.text[place..start]);
            if count > left {
                break;
            }
            left -= count;
            start = place;
        }
        start
    }

    fn block(self, start: usize) -> BlockEnd {
        blocks::end_of_block(self.text, start)
    }

    fn is_sure(self, end: BlockEnd) -> bool {
        let rule = self.tokenizer.split_rule();
        end.kind.is_some_and(|kind| rule.holds_at(kind))
    }

    /// Counts a part, unless its count is known.
    fn kept(self, from: usize, to: usize) -> usize {
        let part = (self.start + from as u64, self.start + to as u64);
        let count = || self.tokenizer.count(&self.text[from..to]);
        self.cache.get_or_count(part, count)
    }
}
