//! The source of an upload. A separate thread reads it once, and its bytes are put into messages.
//!
//! The bytes sent last are retained, so that an upload from a pipe survives a lost connection.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::cli::uploads::source::{Opened, Source, Stamp};
use crate::domain::ingest::digest::Running;

/// Content bytes of a message. The server holds a message until it is complete, and accepts at most 256 KiB. With its other
/// fields a message fits an allocation of 32 KiB. Messages twice as long are a tenth faster on loopback, and take 4 MB
/// more memory of the server for 250 uploads.
const CONTENT_BYTES: usize = 31 * 1024;
/// Bytes of one read.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces read ahead of the network.
const PIECES_AHEAD: usize = 8;
/// Bytes retained after they were sent. The server has committed everything before them: its batches in progress have
/// at most 3 MiB.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The time that the first bytes of a message wait for more.
const LINGER: Duration = Duration::from_millis(250);
/// The longest time without a message while the source is silent: half of the shortest idle timeout that a server may
/// have.
const SILENT_MAX: Duration = Duration::from_millis(500);

/// The next part of a source.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Next {
    /// Bytes.
    Content(Bytes),
    /// The source has no further bytes yet.
    Waiting,
    /// The last bytes, possibly none.
    End(Bytes),
}

/// A source that is being read.
#[derive(Debug)]
pub(crate) struct SourceReader {
    source: Source,
    length: Option<u64>,
    stamp: Option<Stamp>,
    /// The pieces that the thread has read. An empty piece is the end, so that a panic of the thread does not look
    /// like it.
    pieces: mpsc::Receiver<anyhow::Result<Bytes>>,
    /// The rest of a piece that was taken in part.
    rest: Bytes,
    /// The bytes before `taken`: those sent last, and those not sent yet.
    kept: VecDeque<u8>,
    /// The number of bytes taken from the source.
    taken: u64,
    /// The digest of the bytes taken.
    digest: Running,
    /// The offset of the next byte to send.
    at: u64,
    has_ended: bool,
    /// Whether the last message had room for more.
    has_waited: bool,
}

impl SourceReader {
    /// Opens the source and starts to read it.
    pub(crate) async fn open(source: Source) -> anyhow::Result<Self> {
        let (opened, pieces) = begin(source.clone()).await?;
        Ok(Self {
            source,
            length: opened.length,
            stamp: opened.stamp,
            pieces,
            rest: Bytes::new(),
            kept: VecDeque::new(),
            taken: 0,
            digest: Running::default(),
            at: 0,
            has_ended: false,
            has_waited: false,
        })
    }

