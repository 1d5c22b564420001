//! HTTP/2 frames that no library would send (RFC 9113, RFC 7541).

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use prost::Message;
use sluice::interface::grpc::pb;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use uuid::Uuid;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// The longest frame that every server must accept (RFC 9113 §4.2).
const FRAME_BYTES: usize = 16 * 1024;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The size of a write: frames are added until it is reached.
const AT_ONCE_BYTES: usize = 16 * 1024;
/// The send buffer of an attacker, which the kernel doubles (socket(7)). A small buffer makes writes block soon
/// when the server does not read.
const UNDER_WAY_BYTES: u32 = 32 * 1024;
/// The pause of a slow attacker between two bytes.
const SLOWLY: Duration = Duration::from_millis(50);
/// The decompressed size of a bomb of 220 KiB.
const BOMB_BYTES: usize = 50_000_000;

/// An attack on a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Attack {
    /// Streams that are opened and reset at once (CVE-2023-44487).
    RapidReset,
    /// Headers that never end (CVE-2024-27316).
    Continuations,
    /// Headers of a mebibyte.
    LargeHeaders,
    /// Empty DATA frames on an open stream.
    EmptyData,
    /// Repeated SETTINGS frames, whose acknowledgements the attacker does not read (CVE-2019-9515).
    Settings,
    /// Pings whose answers the attacker does not read (CVE-2019-9512).
    Pings,
    /// A window of more than 2^31-1 bytes.
    LargeWindow,
    /// A frame of 16 MiB less one byte.
    LargeFrame,
    /// Bytes that are not HTTP.
    Noise,
    /// Messages whose length prefix claims 4 GiB.
    LargeMessage,
    /// Uploads of compressed messages that expand to 50 MB.
    Bomb,
    /// An upload that sends one byte at a time, with pauses.
    SlowUpload,
    /// A connection without calls.
    Idle,
}

/// The parts of an attacker's calls.
struct Call {
    headers: Vec<u8>,
    /// A message in gRPC framing, complete or partial.
    message: Vec<u8>,
}

impl Attack {
    pub(crate) const ALL: [Self; 13] = [
        Self::RapidReset,
        Self::Continuations,
        Self::LargeHeaders,
        Self::EmptyData,
        Self::Settings,
        Self::Pings,
        Self::LargeWindow,
        Self::LargeFrame,
        Self::Noise,
        Self::LargeMessage,
        Self::Bomb,
        Self::SlowUpload,
        Self::Idle,
    ];

    /// Attacks from an address until the server ends the connection, `frames` frames are sent, or `most` has passed.
    /// The time limit is needed because the server stops reading from a client that does not read. Returns the
    /// connection and the number of frames sent.
    pub(crate) async fn run(
        self,
        from: Ipv4Addr,
        server: SocketAddr,
        frames: usize,
        most: Duration,
    ) -> (TcpStream, usize) {
        let (mut stream, mut sent) = (connect(from, server).await, 0);
        let attacking = self.send(&mut stream, server, frames, &mut sent);
        let _ended = tokio::time::timeout(most, attacking).await;
        (stream, sent)
    }

    async fn send(
        self,
        stream: &mut TcpStream,
        server: SocketAddr,
        frames: usize,
        sent: &mut usize,
    ) -> std::io::Result<()> {
        if self == Self::Noise {
            return stream
                .write_all(b"\x16\x03\x01 nothing that anybody knows\r\n\r\n")
                .await;
        }
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await?;
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
        let call = Call {
            headers: headers(server),
            message: self.message(),
        };
        stream.write_all(&self.first(&call)).await?;
        while *sent < frames {
            let (many, number) = self.next(*sent..frames, &call);
            if many.is_empty() && !self.is_patient() {
                return Ok(());
            }
            stream.write_all(&many).await?;
            *sent += number;
            if self.is_patient() {
                tokio::time::sleep(SLOWLY).await;
            }
        }
        Ok(())
    }

    /// Returns the bytes of the next write, and the number of frames in them.
    fn next(self, numbers: Range<usize>, call: &Call) -> (Vec<u8>, usize) {
        let (mut many, mut sent) = (Vec::new(), 0);
        for number in numbers {
            let frame = self.frame(number, call);
            many.extend_from_slice(&frame);
            sent += 1;
            if self.is_patient() || frame.is_empty() || many.len() >= AT_ONCE_BYTES {
                break;
            }
        }
        (many, sent)
    }

    /// Whether the attack consists of holding a connection with little or no data.
    pub(crate) fn is_patient(self) -> bool {
        matches!(self, Self::SlowUpload | Self::Idle)
    }

