//! Decompresses the content of a message.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::GzDecoder;

use crate::application::error::Error;
use crate::application::uploads::write::CONTENT_BYTES_MAX;
use crate::interface::grpc::pb;

/// Decompresses content, but at most as much as a message may have: that stops a decompression bomb.
///
/// # Errors
///
/// Fails if the content is not one whole frame of its kind, or too large.
pub fn content(content: Bytes, compression: i32) -> Result<Bytes, Error> {
    match pb::Compression::try_from(compression) {
        Ok(pb::Compression::Unspecified) => Ok(content),
        Ok(pb::Compression::Gzip) => gzip(&content),
        Ok(pb::Compression::Zstd) => zstd(&content),
        Err(_) => Err(Error::invalid("compression", "is not known")),
    }
}

fn gzip(compressed: &[u8]) -> Result<Bytes, Error> {
    let mut decoder = GzDecoder::new(compressed);
    let mut content = Vec::new();
    // One byte more separates content that is too large from content that just fits.
    let most = CONTENT_BYTES_MAX as u64 + 1;
    let read = (&mut decoder).take(most).read_to_end(&mut content);
    read.map_err(|_damaged| Error::invalid("content", "must be one whole gzip member"))?;
    if content.len() > CONTENT_BYTES_MAX {
        return Err(too_large());
    }
    if !decoder.into_inner().is_empty() {
        return Err(Error::invalid("content", "must be one whole gzip member"));
    }
    Ok(content.into())
}

fn zstd(compressed: &[u8]) -> Result<Bytes, Error> {
    let invalid = || Error::invalid("content", "must be one whole Zstandard frame");
    let frame = zstd::zstd_safe::find_frame_compressed_size(compressed);
    if frame.map_err(|_damaged| invalid())? != compressed.len() {
        return Err(invalid());
    }
    let declared = zstd::zstd_safe::get_frame_content_size(compressed);
    let declared = declared.map_err(|_damaged| invalid())?;
    if declared.is_some_and(|bytes| bytes > CONTENT_BYTES_MAX as u64) {
        return Err(too_large());
    }
    // Decompressed in one step into a buffer of the maximum size, so no window is needed beside it.
    match zstd::bulk::decompress(compressed, CONTENT_BYTES_MAX) {
        Ok(content) => Ok(content.into()),
        Err(_) if declared.is_none() => Err(too_large()),
        Err(_) => Err(invalid()),
    }
}

fn too_large() -> Error {
    Error::MessageTooLarge {
        most: CONTENT_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::content;
    use crate::application::error::Error;
    use crate::interface::grpc::pb::Compression;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(text, 3).unwrap()
    }

    #[test]
    fn one_frame_is_decompressed_and_a_bomb_is_stopped() {
        let kinds = [
            (Compression::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
            (Compression::Zstd, zstd),
        ];
        for (kind, compress) in kinds {
            let read = |compressed: Vec<u8>| content(compressed.into(), kind.into());
            let most = vec![b'a'; 262_144];
            for text in [&b""[..], b"some text", &most] {
                assert_eq!(read(compress(text)).unwrap(), text);
            }
            for bomb in [262_145, 100_000_000] {
                let refused = read(compress(&vec![b'a'; bomb])).unwrap_err();
                assert!(matches!(refused, Error::MessageTooLarge { .. }), "{kind:?}");
            }
            let one = compress(b"some text");
            for wrong in [
                b"text".to_vec(),
                vec![],
                one[..one.len() - 1].to_vec(),
                [one.clone(), one.clone()].concat(),
            ] {
                let refused = read(wrong).unwrap_err();
                let is_named = matches!(
                    refused,
                    Error::Invalid {
                        field: "content",
                        ..
                    }
                );
                assert!(is_named, "{kind:?}: {refused}");
            }
        }
        assert!(content(vec![].into(), 9).is_err());
    }
}
