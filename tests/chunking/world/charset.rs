//! Decoding of a document, with the charset that was found.

use sluice::domain::chunking::loaded_spec::LoadedSpec;
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::text::encoding::charset::Charset;
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault, Policy};

/// Detects the charset, and rejects faults.
pub(crate) const AUTO: Decoding = Decoding {
    charset: None,
    invalid: Policy::Reject,
    nul: Policy::Reject,
    byte_order_mark: ByteOrderMark::Drop,
};

/// Decodes the charset with this label, and rejects faults.
pub(crate) fn declared(label: &str) -> Decoding {
    Decoding {
        charset: Some(Charset::from_label(label).unwrap()),
        ..AUTO
    }
}

/// Returns the text and the charset of `source`, fed in pieces of `piece_bytes`.
pub(crate) fn decoded(
    decoding: Decoding,
    source: &[u8],
    piece_bytes: usize,
) -> Result<(String, &'static str), Fault> {
    let pieces = source.chunks(piece_bytes.max(1));
    decoded_pieces(decoding, pieces)
}

/// Returns the text and the charset of a source fed in these pieces.
pub(crate) fn decoded_pieces<'a>(
    decoding: Decoding,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(String, &'static str), Fault> {
    let mut splitter = Splitter::new(LoadedSpec::default().chunker(), decoding);
    let mut text = String::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            piece = &piece[splitter.feed(piece)..];
            while let Some(cut) = splitter.next_chunk()? {
                text.push_str(cut.text);
            }
        }
    }
    splitter.finish();
    while let Some(cut) = splitter.next_chunk()? {
        text.push_str(cut.text);
    }
    let charset = splitter.place().choice.charset().unwrap();
    Ok((text, charset.name()))
}

/// Returns lines of ASCII with `bytes` bytes in total.
pub(crate) fn ascii(bytes: usize) -> String {
    let line = "The gate of the sluice was opened at 9.30 (see page 12).\n";
    line.chars().cycle().take(bytes).collect()
}
