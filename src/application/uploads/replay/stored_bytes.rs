//! The part of a source that the server already has, and a stream that repeats some of it.
//!
//! A stream may begin at any byte up to the first one that the server does not have. From there on each message
//! begins where the previous one ended. Bytes that the server has are skipped. If a stream begins at byte 0, they are
//! also hashed and compared, so that one request id never stands for two sources.

use crate::application::error::Error;
use crate::application::uploads::write::Write;
use crate::domain::ingest::digest::Running;

/// The known part of a source, and the position of a stream in it.
#[derive(Debug)]
pub struct StoredBytes {
    /// The number of leading bytes of the source that the server has.
    length: u64,
    /// The digest of those bytes.
    sha256: [u8; 32],
    /// Whether the source ends there.
    is_whole: bool,
    /// The offset of the next message. `None` means that no message with content has come yet.
    next: Option<u64>,
    /// The digest of the repeated bytes. `None` means that there is nothing to compare: the server has no bytes, the
    /// stream began after byte 0, or the comparison is done.
    repeated: Option<Running>,
}

impl StoredBytes {
    /// Creates the known beginning of a source, before a stream sends any of it.
    #[must_use]
    pub fn prefix(length: u64, sha256: [u8; 32]) -> Self {
        Self {
            length,
            sha256,
            is_whole: false,
            next: None,
            repeated: (length > 0).then(Running::default),
        }
    }

    /// Creates a source that the server has to its end.
    #[must_use]
    pub fn whole(length: u64, sha256: [u8; 32]) -> Self {
        Self {
            is_whole: true,
            ..Self::prefix(length, sha256)
        }
    }

    /// Whether no message has set the position of the stream yet.
    #[must_use]
    pub fn is_unplaced(&self) -> bool {
        self.next.is_none()
    }

