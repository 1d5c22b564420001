//! Compression of whole messages (gRPC, "Compression"): the accepted encodings, and the choice of compressed answers.
//!
//! Many libraries offer gzip in every call, even if their caller has not asked for it. So an answer is compressed
//! only for a client that compresses its own messages, or that prefers compression to none.

use std::io::Read;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use flate2::bufread::GzDecoder;
use tonic::Status;

/// The header with the encoding of the client's messages.
const ENCODING: &str = "grpc-encoding";
/// The header with the encodings that the other side accepts, the best first.
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// The encodings that the server accepts.
const OFFER: HeaderValue = HeaderValue::from_static("gzip,zstd,identity");
const GZIP: &str = "gzip";
const ZSTD: &str = "zstd";
/// No compression.
const IDENTITY: &str = "identity";

/// The encoding of messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// One gzip member each (RFC 1952).
    Gzip,
    /// One Zstandard frame each (RFC 8878).
    Zstd,
}

impl Encoding {
    /// Returns the encoding of a client's messages. `None` if they are not compressed, or by an encoding that the
    /// server does not accept.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        match headers.get(ENCODING)?.as_bytes() {
            b"gzip" => Some(Self::Gzip),
            b"zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Decompresses a message, but at most `bytes_max` bytes of it.
    ///
    /// # Errors
    ///
    /// Fails as tonic does, if the message is too large, or not one whole frame.
    pub fn decompress(self, compressed: &[u8], bytes_max: usize) -> Result<Bytes, Status> {
        let message = match self {
            Self::Gzip => gunzip(compressed, bytes_max),
            // The library accepts no bytes as an empty message.
            Self::Zstd if compressed.is_empty() => Err(false),
            // Decompressed in one step into a buffer of the maximum size, so no window is needed beside it.
            Self::Zstd => zstd::bulk::decompress(compressed, bytes_max)
                .map_err(|_damaged_or_large| has_more(compressed, bytes_max)),
        };
        message.map(Bytes::from).map_err(|is_large| {
            if is_large {
                Status::out_of_range("the message is too large when it is decompressed")
            } else {
                Status::internal("the message cannot be decompressed")
            }
        })
    }
}

/// Decompresses one gzip member. The error is whether the message is too large.
fn gunzip(compressed: &[u8], bytes_max: usize) -> Result<Vec<u8>, bool> {
    let mut message = Vec::new();
    let mut decoder = GzDecoder::new(compressed);
    // One byte more separates a message that is too large from one that just fits.
    let read = (&mut decoder)
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut message);
    read.map_err(|_damaged| false)?;
    if message.len() > bytes_max {
        return Err(true);
    }
    // A message is one member, with nothing after it.
    if decoder.get_ref().is_empty() {
        Ok(message)
    } else {
        Err(false)
    }
}

/// Whether a Zstandard frame that could not be decompressed is whole, and so too large.
fn has_more(compressed: &[u8], bytes_max: usize) -> bool {
    let whole = zstd::zstd_safe::find_frame_compressed_size(compressed);
    let declared = zstd::zstd_safe::get_frame_content_size(compressed);
    let fits = |declared: Option<u64>| declared.is_some_and(|bytes| bytes <= bytes_max as u64);
    whole.is_ok_and(|bytes| bytes == compressed.len()) && declared.is_ok_and(|bytes| !fits(bytes))
}

/// Announces the encodings that the server accepts. Leaves the answer uncompressed unless the client wants
/// compression.
pub async fn negotiate(mut request: Request, next: Next) -> Response {
    if !wants_compression(request.headers()) {
        request.headers_mut().remove(ACCEPTED);
    }
    let mut response = next.run(request).await;
    if response.headers().contains_key(header::CONTENT_TYPE) {
        response.headers_mut().insert(ACCEPTED, OFFER);
    }
    response
}

/// Whether a client compresses its own messages, or names a compression before `identity`.
fn wants_compression(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(ACCEPTED)
        .and_then(|accepted| accepted.to_str().ok());
    let mut accepted = accepted
        .into_iter()
        .flat_map(|accepted| accepted.split(','));
    let first = accepted.find_map(|name| match name.trim() {
        GZIP | ZSTD => Some(true),
        IDENTITY => Some(false),
        _ => None,
    });
    Encoding::of(headers).is_some() || first == Some(true)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::{HeaderMap, HeaderValue};
    use tonic::Code;

    use super::{Encoding, wants_compression};

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(text, 3).unwrap()
    }

    /// Compresses as tonic does: the frame does not declare the length of its content.
    fn zstd_streamed(text: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(text, 3).unwrap()
    }

    #[test]
    fn a_message_is_decompressed_up_to_its_limit() {
        const MOST: usize = 100_000;
        let kinds = [
            (Encoding::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
            (Encoding::Zstd, zstd),
            (Encoding::Zstd, zstd_streamed),
        ];
        for (encoding, compress) in kinds {
            let read = |compressed: &[u8]| encoding.decompress(compressed, MOST);
            for text in [&b""[..], b"some text", &vec![b'a'; MOST]] {
                assert_eq!(read(&compress(text)).unwrap(), text);
            }
            for large in [MOST + 1, 100_000_000] {
                let refused = read(&compress(&vec![b'a'; large])).unwrap_err();
                assert_eq!(refused.code(), Code::OutOfRange, "{encoding:?} {large}");
            }
            let whole = compress(b"some text");
            let longer = [&whole[..], b"more"].concat();
            for damaged in [b"text", &whole[..whole.len() - 1], b"", &longer] {
                let refused = read(damaged).unwrap_err();
                assert_eq!(refused.code(), Code::Internal, "{encoding:?} {damaged:?}");
            }
        }
    }

    #[test]
    fn an_answer_is_compressed_for_clients_that_prefer_it() {
        let wants = |encoding: Option<&'static str>, accepted: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-accept-encoding", HeaderValue::from_static(accepted));
            if let Some(encoding) = encoding {
                headers.insert("grpc-encoding", HeaderValue::from_static(encoding));
            }
            wants_compression(&headers)
        };
        assert!(wants(None, "zstd,identity") && wants(None, "deflate, gzip"));
        assert!(wants(Some("gzip"), "identity, deflate, gzip"));
        // The header that grpcio and grpc-js send with every call.
        assert!(!wants(None, "identity, deflate, gzip"));
        assert!(!wants(Some("identity"), "identity") && !wants(None, "br"));
        assert!(!wants_compression(&HeaderMap::new()));
    }
}
