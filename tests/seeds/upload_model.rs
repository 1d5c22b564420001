//! A model of a few numbers that predicts the answers to an upload.

use bytes::Bytes;
use sluice::application::error::Error;
use sluice::application::ports::documents::Metadata;
use sluice::application::ports::uploads::{Declared, NewUpload, Upload, UploadSource};
use sluice::application::uploads::upload_stream::{Message, UploadTarget};
use sluice::application::uploads::write::{CONTENT_BYTES_MAX, Write};
use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::chunking::spec::partial::Partial;
use sluice::domain::ingest::batch::Chunk;
use sluice::domain::ingest::digest;
use sluice::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step};
use sluice::domain::ingest::preferences::Preferences;
use sluice::domain::names::resource::{DocumentId, DocumentName};
use sluice::domain::operation::state::State;
use sluice::domain::text::encoding::decoding::Decoding;
use sluice::domain::text::position::Span;
use sluice::domain::timestamp::Timestamp;
use sluice::interface::grpc::status;
use tonic_types::StatusExt;

use crate::store::collection;
use crate::tokenizers::loaded;

/// The expected end of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// No error. The upload stays open.
    Open,
    /// No error. The upload is cancelled afterwards.
    Cancelled,
    /// No error. The upload is complete.
    Complete,
    /// An error with this reason. The upload stays open.
    Refused(&'static str),
    /// An error with this reason. The upload has failed.
    Failed(&'static str),
    /// No end: the stream is dropped while it runs.
    Killed {
        /// The number of turns of the runtime until the drop.
        turns: usize,
    },
}

/// An upload, and its next stream.
pub(crate) struct Model<'a> {
    pub(crate) new: NewUpload,
    pub(crate) source: &'a [u8],
    pub(crate) messages: Vec<Result<Message, Error>>,
    /// The offset of the next byte in this stream.
    received: usize,
    /// The offset of the next byte in all streams.
    sent: usize,
    /// Whether this stream has sent content, so that the offset of its next message is fixed.
    is_placed: bool,
}

impl<'a> Model<'a> {
    pub(crate) fn new(number: u64, spec: &Spec, decoding: Decoding, source: &'a [u8]) -> Self {
        let uid = |what: &str| -> [u8; 16] {
            let digest = digest::sha256(format!("{what} {number}").as_bytes());
            *digest.first_chunk().unwrap()
        };
        let id = format!("document-{number}");
        let new = NewUpload {
            uid: uid("upload").into(),
            request_sha256: digest::sha256(&number.to_le_bytes()),
            declared: Declared::default(),
            document: DocumentName {
                collection: collection(),
                document: DocumentId::parse(&id).unwrap(),
            },
            document_uid: uid("document").into(),
            metadata: Metadata::default(),
            preferences: Preferences {
                chunking: Partial::from(spec),
                decoding: decoding.into(),
            },
            source: UploadSource::Client,
            now: Timestamp::from_micros(2),
        };
        let mut model = Self {
            new,
            source,
            messages: Vec::new(),
            received: 0,
            sent: 0,
            is_placed: false,
        };
        model.attach(0, true);
        model
    }

    /// Begins a stream.
    pub(crate) fn attach(&mut self, committed_offset: u64, is_new: bool) {
        self.received = usize::try_from(committed_offset).unwrap();
        let target = if is_new {
            UploadTarget::New(Box::new(self.new.clone()))
        } else {
            UploadTarget::Known(self.new.uid)
        };
        self.messages.clear();
        self.is_placed = false;
        self.send(Message {
            target: Some(target),
            ..Message::default()
        });
    }

