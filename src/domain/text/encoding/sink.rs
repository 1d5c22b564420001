//! Receives decoded text, and applies the policy on faults.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::{Decoding, Fault, Policy};
use crate::domain::text::features::Features;
use crate::domain::text::window::Window;

/// Receives the text and the faults of a decoder.
#[derive(Debug)]
pub struct TextSink<'a> {
    /// The policy.
    pub decoding: Decoding,
    /// The window that receives the text.
    pub window: &'a mut Window,
    /// The number of the source's bytes that were decoded.
    pub source_end: &'a mut u64,
    /// The charset of the source.
    pub charset: Charset,
}

impl TextSink<'_> {
    /// Emits text with exactly the source's bytes.
    ///
    /// # Errors
    ///
    /// Fails at a NUL if the policy rejects it.
    pub fn verbatim(&mut self, mut text: &str) -> Result<(), Fault> {
        let features = Features::of(text);
        while features.has_controls
            && let Some(nul) = memchr::memchr(0, text.as_bytes())
        {
            self.push(&text[..nul], features);
            self.nul(1)?;
            text = &text[nul + 1..];
        }
        self.push(text, features);
        Ok(())
    }

    /// Emits a character that took `source_bytes` bytes.
    ///
    /// # Errors
    ///
    /// Fails at a NUL if the policy rejects it.
    pub fn decoded(&mut self, character: char, source_bytes: usize) -> Result<(), Fault> {
        if character == '\0' {
            return self.nul(source_bytes);
        }
        self.window.push_decoded(character, source_bytes);
        *self.source_end += source_bytes as u64;
        Ok(())
    }

    /// Reports `source_bytes` bytes that are no character.
    ///
    /// # Errors
    ///
    /// Fails if the policy rejects them.
    pub fn invalid(&mut self, source_bytes: usize) -> Result<(), Fault> {
        let fault = Fault::Invalid {
            offset: *self.source_end,
            charset: self.charset.name(),
            is_detected: self.decoding.charset.is_none(),
            looks_like: None,
        };
        self.fault(self.decoding.invalid, fault, source_bytes)
    }

    fn nul(&mut self, source_bytes: usize) -> Result<(), Fault> {
        let fault = Fault::Nul {
            offset: *self.source_end,
            looks_like: None,
        };
        self.fault(self.decoding.nul, fault, source_bytes)
    }

    fn fault(&mut self, policy: Policy, fault: Fault, source_bytes: usize) -> Result<(), Fault> {
        match policy {
            Policy::Reject => Err(fault),
            Policy::Replace => {
                self.window.push_fault(source_bytes);
                *self.source_end += source_bytes as u64;
                Ok(())
            }
        }
    }

    fn push(&mut self, text: &str, features: Features) {
        self.window.push_verbatim(text, features);
        *self.source_end += text.len() as u64;
    }
}
