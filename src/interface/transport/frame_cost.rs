//! The cost of handling the bytes that a connection sends, in tenths of a call.
//!
//! In HTTP/2 only frame headers are parsed (RFC 9113 §4.1). Content in frames of at least `CONTENT_BYTES_MIN` is
//! free, because flow control bounds its length. All other frames are counted, because nothing else bounds their
//! number. In HTTP/1 the parser does not separate a body from the requests around it: each empty line counts as the
//! end of a request, and all bytes are counted.

use memchr::memchr_iter;

/// A call, or headers continued in another frame. A client with acceptable headers needs no such frame. A refused
/// call takes about 125 us of a core.
pub(crate) const CALL: u64 = 10;
/// A connection: about 100 us, and the system's own work to open and close it.
pub(crate) const CONNECTION: u64 = 2 * CALL;
/// A connection with a TLS handshake.
pub(crate) const HANDSHAKE: u64 = 5 * CALL;
/// Any other frame without content, or content in pieces so small that they cost about the same: from 1 us for one of
/// many frames to 20 us for a frame that arrives alone.
const FRAME: u64 = 1;
/// The length from which a content frame costs no more than its bytes: a sixteenth of 16 KiB, the shortest common
/// frame.
const CONTENT_BYTES_MIN: usize = 1024;
/// Bytes that cost as much as a frame in HTTP/1 and in WebSockets: about three pings.
const PLAIN_BYTES: usize = 16;

/// The bytes that a client of HTTP/2 sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEAD_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;

/// Counts the cost of a connection's bytes. The state is the parse position.
#[derive(Debug)]
pub(crate) enum FrameCostCounter {
    /// The number of bytes of the preface that have arrived.
    Preface(usize),
    /// The frame head, and the number of its bytes that have arrived.
    Head([u8; FRAME_HEAD_BYTES], usize),
    /// The number of bytes of the payload that are still to come.
    Payload(usize),
    /// HTTP/1, or a protocol that it was upgraded to. Whether the current line is empty up to here.
    Plain(bool),
}

impl FrameCostCounter {
    pub(crate) fn new() -> Self {
        Self::Preface(0)
    }

    /// Returns the cost of `bytes`, which follow the bytes of all earlier calls.
    pub(crate) fn cost_of(&mut self, mut bytes: &[u8]) -> u64 {
        let mut cost = 0;
        while !bytes.is_empty() {
            let (more, taken) = match self {
                Self::Preface(begun) => Self::after_preface(*begun, bytes),
                Self::Head(head, begun) => Self::after_head(head, *begun, bytes),
                Self::Payload(rest) => {
                    let taken = bytes.len().min(*rest);
                    let next = match *rest - taken {
                        0 => Self::Head([0; FRAME_HEAD_BYTES], 0),
                        rest => Self::Payload(rest),
                    };
                    ((next, 0), taken)
                }
                Self::Plain(is_empty) => (Self::after_lines(*is_empty, bytes), bytes.len()),
            };
            (*self, cost) = (more.0, cost + more.1);
            bytes = &bytes[taken..];
        }
        cost
    }

    fn after_preface(begun: usize, bytes: &[u8]) -> ((Self, u64), usize) {
        let rest = &PREFACE[begun..];
        let taken = rest.len().min(bytes.len());
        if rest[..taken] != bytes[..taken] {
            return ((Self::Plain(false), 0), 0);
        }
        let next = if taken == rest.len() {
            Self::Head([0; FRAME_HEAD_BYTES], 0)
        } else {
            Self::Preface(begun + taken)
        };
        ((next, 0), taken)
    }

    fn after_lines(mut is_empty: bool, bytes: &[u8]) -> (Self, u64) {
        // A line may end without a carriage return (RFC 9112 §2.2).
        let nothing = |line: &[u8]| matches!(line, [] | [b'\r']);
        let mut ends = 0;
        let mut begun = 0;
        for end in memchr_iter(b'\n', bytes) {
            ends += u64::from(is_empty && nothing(&bytes[begun..end]));
            (is_empty, begun) = (true, end + 1);
        }
        let is_empty = is_empty && nothing(&bytes[begun..]);
        let pieces = u64::try_from(bytes.len().div_ceil(PLAIN_BYTES)).unwrap_or(u64::MAX);
        (Self::Plain(is_empty), CALL * ends + FRAME * pieces)
    }

