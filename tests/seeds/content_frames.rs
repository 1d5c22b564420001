//! Any bytes as the compressed content of a message: bounded, and decompressed exactly.

use std::io::Write;

use bytes::Bytes;
use flate2::write::GzEncoder;
use sluice::application::uploads::write::CONTENT_BYTES_MAX;
use sluice::interface::grpc::convert::content::content;
use sluice::interface::grpc::pb::Compression;

/// Checks an input: the kind of compression, the number of repetitions, and the content. The repeated content is also
/// compressed here and read back.
pub(crate) fn check(bytes: &[u8]) {
    let Some((&[kind, times], frame)) = bytes.split_first_chunk() else {
        return;
    };
    let read = |frame: &[u8], kind: i32| content(Bytes::copy_from_slice(frame), kind);
    if let Ok(found) = read(frame, i32::from(kind)) {
        let is_plain = kind == 0 && found.as_ref() == frame;
        assert!(is_plain || found.len() <= CONTENT_BYTES_MAX);
    }
    let text = frame.repeat(usize::from(times));
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).unwrap();
    let frames = [
        (gzip.finish().unwrap(), Compression::Gzip),
        (zstd::bulk::compress(&text, 1).unwrap(), Compression::Zstd),
    ];
    for (frame, kind) in frames {
        let found = read(&frame, kind.into());
        match found {
            Ok(found) => assert_eq!(found, text),
            Err(_) => assert!(text.len() > CONTENT_BYTES_MAX, "{kind:?}"),
        }
        // A frame that is cut short, or followed by another byte, is refused.
        assert!(read(&frame[..frame.len() - 1], kind.into()).is_err());
        assert!(read(&[frame, vec![kind as u8]].concat(), kind.into()).is_err());
    }
}
