//! Maps places in the text to offsets in the source.
//!
//! Decoding changes lengths: an invalid byte becomes a U+FFFD of three bytes, and two bytes of UTF-16 become one.
//! The map stores runs of equal units, so a UTF-8 document of any length without faults is one run.

use std::collections::VecDeque;

/// The map from a window's text to the source.
#[derive(Debug, Default)]
pub struct SourceMap {
    /// Invariant: neighbours differ in their units, and no run is empty.
    runs: VecDeque<Run>,
}

/// The size of one run in memory, in bytes. A window has fewer runs than bytes of text.
pub const RUN_BYTES: usize = size_of::<Run>();

/// A number of equal consecutive units.
#[derive(Clone, Copy, Debug)]
struct Run {
    count: u32,
    unit: Unit,
}

/// A few bytes of text from a few bytes of the source, which cannot be mapped in smaller parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Unit {
    text_bytes: u8,
    source_bytes: u8,
    is_fault: bool,
}

/// A byte of text that is one byte of the source.
const VERBATIM: Unit = Unit {
    text_bytes: 1,
    source_bytes: 1,
    is_fault: false,
};

impl SourceMap {
    /// Appends `bytes` bytes of text that are the source's own.
    pub fn push_verbatim(&mut self, bytes: usize) {
        self.push(bytes, VERBATIM);
    }

    /// Appends one character that was decoded from `source_bytes` bytes.
    pub fn push_decoded(&mut self, character: char, source_bytes: usize) {
        self.push(1, Unit::of(character, source_bytes, false));
    }

    /// Appends one U+FFFD that stands for `source_bytes` bytes.
    pub fn push_fault(&mut self, source_bytes: usize) {
        self.push(1, Unit::of(char::REPLACEMENT_CHARACTER, source_bytes, true));
    }

    /// Frees the memory of removed runs.
    pub fn rest(&mut self) {
        self.runs.shrink_to_fit();
    }

    /// Returns the number of source bytes of the first `text_bytes` bytes of text.
    #[must_use]
    pub fn source_bytes(&self, text_bytes: usize) -> u64 {
        let mut text = text_bytes;
        let mut source = 0;
        for run in &self.runs {
            let units = run.units_within(text);
            source += units * usize::from(run.unit.source_bytes);
            text -= units * usize::from(run.unit.text_bytes);
            if text == 0 {
                break;
            }
        }
        debug_assert_eq!(
            text, 0,
            "a place within a character or past the window's end"
        );
        source as u64
    }

    /// Removes the first `text_bytes` bytes of text, and returns the number of faults in them.
    pub fn advance(&mut self, text_bytes: usize) -> u64 {
        let mut text = text_bytes;
        let mut faults = 0;
        while text > 0 {
            let Some(run) = self.runs.front_mut() else {
                break;
            };
            let units = run.units_within(text);
            text -= units * usize::from(run.unit.text_bytes);
            faults += if run.unit.is_fault { units as u64 } else { 0 };
            run.count -= u32::try_from(units).unwrap_or(run.count);
            if run.count > 0 {
                break;
            }
            self.runs.pop_front();
        }
        debug_assert_eq!(
            text, 0,
            "a place within a character or past the window's end"
        );
        faults
    }

    fn push(&mut self, count: usize, unit: Unit) {
        // A window is far smaller than 4 GiB.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match self.runs.back_mut() {
            _ if count == 0 => {}
            Some(last) if last.unit == unit => last.count += count,
            _ => self.runs.push_back(Run { count, unit }),
        }
    }
}

impl Run {
    fn units_within(self, text_bytes: usize) -> usize {
        let units = match self.unit.text_bytes {
            // Most runs are verbatim, and a division takes longer than all else.
            1 => text_bytes,
            unit_bytes => text_bytes / usize::from(unit_bytes),
        };
        units.min(self.count as usize)
    }
}

impl Unit {
    /// No character has more than four bytes in any charset.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "both lengths are at most 4"
    )]
    fn of(character: char, source_bytes: usize, is_fault: bool) -> Self {
        let text_bytes = character.len_utf8() as u8;
        let source_bytes = source_bytes as u8;
        Self {
            text_bytes,
            source_bytes,
            is_fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SourceMap;

    #[test]
    fn every_place_maps_to_its_source_byte_also_after_advancing() {
        let mut map = SourceMap::default();
        map.push_verbatim(2);
        map.push_decoded('\u{20AC}', 1);
        map.push_fault(1);
        map.push_fault(2);
        map.push_verbatim(4);
        let places = [
            (0, 0),
            (1, 1),
            (2, 2),
            (5, 3),
            (8, 4),
            (11, 6),
            (13, 8),
            (15, 10),
        ];
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