    fn after_head(
        head: &mut [u8; FRAME_HEAD_BYTES],
        begun: usize,
        bytes: &[u8],
    ) -> ((Self, u64), usize) {
        let taken = bytes.len().min(FRAME_HEAD_BYTES - begun);
        head[begun..begun + taken].copy_from_slice(&bytes[..taken]);
        if begun + taken < FRAME_HEAD_BYTES {
            return ((Self::Head(*head, begun + taken), 0), taken);
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let cost = match head[3] {
            HEADERS | CONTINUATION => CALL,
            DATA if length >= CONTENT_BYTES_MIN => 0,
            _ => FRAME,
        };
        let next = match length {
            0 => Self::Head([0; FRAME_HEAD_BYTES], 0),
            length => Self::Payload(length),
        };
        ((next, cost), taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{CALL, FRAME, FrameCostCounter, PREFACE};

    fn frame(kind: u8, length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let head = [0, high, low, kind, 0, 0, 0, 0, 1];
        [&head[..], &vec![b'\n'; length.into()]].concat()
    }

    #[test]
    fn a_frame_costs_by_its_kind_and_large_content_is_free() {
        let http2 = |frames: &[Vec<u8>]| {
            FrameCostCounter::new().cost_of(&[PREFACE, &frames.concat()].concat())
        };
        assert_eq!(http2(&[]), 0);
        assert_eq!(http2(&[frame(4, 6), frame(6, 8), frame(8, 4)]), 3 * FRAME);
        assert_eq!(http2(&[frame(1, 300), frame(0, 16_384)]), CALL);
        assert_eq!(http2(&[frame(0, 0), frame(0, 1)]), 2 * FRAME);
        assert_eq!(http2(&[frame(1, 300), frame(9, 300)]), 2 * CALL);
    }

    #[test]
    fn a_request_of_http_1_costs_as_much_as_a_call() {
        for end in ["\r\n", "\n"] {
            let request = format!("GET / HTTP/1.1{end}host: a{end}{end}");
            let bytes = |bytes: usize| FRAME * u64::try_from(bytes.div_ceil(16)).unwrap();
            let mut costs = FrameCostCounter::new();
            assert_eq!(
                costs.cost_of(request.as_bytes()),
                CALL + bytes(request.len())
            );
            let many = request.repeat(30);
            assert_eq!(
                costs.cost_of(many.as_bytes()),
                30 * CALL + bytes(many.len())
            );
            let by_byte = request
                .bytes()
                .map(|byte| costs.cost_of(&[byte]))
                .sum::<u64>();
            assert_eq!(
                by_byte,
                CALL + FRAME * u64::try_from(request.len()).unwrap()
            );
        }
        assert_eq!(
            FrameCostCounter::new().cost_of(b"PRI / HTTP/1.1\r\n\r\n"),
            CALL + 2 * FRAME
        );
    }

    proptest! {
        /// The cost does not depend on how the bytes are split.
        #[test]
        fn cuts_change_nothing(
            frames in vec((0_u8..10, 0_u16..3_000), 0..20),
            cuts in vec(1_usize..600, 1..40),
        ) {
            let frames = frames.into_iter().map(|(kind, length)| frame(kind, length));
            let bytes = [PREFACE.to_vec(), frames.collect::<Vec<_>>().concat()].concat();
            let mut costs = FrameCostCounter::new();
            let mut cost = 0;
            let mut rest = &bytes[..];
            for cut in cuts.into_iter().cycle() {
                let (part, later) = rest.split_at(cut.min(rest.len()));
                cost += costs.cost_of(part);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(cost, FrameCostCounter::new().cost_of(&bytes));
        }
    }
}