    /// Returns the size of the source in bytes. `None` means that it is unknown.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the offset of the next byte to send.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Returns the digest of all bytes read. At the end it is the digest of the source.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.digest.sha256()
    }

    /// Whether all bytes were sent.
    pub(crate) fn is_sent(&self) -> bool {
        self.has_ended && self.at == self.taken
    }

    /// Whether the source can be opened again.
    pub(crate) fn is_regular(&self) -> bool {
        self.stamp.is_some()
    }

    /// Returns the identity of the file, and its absolute path. `None` means that the source is not a regular file.
    pub(crate) fn file(&self) -> Option<(Stamp, PathBuf)> {
        self.stamp.zip(self.source.path())
    }

    /// Moves to an offset. `sha256` is the server's digest of the source up to there.
    ///
    /// # Errors
    ///
    /// Fails if the source has other bytes, or cannot be read from there.
    pub(crate) async fn seek(&mut self, to: u64, sha256: &[u8]) -> anyhow::Result<()> {
        if to < self.taken - self.kept.len() as u64 {
            ensure!(
                self.is_regular(),
                "the connection was lost, and the server has only the first {to} bytes; the \
                 bytes after them are gone: write the source to a file, and upload that"
            );
            *self = Self::open(self.source.clone()).await?;
        }
        if to > self.taken {
            while self.taken < to {
                let left = usize::try_from(to - self.taken).unwrap_or(usize::MAX);
                if self.has_ended || !self.take(left).await? {
                    bail!("is shorter than it was when the upload began: upload it again");
                }
            }
            // Bytes that were read before are covered by the digest at the end.
            ensure!(
                self.sha256() == *sha256,
                "has changed since the upload began: upload it again"
            );
        }
        self.at = to;
        Ok(())
    }

    /// Returns the content of the next message. Dropping the future loses no bytes.
    ///
    /// # Errors
    ///
    /// Fails if the source cannot be read.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Next> {
        if std::mem::take(&mut self.has_waited) {
            return Ok(Next::Waiting);
        }
        if self.unsent() == 0 && !self.has_ended {
            match timeout(SILENT_MAX, self.take(CONTENT_BYTES)).await {
                Ok(taken) => drop(taken?),
                Err(_silent) => return Ok(Next::Waiting),
            }
        }
        let until = Instant::now() + LINGER;
        while self.unsent() < CONTENT_BYTES && !self.has_ended {
            match timeout_at(until, self.take(CONTENT_BYTES)).await {
                Ok(taken) => drop(taken?),
                Err(_no_more) => {
                    self.has_waited = true;
                    break;
                }
            }
        }
        let content = self.unsent_content();
        self.at += content.len() as u64;
        Ok(if self.is_sent() {
            Next::End(content)
        } else {
            Next::Content(content)
        })
    }

    fn unsent(&self) -> usize {
        usize::try_from(self.taken - self.at).unwrap_or(usize::MAX)
    }

    fn unsent_content(&self) -> Bytes {
        let from = self.kept.len() - self.unsent();
        let to = self.kept.len().min(from + CONTENT_BYTES);
        let (first, second) = self.kept.as_slices();
        let within = |place: usize| place.min(first.len());
        let beyond = |place: usize| place.saturating_sub(first.len());
        let parts = [
            &first[within(from)..within(to)],
            &second[beyond(from)..beyond(to)],
        ];
        parts.concat().into()
    }

    /// Takes at most `most` bytes of a piece. Returns `false` at the end.
    async fn take(&mut self, most: usize) -> anyhow::Result<bool> {
        if self.rest.is_empty() {
            let piece = self.pieces.recv().await;
            self.rest = piece.context("was not read to its end")??;
        }
        let taken = self.rest.split_to(most.min(self.rest.len()));
        self.has_ended = taken.is_empty();
        self.digest.update(&taken);
        self.taken += taken.len() as u64;
        self.kept.extend(&taken);
        let surplus = self.kept.len().saturating_sub(KEPT_BYTES_MAX);
        drop(self.kept.drain(..surplus));
        Ok(!self.has_ended)
    }
}

/// Opens a source, and reads it in a separate thread.
async fn begin(source: Source) -> anyhow::Result<(Opened, mpsc::Receiver<anyhow::Result<Bytes>>)> {
    let (pieces, receiver) = mpsc::channel(PIECES_AHEAD);
    let mut opened = tokio::task::spawn_blocking(move || source.open()).await??;
    let mut bytes = std::mem::replace(&mut opened.bytes, Box::new(std::io::empty()));
    tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let piece = match bytes.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.map(|read| Bytes::copy_from_slice(&buffer[..read])),
            };
            let is_last = piece.as_ref().map_or(true, Bytes::is_empty);
            let piece = piece.context("cannot be read");
            // Without a receiver the upload has ended.
            if pieces.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    });
    Ok((opened, receiver))
}

#[cfg(test)]
mod tests {
    use std::io::{PipeWriter, Write};
    use std::os::fd::AsRawFd;
    use std::path::Path;

    use super::{CONTENT_BYTES, KEPT_BYTES_MAX, Next, Source, SourceReader};
    use crate::domain::ingest::digest::sha256;

