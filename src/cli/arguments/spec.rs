//! The arguments for chunking and decoding.

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};

use crate::domain::chunking::measure;
use crate::domain::chunking::packing;
use crate::domain::chunking::separator_levels::SeparatorLevels;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::levels::Levels;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::chunking::strategy::Kind;
use crate::domain::chunking::tokens::tokenizer::TokenizerId;
use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding;
use crate::domain::text::encoding::policy::{self, Choice};
use crate::domain::text::segmentation::separators;
use crate::interface::grpc::convert::chunking::{to_partial, to_partial_decoding};
use crate::interface::grpc::pb;

/// The value of --levels for one level.
const NO_LEVELS: &str = "off";

/// Chunking arguments, as typed. The collection, or else the built-in default, decides the other fields.
#[derive(Debug, Args)]
#[command(next_help_heading = "Chunks")]
pub(crate) struct Chunking {
    /// Cut at the best separator (recursive), between sentences (sentence), between the blocks of Markdown (markdown) or
    /// anywhere (fixed), as recursive in three levels (hierarchical), or anywhere and measured in tokens (token) [default: recursive].
    #[arg(long, value_enum)]
    strategy: Option<Strategy>,
    /// Unit of the sizes [default: characters].
    #[arg(long, value_enum)]
    measure: Option<Measure>,
    /// Largest size of a chunk [default: 1000; 200 words; 512 tokens].
    #[arg(long, value_name = "N")]
    max_size: Option<usize>,
    /// Sizes of several levels, coarse to fine, each at least twice the next: chunks of --max-size lie in larger ones.
    /// `off` means one level [default: off; for hierarchical, 16, 4 and 1 times --max-size].
    #[arg(long = "levels", value_name = "N,N,...")]
    size_levels: Option<String>,
    /// Smallest size of a chunk except the last [default: half of --max-size, more with --overlap; for fixed, --max-size].
    #[arg(long, value_name = "N")]
    min_size: Option<usize>,
    /// Largest part of a chunk that the next one repeats [default: 0].
    #[arg(long, value_name = "N")]
    overlap: Option<usize>,
    /// Largest number of bytes of a chunk, in every unit [default: 65536; in tokens 32 times --max-size, if that is less].
    #[arg(long, value_name = "N")]
    max_bytes: Option<usize>,
    /// Tokenizer that counts tokens: `cl100k_base`, `o200k_base`, or a file of the server's directory of tokenizers [default: `cl100k_base`].
    #[arg(long, value_name = "NAME")]
    tokenizer: Option<String>,
    /// Largest number of tokens of a chunk, beside another unit; 0 means no limit [default: 0].
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Number of tokens that each limit in tokens leaves free, for those that a model adds [default: 0].
    #[arg(long, value_name = "N")]
    reserve_tokens: Option<usize>,
    /// Choose among equal boundaries: one that an edit elsewhere does not move (stable), or the last one (full)
    /// [default: stable].
    #[arg(long, value_enum)]
    packing: Option<Packing>,
    /// Separators for recursive [default: universal].
    #[arg(long, value_enum)]
    separators: Option<Separators>,
    /// Add a level of separators, best level first: `--level '\n\n' --level '. |! '`. `|` divides separators; `\n`,
    /// `\r`, `\t`, `\|` and `\\` are escapes.
    #[arg(
        long = "level",
        value_name = "SEPARATORS",
        conflicts_with = "separators"
    )]
    levels: Vec<String>,
    /// Attach each separator of --level to the chunk before or after it [default: before]. `--level '\n## ' --keep
    /// after` begins chunks with `## `.
    #[arg(long, value_enum, requires = "levels")]
    keep: Option<Keep>,
}

