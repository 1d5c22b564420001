//! Names the charset that a source appears to be in by its first bytes, as advice in a fault.
//!
//! A UTF-16 source that was declared as another charset has a fault in its first bytes. The report waits for enough
//! bytes to name the charset, so that it does not depend on how the source is cut.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::Fault;
use crate::domain::text::encoding::detection::unmarked;

/// The number of bytes that decide: a line of text.
const LOOK_BYTES: usize = 256;

/// The first bytes of a source in a declared charset, and the fault in them.
#[derive(Debug)]
pub struct Looks {
    /// `None` means that no charset was declared, or that the source's start is not available.
    declared: Option<Charset>,
    start: Vec<u8>,
    waiting: Option<Fault>,
}

impl Looks {
    /// Starts with the declared charset of the source.
    #[must_use]
    pub fn new(declared: Option<Charset>) -> Self {
        Self {
            declared,
            start: Vec::new(),
            waiting: None,
        }
    }

    /// Returns the fault that waits for more of the first bytes.
    #[must_use]
    pub fn waiting(&self) -> Option<Fault> {
        self.waiting
    }

    /// Keeps the first bytes of a source, as they are taken.
    pub fn keep(&mut self, taken: &[u8]) {
        if self.declared.is_some() {
            let missing = LOOK_BYTES - self.start.len();
            let first = &taken[..taken.len().min(missing)];
            self.start.extend_from_slice(first);
        }
    }

    /// Reports a fault, or keeps it until there are enough bytes.
    ///
    /// # Errors
    ///
    /// Fails with the fault to report.
    pub fn report(&mut self, fault: Fault) -> Result<(), Fault> {
        let is_early = fault.offset() < LOOK_BYTES as u64;
        if self.declared.is_some() && is_early && self.start.len() < LOOK_BYTES {
            self.waiting = Some(fault);
            return Ok(());
        }
        Err(self.of(fault))
    }

    /// Ends the source.
    ///
    /// # Errors
    ///
    /// Fails with the fault that was kept.
    pub fn end(&mut self) -> Result<(), Fault> {
        self.waiting
            .take()
            .map_or(Ok(()), |fault| Err(self.of(fault)))
    }

    /// Returns the fault with the charset that the first bytes show.
    #[must_use]
    pub fn of(&self, fault: Fault) -> Fault {
        let shown = Charset::by_mark(&self.start).or_else(|| unmarked::detect(&self.start));
        let other = shown.filter(|shown| Some(*shown) != self.declared);
        let is_early = fault.offset() < LOOK_BYTES as u64;
        let looks_like = other.filter(|_| is_early && self.declared.is_some());
        fault.with_look(looks_like.map(Charset::name))
    }
}
