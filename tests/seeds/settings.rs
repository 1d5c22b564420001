//! Settings from raw bytes: nearly all that users can choose.

use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::separator_levels::SeparatorLevels;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::spec::levels::Levels;
use sluice::domain::chunking::spec::limits::MAX_BYTES_CEILING;
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Policy};

/// The number of bytes from which settings are made.
pub(crate) const BYTES: usize = 8;

/// The labels of charsets. The first one stands for detection.
const CHARSETS: [&str; 18] = [
    "",
    "utf-8",
    "utf-16le",
    "utf-16be",
    "windows-1252",
    "shift_jis",
    "gb18030",
    "big5",
    "euc-jp",
    "euc-kr",
    "gbk",
    "koi8-u",
    "windows-874",
    "windows-1255",
    "macintosh",
    "x-user-defined",
    "utf-32le",
    "utf-32be",
];

/// The most tokens of one character.
const TOKENS_MIN: usize = 4;

/// Returns `None` if the sizes do not fit each other.
pub(crate) fn settings(bytes: [u8; BYTES]) -> Option<(Spec, Decoding)> {
    let [strategy, shape, size, least, overlap, most, charset, policy] = bytes.map(usize::from);
    // Sizes may be small or large: chunks of two characters, or of half a mebibyte.
    let scale = 8_usize.pow(u32::try_from(shape >> 3 & 7).ok()?);
    let max_size = (size + 1) * scale;
    // A byte of 0 leaves the field unset. Another one gives its 255th parts of the whole.
    let part = |byte: usize, of: usize| (byte > 0).then(|| of * byte / 255);
    let min_size = part(least, max_size);
    let measure = Measure::ALL[shape % Measure::ALL.len()];
    if measure == Measure::Tokens && max_size < TOKENS_MIN {
        return None;
    }
    let request = Request {
        strategy: Some(match strategy % 4 {
            _ if strategy >> 4 & 3 == 3 => Strategy::Markdown,
            0 => Strategy::Fixed,
            1 => Strategy::Sentence,
            2 => Strategy::Recursive(SeparatorLevels::universal()),
            _ => Strategy::Recursive(own_levels(strategy)?),
        }),
        measure,
        min_size,
        max_size: Some(max_size),
        overlap: part(overlap, min_size.unwrap_or(max_size / 2) / 2).unwrap_or_default(),
        max_bytes: (most > 0).then(|| 32 * most),
        packing: Packing::ALL[shape >> 6 & 1],
        levels: if shape >> 7 == 1 {
            Levels::over(max_size, MAX_BYTES_CEILING)
        } else {
            Levels::default()
        },
        ..Request::default()
    };
    Some((Spec::new(request).ok()?, decoding(charset, policy)))
}

/// Custom levels of separators.
fn own_levels(strategy: usize) -> Option<SeparatorLevels> {
    let own = ["aa", "\u{301}", "\n", "\r\n", " a ", "\u{6C34}"];
    let own = own
        .iter()
        .skip(strategy >> 2 & 3)
        .map(|one| vec![(*one).to_owned()]);
    SeparatorLevels::new(own.collect()).ok()
}

fn decoding(charset: usize, policy: usize) -> Decoding {
    let replaces = |bit: usize| {
        if policy & bit > 0 {
            Policy::Replace
        } else {
            Policy::Reject
        }
    };
    Decoding {
        charset: Charset::from_label(CHARSETS[charset % CHARSETS.len()]).ok(),
        invalid: replaces(1),
        nul: replaces(2),
        byte_order_mark: if policy & 4 > 0 {
            ByteOrderMark::Keep
        } else {
            ByteOrderMark::Drop
        },
    }
}