    /// Checks the position of a message, and returns the part of its content that is new.
    ///
    /// A message without content that does not end the source is a keep-alive: its offset is ignored.
    ///
    /// # Errors
    ///
    /// Fails if the message is too large or damaged, leaves a gap, or goes back. Also fails if repeated content
    /// differs from the bytes that the server has.
    pub fn take<'a>(&mut self, write: &'a Write) -> Result<&'a [u8], Error> {
        let offset = write.checked_offset()?;
        let content = &write.content[..];
        if content.is_empty() && !write.ends {
            return Ok(content);
        }
        self.place(offset, write)?;
        let end = offset + content.len() as u64;
        self.next = Some(end);
        let again = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (again, new) = content.split_at(again.min(content.len()));
        if let Some(repeated) = &mut self.repeated {
            repeated.update(again);
        }
        let is_other = |repeated: Running| repeated.sha256() != self.sha256;
        let is_shorter = write.ends && end < self.length;
        let is_longer = self.is_whole && !new.is_empty();
        if is_shorter
            || is_longer
            || (end >= self.length && self.repeated.take().is_some_and(is_other))
        {
            return Err(Error::RequestIdReused { differs: "content" });
        }
        Ok(new)
    }

    /// Checks the offset of a message.
    fn place(&mut self, offset: u64, write: &Write) -> Result<(), Error> {
        let expected = self.next.unwrap_or(self.length);
        if offset > expected {
            return Err(Error::OffsetMismatch {
                expected,
                provided: write.write_offset,
            });
        }
        // A first message without content repeats nothing: it only marks the end of the source.
        let may_repeat = self.next.is_none() && (self.is_whole || !write.content.is_empty());
        if offset < expected && !may_repeat {
            let message = format!(
                "is {offset}, but must be {expected}: each message begins where the one before it ended"
            );
            return Err(Error::invalid("write_offset", message));
        }
        if self.next.is_none() && offset > 0 {
            self.repeated = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::StoredBytes;
    use crate::application::error::Error;
    use crate::application::uploads::write::Write;
    use crate::domain::ingest::digest;

    const SOURCE: &[u8] = b"0123456789";

    fn write(write_offset: i64, content: &'static [u8]) -> Write {
        Write {
            write_offset,
            content: content.into(),
            ..Write::default()
        }
    }

    fn last(write: Write) -> Write {
        Write {
            ends: true,
            ..write
        }
    }

    fn prefix(length: usize) -> StoredBytes {
        StoredBytes::prefix(length as u64, digest::sha256(&SOURCE[..length]))
    }

    fn whole() -> StoredBytes {
        StoredBytes::whole(SOURCE.len() as u64, digest::sha256(SOURCE))
    }

    /// Returns the new bytes of the messages, or the reason of the first error.
    fn take_all(mut known: StoredBytes, messages: &[Write]) -> Result<Vec<u8>, &'static str> {
        let mut new = Vec::new();
        for message in messages {
            match known.take(message) {
                Ok(content) => new.extend_from_slice(content),
                Err(Error::RequestIdReused { .. }) => return Err("reused"),
                Err(Error::OffsetMismatch { .. }) => return Err("gap"),
                Err(Error::Invalid { field, .. }) => return Err(field),
                Err(other) => unreachable!("{other}"),
            }
        }
        Ok(new)
    }

    #[test]
    fn a_stream_may_begin_at_any_byte_up_to_the_first_missing_one() {
        for begin in 0..=4 {
            let messages = [Write {
                write_offset: i64::try_from(begin).unwrap(),
                content: SOURCE[begin..].into(),
                ..Write::default()
            }];
            assert_eq!(take_all(prefix(4), &messages).unwrap(), &SOURCE[4..]);
        }
        assert_eq!(take_all(prefix(4), &[write(5, b"56789")]), Err("gap"));
    }

    #[test]
    fn after_its_first_message_a_stream_only_goes_forward_without_gaps() {
        let first = || write(0, b"012");
        let next = [first(), write(3, b"3456")];
        assert_eq!(take_all(prefix(4), &next).unwrap(), b"456");
        for (offset, expected) in [(0, "write_offset"), (2, "write_offset"), (4, "gap")] {
            assert_eq!(
                take_all(prefix(4), &[first(), write(offset, b"x")]),
                Err(expected)
            );
        }
        let kept_alive = [first(), write(0, b""), write(99, b""), write(3, b"3456")];
        assert_eq!(take_all(prefix(4), &kept_alive).unwrap(), b"456");
    }

    #[test]
    fn the_end_of_a_source_must_be_in_its_place() {
        for (offset, expected) in [(4, Ok(vec![])), (0, Err("write_offset")), (5, Err("gap"))] {
            assert_eq!(take_all(prefix(4), &[last(write(offset, b""))]), expected);
        }
        let sent = [write(4, b"56"), last(write(0, b""))];
        assert_eq!(take_all(prefix(4), &sent), Err("write_offset"));
        assert_eq!(
            take_all(prefix(4), &[last(write(0, b"012"))]),
            Err("reused"),
            "shorter"
        );
    }

    #[test]
    fn a_prefix_that_is_sent_again_has_to_be_the_same() {
        assert_eq!(take_all(prefix(4), &[write(0, b"01X3456")]), Err("reused"));
        let late = [write(0, b"01X"), write(3, b"3"), write(4, b"456")];
        assert_eq!(take_all(prefix(4), &late), Err("reused"));
        // The bytes before 1 were not sent, so the rest cannot be compared.
        assert_eq!(take_all(prefix(4), &[write(1, b"1X3456")]).unwrap(), b"456");
    }

    #[test]
    fn a_whole_source_that_is_sent_again_has_to_be_the_same() {
        for messages in [
            vec![last(write(0, SOURCE))],
            vec![write(0, b"0123"), last(write(4, b"456789"))],
            vec![write(0, b"0123"), write(4, b"456789"), last(write(10, b""))],
            vec![last(write(10, b""))],
            vec![last(write(6, b"6789"))],
            vec![write(0, b"0123")],
        ] {
            assert_eq!(take_all(whole(), &messages), Ok(vec![]), "{messages:?}");
        }
        for messages in [
            vec![last(write(0, b"01234567X9"))],
            vec![write(0, b"01234567X9")],
            vec![last(write(0, b"0123456789 and more"))],
            vec![write(10, b"more")],
            vec![last(write(0, b"01234"))],
            vec![last(write(6, b"678"))],
            vec![last(write(0, b""))],
        ] {
            assert_eq!(take_all(whole(), &messages), Err("reused"), "{messages:?}");
        }
        let empty = || StoredBytes::whole(0, digest::sha256(b""));
        assert_eq!(take_all(empty(), &[last(write(0, b""))]), Ok(vec![]));
        assert_eq!(take_all(empty(), &[write(0, b"x")]), Err("reused"));
    }
}
