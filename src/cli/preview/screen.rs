//! Chunks on a terminal: sizes in the margin, text beside it, overlaps shaded, headings above.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::preview::cut::{Document, Preview, PreviewChunk};
use crate::cli::preview::sizes;
use crate::cli::terminal::chunk_rows;
use crate::cli::terminal::printable::printable;
use crate::domain::chunking::comparison::Statistics;

/// The columns of the margin.
const MARGIN: usize = 22;
/// The least columns of text beside the margin.
const TEXT_COLUMNS_MIN: usize = 20;

/// The longest word that is moved to the next line, in bytes.
const WORD_BYTES_MAX: usize = 24;

/// How text is marked. Without colours overlaps are in brackets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// The columns of the terminal. `None` means that lines are not wrapped.
    pub(crate) columns: Option<usize>,
    pub(crate) has_colours: bool,
}

/// A way to show text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Paint {
    Plain,
    Title,
    Margin,
    Context,
    Overlap,
    BadEnd,
    /// The bar of chunks with even and odd ordinals.
    Bars([&'static str; 2]),
}

/// The colours of the bars: cyan and yellow.
const BARS: Paint = Paint::Bars(["\x1B[36m", "\x1B[33m"]);

impl Paint {
    /// Returns the control sequence that begins it (ECMA-48, SGR).
    fn sequence(self, ordinal: usize) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Title => "\x1B[1m",
            Self::Margin => "\x1B[2m",
            Self::Context => "\x1B[34m",
            Self::Overlap => "\x1B[30;47m",
            Self::BadEnd => "\x1B[31;1m",
            Self::Bars(colours) => colours[ordinal % 2],
        }
    }
}

/// Returns the chunks of each spec.
pub(crate) fn rendered(document: &Document, style: Style) -> String {
    let mut out = String::new();
    for preview in &document.previews {
        let mut screen = Screen {
            style,
            out: &mut out,
        };
        screen.title(preview);
        for (ordinal, chunk) in preview.chunks.iter().enumerate() {
            screen.chunk(&document.text, ordinal, chunk);
        }
        out.push('\n');
    }
    out
}

/// Returns the numbers of a preview in a line.
pub(super) fn numbers(preview: &Preview) -> String {
    let Statistics {
        count,
        characters_min,
        characters,
        characters_max,
        clean_ends,
    } = preview.comparison.chunks;
    let mean = characters / count.max(1);
    format!(
        "{count} chunks of {characters_min} to {characters_max} characters, {mean} on average; {clean_ends} end with a \
         sentence or a line; {} bytes are repeated",
        preview.comparison.repeated_bytes
    )
}

struct Screen<'a> {
    style: Style,
    out: &'a mut String,
}

impl Screen<'_> {
    fn title(&mut self, preview: &Preview) {
        self.painted(Paint::Title, 0, preview.comparison.spec.strategy().name());
        let sizes = sizes::of(&preview.comparison.spec);
        self.painted(Paint::Margin, 0, &format!("  {sizes}"));
        self.out.push('\n');
        self.out.push_str(&numbers(preview));
        self.out.push('\n');
    }

    fn chunk(&mut self, text: &str, ordinal: usize, chunk: &PreviewChunk) {
        let mut margin = format!("{ordinal:>6} {:>6} c", chunk.characters);
        if let Some(tokens) = chunk.tokens {
            let _written = write!(margin, " {tokens:>4} t");
        }
        let mut lines = Vec::new();
        if !chunk.context.is_empty() {
            let path = chunk_rows::path(chunk.context.iter().map(String::as_str));
            lines.extend(self.wrapped(&[(Paint::Context, printable(&path))]));
        }
        let (repeated, new) = chunk.parts(text);
        let mut parts = Vec::new();
        if !repeated.is_empty() {
            let shown = lines_of(repeated);
            let shown = if self.style.has_colours {
                shown
            } else {
                format!("[{shown}]")
            };
            parts.push((Paint::Overlap, shown));
        }
        let shown = lines_of(new);
        parts.push((Paint::Plain, shown.trim_end_matches('\n').to_owned()));
        if !chunk.is_clean {
            parts.push((Paint::BadEnd, " \u{2702}".to_owned()));
        }
        lines.extend(self.wrapped(&parts));
        for (at, line) in lines.iter().enumerate() {
            let shown = if at == 0 { margin.as_str() } else { "" };
            self.painted(Paint::Margin, 0, &format!("{shown:<MARGIN$}"));
            self.painted(BARS, ordinal, "\u{2502} ");
            for (paint, part) in line {
                self.painted(*paint, ordinal, part);
            }
            self.out.push('\n');
        }
    }

    /// Divides parts into the lines of the terminal.
    fn wrapped(&self, parts: &[(Paint, String)]) -> Vec<Vec<(Paint, String)>> {
        let most = self.style.columns.map_or(usize::MAX, |columns| {
            columns.saturating_sub(MARGIN + 2).max(TEXT_COLUMNS_MIN)
        });
        let mut lines = vec![Vec::new()];
        let mut columns = 0;
        for (paint, text) in parts {
            let mut part = String::new();
            for character in text.chars() {
                let width = character.width().unwrap_or(0);
                if character == '\n' || columns + width > most {
                    let rest = match character {
                        '\n' => String::new(),
                        _ => unfinished_word(&mut part),
                    };
                    if let Some(line) = lines.last_mut() {
                        line.push((*paint, part));
                    }
                    lines.push(Vec::new());
                    columns = rest.width();
                    part = rest;
                }
                if character != '\n' {
                    part.push(character);
                    columns += width;
                }
            }
            if let Some(line) = lines.last_mut() {
                line.push((*paint, part));
            }
        }
        lines
    }

    fn painted(&mut self, paint: Paint, ordinal: usize, text: &str) {
        let sequence = paint.sequence(ordinal);
        if text.is_empty() || sequence.is_empty() || !self.style.has_colours {
            self.out.push_str(text);
            return;
        }
        for part in [sequence, text, "\x1B[0m"] {
            self.out.push_str(part);
        }
    }
}

/// Takes the word off that a line ends with, unless it is long.
fn unfinished_word(line: &mut String) -> String {
    match line.rfind(' ') {
        Some(space) if line.len() - space <= WORD_BYTES_MAX => line.split_off(space + 1),
        _ => String::new(),
    }
}

/// Escapes the controls of each line of a text. Tabs become four spaces.
fn lines_of(text: &str) -> String {
    let shown = |line: &str| printable(&line.trim_end_matches('\r').replace('\t', "    "));
    let lines = text.split('\n').map(shown);
    lines.collect::<Vec<_>>().join("\n")
}