/// Decoding arguments, as typed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Decoding")]
pub(crate) struct Decoding {
    /// Charset: a label of the WHATWG Encoding Standard, or utf-32, utf-32le or utf-32be; `auto` detects it. A byte
    /// order mark overrides a label of UTF-16 or UTF-32 [default: utf-8].
    #[arg(long, value_name = "LABEL")]
    charset: Option<String>,
    /// Policy for invalid bytes [default: reject].
    #[arg(long, value_enum)]
    invalid: Option<Policy>,
    /// Policy for NUL characters [default: reject].
    #[arg(long, value_enum)]
    nul: Option<Policy>,
    /// Policy for a byte order mark [default: drop].
    #[arg(long, value_enum)]
    byte_order_mark: Option<ByteOrderMark>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Strategy {
    Fixed,
    Recursive,
    Sentence,
    Markdown,
    Hierarchical,
    Token,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Measure {
    Characters,
    Bytes,
    Words,
    Tokens,
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
enum Keep {
    Before,
    After,
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
    /// Returns the fields that were typed.
    pub(crate) fn partial(&self) -> anyhow::Result<Partial> {
        self.check_separators()?;
        let strategy = self.strategy.map(|strategy| match strategy {
            Strategy::Fixed => Kind::Fixed,
            Strategy::Recursive => Kind::Recursive,
            Strategy::Sentence => Kind::Sentence,
            Strategy::Markdown => Kind::Markdown,
            Strategy::Hierarchical => Kind::Hierarchical,
            Strategy::Token => Kind::Token,
        });
        let measure = self.measure.map(|measure| match measure {
            Measure::Characters => measure::Measure::Characters,
            Measure::Bytes => measure::Measure::Bytes,
            Measure::Words => measure::Measure::Words,
            Measure::Tokens => measure::Measure::Tokens,
        });
        let packing = self.packing.map(|packing| match packing {
            Packing::Stable => packing::Packing::Stable,
            Packing::Full => packing::Packing::Full,
        });
        Ok(Partial {
            strategy,
            separators: self.ladder()?,
            measure,
            min_size: self.min_size,
            max_size: self.max_size,
            overlap: self.overlap,
            max_bytes: self.max_bytes,
            levels: self.size_levels()?,
            max_tokens: self.max_tokens,
            reserve_tokens: self.reserve_tokens,
            tokenizer: self.tokenizer()?,
            packing,
        })
    }

    fn tokenizer(&self) -> anyhow::Result<Option<TokenizerId>> {
        let id = self.tokenizer.as_deref().map(TokenizerId::new);
        id.transpose().context("--tokenizer")
    }

    fn size_levels(&self) -> anyhow::Result<Option<Levels>> {
        let Some(given) = &self.size_levels else {
            return Ok(None);
        };
        if given == NO_LEVELS {
            return Ok(Some(Levels::default()));
        }
        let sizes = given.split(',').map(|size| size.trim().parse::<usize>());
        let sizes = sizes.collect::<Result<Vec<_>, _>>();
        let sizes = sizes.context("--levels: must be sizes, such as 2048,512,128, or off")?;
        Ok(Some(Levels::new(sizes).context("--levels")?))
    }

    /// Returns the spec without the defaults of a collection.
    pub(crate) fn spec(&self) -> anyhow::Result<Spec> {
        Ok(self.partial()?.over(&Partial::default())?)
    }

    /// Returns the fields that were typed, for a request. `None` means that no field was typed.
    pub(crate) fn request(&self) -> anyhow::Result<Option<pb::ChunkingSpec>> {
        let partial = self.partial()?;
        Ok((partial != Partial::default()).then(|| to_partial(&partial)))
    }

    /// Checks that separators are given for the recursive strategy. The server checks them against a collection's
    /// strategy.
    fn check_separators(&self) -> anyhow::Result<()> {
        let flag = match (self.levels.is_empty(), self.separators) {
            (false, _) => "--level",
            (true, Some(_)) => "--separators",
            (true, None) => return Ok(()),
        };
        let strategy = match self.strategy {
            None | Some(Strategy::Recursive | Strategy::Hierarchical) => return Ok(()),
            Some(Strategy::Fixed) => "fixed",
            Some(Strategy::Sentence) => "sentence",
            Some(Strategy::Markdown) => "markdown",
            Some(Strategy::Token) => "token",
        };
        bail!(
            "{flag} is for the strategy recursive, and --strategy is {strategy}: \
             leave one of the two out"
        );
    }

    fn ladder(&self) -> anyhow::Result<Option<SeparatorLevels>> {
        if self.levels.is_empty() {
            return Ok(self.separators.map(|separators| match separators {
                Separators::Universal => SeparatorLevels::universal(),
                Separators::Latin => SeparatorLevels::latin(),
                Separators::Cjk => SeparatorLevels::cjk(),
            }));
        }
        let levels = self.levels.iter().map(|level| read_level(level));
        let keep = match self.keep {
            None | Some(Keep::Before) => separators::Keep::Before,
            Some(Keep::After) => separators::Keep::After,
        };
        let ladder = SeparatorLevels::new(levels.collect::<anyhow::Result<_>>()?)?;
        Ok(Some(ladder.keeping(keep)))
    }
}

impl Decoding {
    /// Returns the fields that were typed.
    pub(crate) fn partial(&self) -> anyhow::Result<policy::Partial> {
        let policy = |policy| match policy {
            Policy::Reject => decoding::Policy::Reject,
            Policy::Replace => decoding::Policy::Replace,
        };
        let charset = self.charset.as_deref().map(|label| match label {
            Choice::DETECT => Ok(Choice::Detect),
            label => Charset::from_label(label).map(Choice::Is),
        });
        let mark = self.byte_order_mark.map(|mark| match mark {
            ByteOrderMark::Drop => decoding::ByteOrderMark::Drop,
            ByteOrderMark::Keep => decoding::ByteOrderMark::Keep,
        });
        let charset = charset.transpose().context("--charset")?;
        let named = charset.and_then(Choice::charset);
        if let Some(named) = named.filter(|named| named.byte_order_mark().is_empty()) {
            ensure!(
                mark.is_none(),
                "--byte-order-mark is for UTF-8, UTF-16 and UTF-32, and --charset is {}: leave it out",
                named.name()
            );
        }
        Ok(policy::Partial {
            charset,
            invalid: self.invalid.map(policy),
            nul: self.nul.map(policy),
            byte_order_mark: mark,
        })
    }

    /// Returns the policy without the defaults of a collection.
    pub(crate) fn decoding(&self) -> anyhow::Result<decoding::Decoding> {
        Ok(self.partial()?.over(&policy::Partial::default()))
    }

    /// Returns the fields that were typed, for a request. `None` means that no field was typed.
    pub(crate) fn request(&self) -> anyhow::Result<Option<pb::DecodingPolicy>> {
        let partial = self.partial()?;
        Ok((partial != policy::Partial::default()).then(|| to_partial_decoding(&partial)))
    }
}

/// Parses a level: separators divided by `|`, with escapes.
fn read_level(level: &str) -> anyhow::Result<Vec<String>> {
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
    use super::read_level;

    #[test]
    fn a_level_is_read_with_its_escapes() {
        assert_eq!(read_level(r"\n\n|\r\n").unwrap(), ["\n\n", "\r\n"]);
        assert_eq!(read_level(r". |\||\\").unwrap(), [". ", "|", "\\"]);
        assert!(
            read_level(r"\x")
                .unwrap_err()
                .to_string()
                .contains("not an escape")
        );
        assert!(read_level("\\").is_err());
    }
}
