//! The arguments that say how to chunk and how to decode.

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::domain::chunking::ladder::Ladder;
use crate::domain::chunking::packing;
use crate::domain::chunking::spec::{Request, Spec};
use crate::domain::chunking::strategy;
use crate::domain::text::charset::Charset;
use crate::domain::text::{decoding, measure};

/// How to chunk.
#[derive(Debug, Args)]
#[command(next_help_heading = "Chunks")]
pub(super) struct Chunking {
    /// Where to cut: at the best separator, between whole sentences, or anywhere.
    #[arg(long, value_enum, default_value_t = Strategy::Recursive)]
    strategy: Strategy,
    /// The unit of the sizes.
    #[arg(long, value_enum, default_value_t = Measure::Characters)]
    measure: Measure,
    /// The largest size of a chunk [default: 1000; 200 words].
    #[arg(long, value_name = "N")]
    max_size: Option<usize>,
    /// The smallest size of a chunk but the last [default: half of the largest; for fixed, all].
    #[arg(long, value_name = "N")]
    min_size: Option<usize>,
    /// How much of a chunk the next one repeats, at most.
    #[arg(long, value_name = "N", default_value_t = 0)]
    overlap: usize,
    /// The most bytes of a chunk, whatever its size [default: 65536].
    #[arg(long, value_name = "N")]
    max_bytes: Option<usize>,
    /// Which of equal boundaries to take: one that an edit elsewhere does not move, or the last.
    #[arg(long, value_enum, default_value_t = Packing::Stable)]
    packing: Packing,
    /// The separators of recursive.
    #[arg(long, value_enum, default_value_t = Separators::Universal)]
    separators: Separators,
    /// A level of separators of your own, best level first: `--level '\n\n' --level '. |! '`.
    /// `|` stands between separators; `\n`, `\r`, `\t`, `\|` and `\\` are understood.
    #[arg(
        long = "level",
        value_name = "SEPARATORS",
        conflicts_with = "separators"
    )]
    levels: Vec<String>,
}

/// How to decode.
#[derive(Debug, Args)]
#[command(next_help_heading = "Decoding")]
pub(super) struct Decoding {
    /// The charset, by a label of the WHATWG Encoding Standard or utf-32, utf-32le, utf-32be; `auto`
    /// detects it. A byte order mark wins over a label of UTF-16 or UTF-32.
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    charset: String,
    /// What becomes of invalid bytes.
    #[arg(long, value_enum, default_value_t = Policy::Reject)]
    invalid: Policy,
    /// What becomes of NUL characters.
    #[arg(long, value_enum, default_value_t = Policy::Reject)]
    nul: Policy,
    /// What becomes of a byte order mark.
    #[arg(long, value_enum, default_value_t = ByteOrderMark::Drop)]
    byte_order_mark: ByteOrderMark,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Strategy {
    Fixed,
    Recursive,
    Sentence,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Measure {
    Characters,
    Bytes,
    Words,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Packing {
    Stable,
    Full,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Separators {
    Universal,
    Latin,
    Cjk,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policy {
    Reject,
    Replace,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ByteOrderMark {
    Drop,
    Keep,
}

impl Chunking {
    /// The spec that was asked for, checked.
    pub(super) fn spec(&self) -> anyhow::Result<Spec> {
        let Self {
            strategy,
            measure,
            max_size,
            min_size,
            overlap,
            max_bytes,
            packing,
            ..
        } = self;
        let strategy = match strategy {
            Strategy::Fixed => strategy::Strategy::Fixed,
            Strategy::Recursive => strategy::Strategy::Recursive(self.ladder()?),
            Strategy::Sentence => strategy::Strategy::Sentence,
        };
        let measure = match measure {
            Measure::Characters => measure::Measure::Characters,
            Measure::Bytes => measure::Measure::Bytes,
            Measure::Words => measure::Measure::Words,
        };
        let packing = match packing {
            Packing::Stable => packing::Packing::Stable,
            Packing::Full => packing::Packing::Full,
        };
        Ok(Spec::new(Request {
            strategy: Some(strategy),
            measure,
            min_size: *min_size,
            max_size: *max_size,
            overlap: *overlap,
            max_bytes: *max_bytes,
            packing,
        })?)
    }

    fn ladder(&self) -> anyhow::Result<Ladder> {
        if self.levels.is_empty() {
            return Ok(match self.separators {
                Separators::Universal => Ladder::universal(),
                Separators::Latin => Ladder::latin(),
                Separators::Cjk => Ladder::cjk(),
            });
        }
        let levels = self.levels.iter().map(|level| separators(level));
        Ok(Ladder::new(levels.collect::<anyhow::Result<_>>()?)?)
    }
}

impl Decoding {
    /// The decoding that was asked for, checked.
    pub(super) fn decoding(&self) -> anyhow::Result<decoding::Decoding> {
        let policy = |policy| match policy {
            Policy::Reject => decoding::Policy::Reject,
            Policy::Replace => decoding::Policy::Replace,
        };
        let charset = match self.charset.as_str() {
            "auto" => None,
            label => Some(Charset::from_label(label).context("--charset")?),
        };
        Ok(decoding::Decoding {
            charset,
            invalid: policy(self.invalid),
            nul: policy(self.nul),
            byte_order_mark: match self.byte_order_mark {
                ByteOrderMark::Drop => decoding::ByteOrderMark::Drop,
                ByteOrderMark::Keep => decoding::ByteOrderMark::Keep,
            },
        })
    }
}

/// Reads a level: separators with `|` between them, and escapes.
fn separators(level: &str) -> anyhow::Result<Vec<String>> {
    let mut separators = vec![String::new()];
    let mut characters = level.chars();
    while let Some(character) = characters.next() {
        let read = match character {
            '|' => {
                separators.push(String::new());
                continue;
            }
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(itself @ ('|' | '\\')) => itself,
                other => bail!(
                    "--level {level:?}: `\\{}` is not an escape; write \\n, \\r, \\t, \\| or \\\\",
                    other.map_or(String::new(), String::from)
                ),
            },
            itself => itself,
        };
        if let Some(separator) = separators.last_mut() {
            separator.push(read);
        }
    }
    Ok(separators)
}

#[cfg(test)]
mod tests {
    use super::separators;

    #[test]
    fn a_level_is_read_with_its_escapes() {
        assert_eq!(separators(r"\n\n|\r\n").unwrap(), ["\n\n", "\r\n"]);
        assert_eq!(separators(r". |\||\\").unwrap(), [". ", "|", "\\"]);
        assert!(
            separators(r"\x")
                .unwrap_err()
                .to_string()
                .contains("not an escape")
        );
        assert!(separators("\\").is_err());
    }
}
