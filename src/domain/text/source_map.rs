//! From places in the text to bytes of the source.
//!
//! Decoding changes lengths: an invalid byte becomes a U+FFFD of three, two bytes of UTF-16 become
//! one. The map keeps runs of equal units, so a UTF-8 document without faults is one run however
//! long it is.

use std::collections::VecDeque;

/// How the text in a window came out of the source.
#[derive(Debug, Default)]
pub struct SourceMap {
    /// Invariant: neighbours differ in their units, and no run is empty.
    runs: VecDeque<Run>,
}

/// `count` units, each of `text_bytes` bytes of text from `source_bytes` bytes of the source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Run {
    count: usize,
    text_bytes: usize,
    source_bytes: usize,
    is_fault: bool,
}

impl SourceMap {
    /// Appends `bytes` bytes of text that are the source's own.
    pub fn push_verbatim(&mut self, bytes: usize) {
        self.push(Run { count: bytes, text_bytes: 1, source_bytes: 1, is_fault: false });
    }

    /// Appends one character that was decoded from `source_bytes` bytes.
    pub fn push_decoded(&mut self, text_bytes: usize, source_bytes: usize) {
        self.push(Run { count: 1, text_bytes, source_bytes, is_fault: false });
    }

    /// Appends one U+FFFD that stands for `source_bytes` bytes.
    pub fn push_fault(&mut self, source_bytes: usize) {
        let text_bytes = char::REPLACEMENT_CHARACTER.len_utf8();
        self.push(Run { count: 1, text_bytes, source_bytes, is_fault: true });
    }

    /// How many bytes of the source the first `text_bytes` bytes of text came from.
    #[must_use]
    pub fn source_bytes(&self, text_bytes: usize) -> u64 {
        let (mut text, mut source) = (text_bytes, 0);
        for run in &self.runs {
            let units = run.units_within(text);
            source += units * run.source_bytes;
            text -= units * run.text_bytes;
            if text == 0 {
                break;
            }
        }
        debug_assert_eq!(text, 0, "a place within a character or past the window's end");
        source as u64
    }

    /// Forgets the first `text_bytes` bytes of text, and returns how many faults were in them.
    pub fn advance(&mut self, text_bytes: usize) -> u64 {
        let (mut text, mut faults) = (text_bytes, 0);
        while text > 0 {
            let Some(run) = self.runs.front_mut() else { break };
            let units = run.units_within(text);
            text -= units * run.text_bytes;
            run.count -= units;
            faults += if run.is_fault { units as u64 } else { 0 };
            if run.count > 0 {
                break;
            }
            self.runs.pop_front();
        }
        debug_assert_eq!(text, 0, "a place within a character or past the window's end");
        faults
    }

    fn push(&mut self, run: Run) {
        if run.count == 0 {
            return;
        }
        match self.runs.back_mut() {
            Some(last) if last.units_equal(run) => last.count += run.count,
            _ => self.runs.push_back(run),
        }
    }
}

impl Run {
    fn units_equal(self, other: Self) -> bool {
        Self { count: 0, ..self } == Self { count: 0, ..other }
    }

    fn units_within(self, text_bytes: usize) -> usize {
        self.count.min(text_bytes / self.text_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::SourceMap;

    #[test]
    fn every_place_maps_to_its_source_byte_also_after_advancing() {
        let mut map = SourceMap::default();
        map.push_verbatim(2);
        map.push_decoded(3, 1);
        map.push_fault(1);
        map.push_fault(2);
        map.push_verbatim(4);
        let places = [(0, 0), (1, 1), (2, 2), (5, 3), (8, 4), (11, 6), (13, 8), (15, 10)];
        for (text, source) in places {
            assert_eq!(map.source_bytes(text), source);
        }
        assert_eq!(map.advance(5), 0);
        for (text, source) in places.iter().filter(|(text, _)| *text >= 5) {
            assert_eq!(map.source_bytes(text - 5), source - 3);
        }
        assert_eq!(map.advance(6), 2);
    }

    #[test]
    fn runs_of_equal_units_are_one() {
        let mut map = SourceMap::default();
        for _ in 0..1000 {
            map.push_verbatim(10);
        }
        assert_eq!(map.runs.len(), 1);
    }
}