    /// Adds a message to the stream, or returns the expected end of the stream. `None` means that the stream
    /// continues.
    pub(crate) fn operate(&mut self, [kind, a, b]: [u8; 3]) -> Option<Answer> {
        let length = (usize::from(a) << (b & 15)).min(CONTENT_BYTES_MAX);
        let beside = i64::from(a) + 1;
        match kind % 16 {
            0..4 => self.write(self.received, length),
            4 | 5 => self.write(self.received.saturating_sub(length), 2 * length),
            6 => self.astray(i64::try_from(self.received).unwrap() + beside),
            7 if b % 2 == 0 => self.astray(i64::MAX - beside + 1),
            7 => self.astray(i64::MIN + beside - 1),
            8 => {
                let mut write = self.next(self.received, length);
                write.crc32c = write.crc32c.map(|crc| crc ^ u32::from(a | 1));
                self.send_write(write);
                Some(Answer::Refused("CONTENT_CHECKSUM_MISMATCH"))
            }
            9 => {
                self.send(Message {
                    flushes: true,
                    ..Message::default()
                });
                None
            }
            10 => Some(Answer::Open),
            11 => {
                self.messages.push(Err(Error::MessageUnreadable));
                Some(Answer::Refused("MESSAGE_UNREADABLE"))
            }
            12 => Some(Answer::Killed {
                turns: 16 * usize::from(a),
            }),
            13 => Some(
                self.write_up_to(self.sent)
                    .unwrap_or_else(|| self.finish(b)),
            ),
            14 => {
                self.send(Message {
                    target: Some(UploadTarget::Known(self.new.uid)),
                    ..Message::default()
                });
                Some(Answer::Refused("INVALID_FIELD"))
            }
            _ => Some(Answer::Cancelled),
        }
    }

    /// Sends the remaining bytes, and finishes.
    pub(crate) fn rest(&mut self) -> Answer {
        let answer = self.write_up_to(self.source.len());
        answer.unwrap_or_else(|| self.finish(10))
    }

    /// Returns a stream that sends a whole source under the same request.
    pub(crate) fn again(&self, source: &[u8]) -> Vec<Result<Message, Error>> {
        let target = Some(UploadTarget::New(Box::new(self.new.clone())));
        let mut messages = vec![Ok(Message {
            target,
            ..Message::default()
        })];
        let pieces = source.chunks(CONTENT_BYTES_MAX).enumerate();
        let writes = pieces.map(|(number, content)| (number * CONTENT_BYTES_MAX, content));
        for (at, content) in writes.chain([(source.len(), &[][..])]) {
            let write = Write {
                write_offset: i64::try_from(at).unwrap(),
                content: Bytes::copy_from_slice(content),
                ends: content.is_empty(),
                ..Write::default()
            };
            messages.push(Ok(Message {
                write: Some(write),
                ..Message::default()
            }));
        }
        messages
    }

    /// Compares the end of a stream with the expected one.
    pub(crate) fn judge(&self, answer: Answer, ended: Option<Error>, upload: &Upload) {
        let is_fault = matches!(
            ended,
            Some(Error::Content(_) | Error::UnsupportedContent { .. })
        );
        let reason = ended.map(|error| {
            let details = status::of(&error).get_error_details();
            details.error_info().unwrap().reason.clone()
        });
        let ended = (reason.as_deref(), upload.state);
        if is_fault {
            // A fault is reported as soon as it is certain. The model does not predict that moment.
            assert_eq!(at_once(&self.new, &self.source[..self.received]), None);
            assert_eq!(upload.state, State::Failed);
            return;
        }
        let expected = match answer {
            Answer::Open | Answer::Cancelled => (None, State::Running),
            Answer::Complete => (None, State::Succeeded),
            Answer::Refused(reason) => (Some(reason), State::Running),
            Answer::Failed(reason) => (Some(reason), State::Failed),
            Answer::Killed { .. } => return,
        };
        assert_eq!(ended, expected);
        assert!(upload.committed_offset <= self.received as u64);
    }