    /// Returns bytes without repetition.
    fn bytes(length: usize) -> Vec<u8> {
        let words =
            (0_u64..).flat_map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        b"text".iter().copied().chain(words).take(length).collect()
    }

    async fn read_on(reading: &mut SourceReader) -> Vec<u8> {
        let mut read = Vec::new();
        loop {
            match reading.next().await.unwrap() {
                Next::Waiting => {}
                Next::Content(content) => read.extend(content),
                Next::End(content) => {
                    read.extend(content);
                    return read;
                }
            }
        }
    }

    /// Returns a reading of a pipe, and the writer that keeps the pipe open.
    async fn pipe() -> (SourceReader, PipeWriter) {
        let (reader, writer) = std::io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let reading = SourceReader::open(Source::named(Path::new(&path)));
        let first = writer.try_clone().unwrap();
        std::thread::spawn(move || (&first).write_all(b"t").unwrap());
        let reading = reading.await.unwrap();
        drop(reader);
        (reading, writer)
    }

    #[tokio::test]
    async fn the_retained_bytes_of_a_pipe_can_be_read_again() {
        let whole = bytes(KEPT_BYTES_MAX + 2_000_000);
        let (mut reading, mut writer) = pipe().await;
        let rest = whole[1..].to_vec();
        std::thread::spawn(move || writer.write_all(&rest).unwrap());
        assert!(read_on(&mut reading).await == whole);
        assert!(reading.is_sent() && reading.sha256() == sha256(&whole));
        for from in [2_000_000, 3_000_001, whole.len()] {
            reading.seek(from as u64, b"").await.unwrap();
            assert!(read_on(&mut reading).await == whole[from..], "{from}");
        }
        let refused = reading.seek(1_999_999, b"").await.unwrap_err().to_string();
        assert!(
            refused.contains("only the first 1999999 bytes"),
            "{refused}"
        );
        assert_eq!(reading.sha256(), sha256(&whole));
    }

    #[tokio::test]
    async fn a_file_is_opened_again_and_has_to_be_the_same() {
        let path = std::env::temp_dir().join(format!("sluice-reading-{}", std::process::id()));
        let whole = bytes(KEPT_BYTES_MAX + 2_000_000);
        std::fs::write(&path, &whole).unwrap();
        let mut reading = SourceReader::open(Source::named(&path)).await.unwrap();
        assert_eq!(reading.length(), Some(whole.len() as u64));
        assert!(read_on(&mut reading).await == whole);
        reading.seek(1_000, &sha256(&whole[..1_000])).await.unwrap();
        assert!(read_on(&mut reading).await == whole[1_000..]);
        assert_eq!(reading.sha256(), sha256(&whole));
        let refused = reading.seek(1_000, &sha256(b"other")).await.unwrap_err();
        assert!(
            refused.to_string().contains("has changed since"),
            "{refused}"
        );
        std::fs::write(&path, b"short").unwrap();
        let mut shorter = SourceReader::open(Source::named(&path)).await.unwrap();
        let refused = shorter.seek(1_000, b"").await.unwrap_err();
        assert!(refused.to_string().contains("is shorter"), "{refused}");
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn a_silent_source_yields_waiting_and_loses_no_bytes() {
        let (mut reading, mut writer) = pipe().await;
        let Next::Content(first) = reading.next().await.unwrap() else {
            panic!("the first byte is there");
        };
        assert_eq!(first, &b"t"[..]);
        // `Waiting` follows a message with room for more, and each silent interval.
        assert_eq!(reading.next().await.unwrap(), Next::Waiting);
        assert_eq!(reading.next().await.unwrap(), Next::Waiting);
        writer.write_all(&vec![b'x'; CONTENT_BYTES / 8]).unwrap();
        // A call that is cancelled while it collects a message loses no bytes.
        let _cut = tokio::time::timeout(std::time::Duration::from_millis(50), reading.next()).await;
        drop(writer);
        assert_eq!(read_on(&mut reading).await.len(), CONTENT_BYTES / 8);
    }
}