    /// Returns the message of its calls.
    fn message(self) -> Vec<u8> {
        match self {
            Self::LargeMessage => [&[0, 0xff, 0xff, 0xff, 0xff][..], &[7; 100]].concat(),
            Self::Bomb => upload(BOMB.clone(), pb::Compression::Gzip),
            Self::SlowUpload => {
                let mut message = upload(vec![b'a'; 100_000], pb::Compression::Unspecified);
                message.truncate(200);
                message
            }
            Self::RapidReset
            | Self::Continuations
            | Self::LargeHeaders
            | Self::EmptyData
            | Self::Settings
            | Self::Pings
            | Self::LargeWindow
            | Self::LargeFrame
            | Self::Noise
            | Self::Idle => Vec::new(),
        }
    }

    /// Returns the bytes that start the attack, after the connection preface.
    fn first(self, call: &Call) -> Vec<u8> {
        let Call { headers, message } = call;
        match self {
            Self::Continuations | Self::LargeHeaders => frame(HEADERS, 0, 1, headers),
            Self::EmptyData => frame(HEADERS, END_HEADERS, 1, headers),
            Self::SlowUpload => {
                let open = frame(HEADERS, END_HEADERS, 1, headers);
                [open, frame(DATA, 0, 1, message)].concat()
            }
            Self::LargeWindow => {
                let update = frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes());
                [update.clone(), update].concat()
            }
            Self::LargeFrame => vec![0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1],
            Self::RapidReset
            | Self::Settings
            | Self::Pings
            | Self::Noise
            | Self::LargeMessage
            | Self::Bomb
            | Self::Idle => Vec::new(),
        }
    }

    /// Returns the frames that the attack repeats. They are empty for an attack that sends no more.
    fn frame(self, number: usize, call: &Call) -> Vec<u8> {
        let Call { headers, message } = call;
        let stream = u32::try_from(number * 2 + 1).unwrap();
        match self {
            Self::RapidReset => {
                let open = frame(HEADERS, END_HEADERS | END_STREAM, stream, headers);
                [open, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
            }
            Self::Continuations => frame(CONTINUATION, 0, 1, &header("x", &"y".repeat(100))),
            Self::LargeHeaders => match number {
                0..70 => frame(
                    CONTINUATION,
                    0,
                    1,
                    &header("x", &"y".repeat(126)).repeat(120),
                ),
                _ => frame(CONTINUATION, END_HEADERS, 1, &[]),
            },
            Self::EmptyData => frame(DATA, 0, 1, &[]),
            Self::Settings => frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]),
            Self::Pings => frame(PING, 0, 0, &[7; 8]),
            Self::LargeFrame => vec![0; 1024],
            Self::LargeMessage | Self::Bomb => {
                let open = frame(HEADERS, END_HEADERS, stream, headers);
                let frames = message
                    .chunks(FRAME_BYTES)
                    .map(|part| frame(DATA, 0, stream, part));
                [open, frames.collect::<Vec<_>>().concat()].concat()
            }
            Self::SlowUpload => frame(DATA, 0, 1, b"a"),
            Self::LargeWindow | Self::Noise | Self::Idle => Vec::new(),
        }
    }
}

async fn connect(from: Ipv4Addr, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // Otherwise each port stays in use for a minute after its connection ends.
    socket.set_reuseaddr(true).unwrap();
    socket.set_send_buffer_size(UNDER_WAY_BYTES).unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(server).await.unwrap()
}

/// Returns an HTTP/2 frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Returns the first message of an upload, with its length prefix.
fn upload(content: Vec<u8>, compression: pb::Compression) -> Vec<u8> {
    let id = Uuid::new_v4().to_string();
    let spec = pb::UploadSpec {
        collection: "collections/c".to_owned(),
        document_id: id.clone(),
        request_id: id,
        ..pb::UploadSpec::default()
    };
    let message = pb::UploadDocumentRequest {
        target: Some(pb::upload_document_request::Target::Spec(spec)),
        content: content.into(),
        compression: compression.into(),
        ..pb::UploadDocumentRequest::default()
    };
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, &message].concat()
}

/// A gzip stream of 50 MB of zeros, built only once because building it takes longer than sending it.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&vec![0; BOMB_BYTES]).unwrap();
    gzip.finish().unwrap()
});

/// Returns the headers of a call.
fn headers(server: SocketAddr) -> Vec<u8> {
    let authority = server.to_string();
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/sluice.v1.UploadService/UploadDocument"),
        (":authority", &*authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    fields.map(|(name, value)| header(name, value)).concat()
}

/// Returns a literal header field without indexing (RFC 7541 §6.2.2). Name and value have up to 126 bytes each.
fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        assert!(text.len() < 127);
        [&[u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}