    /// Writes up to `end`: no client declares that a source ends before bytes that it has sent.
    fn write_up_to(&mut self, end: usize) -> Option<Answer> {
        while self.received < end {
            let length = end - self.received;
            if let Some(answer) = self.write(self.received, length) {
                return Some(answer);
            }
        }
        None
    }

    fn write(&mut self, offset: usize, length: usize) -> Option<Answer> {
        let write = self.next(offset, length.min(CONTENT_BYTES_MAX));
        let (end, is_empty) = (offset + write.content.len(), write.content.is_empty());
        self.send_write(write);
        if is_empty {
            return None;
        }
        // Only the first content of a stream may begin with bytes that the server has.
        if self.is_placed && offset < self.received {
            return Some(Answer::Refused("INVALID_FIELD"));
        }
        self.is_placed = true;
        assert!(self.received <= end, "a message reaches the missing bytes");
        self.received = end;
        self.sent = self.sent.max(end);
        None
    }

    /// Sends content that leaves a gap or lies before byte 0. A message without content leaves no gap.
    fn astray(&mut self, write_offset: i64) -> Option<Answer> {
        let write = Write {
            write_offset,
            ..self.next(self.received, 100)
        };
        let is_empty = write.content.is_empty();
        self.send_write(write);
        if write_offset < 0 {
            return Some(Answer::Refused("INVALID_FIELD"));
        }
        (!is_empty).then_some(Answer::Refused("UPLOAD_OFFSET_MISMATCH"))
    }

    /// Finishes. The bits of `declares`: 1 declares a wrong length, 2 the right one, 4 a wrong digest, 8 the right
    /// one.
    fn finish(&mut self, declares: u8) -> Answer {
        let (length, source) = (self.received as u64, &self.source[..self.received]);
        let (mut total_size, mut sha256, mut answer) = (None, None, Answer::Complete);
        if declares & 0xC > 0 {
            sha256 = Some(digest::sha256(source));
        }
        if declares & 4 > 0 {
            sha256 = Some([7; 32]);
            answer = Answer::Failed("DIGEST_MISMATCH");
        }
        if declares & 3 > 0 {
            total_size = Some(length);
        }
        if declares & 1 > 0 {
            total_size = Some(length + 1);
            answer = Answer::Failed("SIZE_MISMATCH");
        }
        let end = Write {
            ends: true,
            ..self.next(self.received, 0)
        };
        self.send(Message {
            write: Some(end),
            declared: Declared { sha256, total_size },
            ..Message::default()
        });
        answer
    }

    fn next(&self, offset: usize, length: usize) -> Write {
        let end = self.source.len().min(offset + length);
        let content = Bytes::copy_from_slice(&self.source[offset..end]);
        Write {
            write_offset: i64::try_from(offset).unwrap(),
            crc32c: Some(crc32c::crc32c(&content)),
            content,
            ends: false,
        }
    }

    fn send_write(&mut self, write: Write) {
        self.send(Message {
            write: Some(write),
            ..Message::default()
        });
    }

    fn send(&mut self, message: Message) {
        self.messages.push(Ok(message));
    }
}

/// Returns the chunks of a source that arrives whole, or `None` if it is refused.
pub(crate) fn at_once(new: &NewUpload, source: &[u8]) -> Option<Vec<(Span, String)>> {
    let (spec, decoding) = new.preferences.over(&Preferences::default()).ok()?;
    let mut engine = Engine::new(&loaded(&spec), decoding, BATCH_BYTES_MIN);
    let (mut rest, mut chunks) = (source, Vec::new());
    loop {
        match engine.step().ok()? {
            Step::Feed if rest.is_empty() => engine.finish(),
            Step::Feed => rest = &rest[engine.feed(rest)..],
            Step::Done(_) => return Some(chunks),
            Step::Store(batch) => {
                let batch = batch.digested();
                let chunk = |one: &Chunk| (one.span, batch.text(one).to_owned());
                chunks.extend(batch.chunks.iter().map(chunk));
            }
        }
    }
}
