//! Text that is safe to print on a terminal.
//!
//! Text of every script is printed unchanged. Only characters that a terminal interprets are escaped: control
//! characters, and bidirectional controls, which show text in another order.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::domain::text::segmentation::grapheme::Clusters;

/// Marks a text of which only the start is shown.
const CUT: &str = "\u{2026}";
/// Replaces every kind of line break.
const LINE_BREAK: char = '\u{23CE}';

/// Whether a terminal interprets a character instead of showing it.
fn is_obeyed(character: char) -> bool {
    let is_direction = matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    // Terminals that treat U+2028 and U+2029 as line breaks would show one line as two.
    let is_separator = matches!(character, '\u{2028}' | '\u{2029}');
    character.is_control() || is_direction || is_separator
}

/// Returns the text, with every character escaped that a terminal would interpret.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Returns the text like [`printable`], with every line break replaced by the same visible character.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut characters = text.chars().peekable();
    let mut line = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                line.push(LINE_BREAK);
            }
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => line.push(LINE_BREAK),
            obeyed if is_obeyed(obeyed) => line.extend(obeyed.escape_default()),
            shown => line.push(shown),
        }
    }
    line
}

/// Returns JSON, with every character escaped that a terminal would interpret. They occur only in strings.
pub(crate) fn printable_json(json: &str) -> String {
    let mut printable = String::with_capacity(json.len());
    for character in json.chars() {
        if is_obeyed(character) && character != '\n' {
            // Writing to a `String` cannot fail, and all of these characters are below U+10000.
            let _infallible = write!(printable, "\\u{:04x}", u32::from(character));
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Returns the columns that a printable text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Returns the start of a printable text that fits into `columns`, with a mark if the text is longer. Grapheme
/// clusters are not split.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(CUT));
    let mut clusters = Clusters::new(text);
    let places = text.char_indices().skip(1).map(|(place, _)| place);
    let mut end = 0;
    let mut taken = 0;
    for next in places.filter(|place| clusters.begin_at(*place)) {
        taken += width(&text[end..next]);
        if taken > room {
            break;
        }
        end = next;
    }
    format!("{}{CUT}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{on_one_line, printable, printable_json, shortened, width};

    #[test]
    fn text_is_printed_unchanged() {
        for text in [
            "Don't \"quote\" C:\\new",
            "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F466}",
            "\u{645}\u{6CC}\u{200C}\u{62E}\u{648}\u{627}\u{647}\u{645}",
            "e\u{301} a\u{308}",
            "\u{5D0}\u{200F}\u{200E}",
        ] {
            assert_eq!(printable(text), text);
            assert_eq!(on_one_line(text), text);
        }
    }

    #[test]
    fn terminal_controls_are_escaped() {
        let obeyed = "\u{1b}[31m\u{9b}x\u{202E}y\u{2066}z\t\u{7f}\0";
        let shown = r"\u{1b}[31m\u{9b}x\u{202e}y\u{2066}z\t\u{7f}\u{0}";
        assert_eq!(printable(obeyed), shown);
        assert_eq!(on_one_line(obeyed), shown);
        let json = serde_json::to_string(obeyed).unwrap();
        let shown = printable_json(&json);
        assert!(!shown.chars().any(super::is_obeyed), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), obeyed);
    }

    #[test]
    fn every_line_break_is_shown_alike() {
        let text = "a\nb\r\nc\rd\u{85}e\u{2028}f\u{2029}";
        assert_eq!(
            on_one_line(text),
            "a\u{23CE}b\u{23CE}c\u{23CE}d\u{23CE}e\u{23CE}f\u{23CE}"
        );
    }

    #[test]
    fn a_text_is_shortened_by_its_width_on_the_screen() {
        assert_eq!(shortened("12345", 5), "12345");
        assert_eq!(shortened("123456", 5), "1234\u{2026}");
        let wide = "\u{6C34}\u{6C34}\u{6C34}";
        assert_eq!(shortened(wide, 6), wide);
        assert_eq!(shortened(wide, 5), "\u{6C34}\u{6C34}\u{2026}");
        assert_eq!(shortened(wide, 4), "\u{6C34}\u{2026}");
        let family = "\u{1F469}\u{200D}\u{1F466}ab";
        assert_eq!(shortened(family, 3), "\u{1F469}\u{200D}\u{1F466}\u{2026}");
        assert_eq!(shortened(family, 2), "\u{2026}");
        let marks = "e\u{301}e\u{301}e\u{301}";
        assert_eq!(
            (width(marks), shortened(marks, 2)),
            (3, "e\u{301}\u{2026}".into())
        );
    }
}
