//! The encoded form of numbers, flags and strings in a checkpoint.
//!
//! Numbers are in little-endian order. Lists and strings begin with their length.

/// Appends a text that is shorter than 64 KiB.
pub fn push_text(to: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(text.as_bytes());
}

/// Reads an encoded form. Each read returns `None` if it is not possible.
#[derive(Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    /// Takes an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// Takes a number of one byte.
    pub fn number(&mut self) -> Option<u8> {
        self.array::<1>().map(|[number]| number)
    }

    /// Takes a flag.
    pub fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Takes a text of at most `bytes_max` bytes.
    pub fn text(&mut self, bytes_max: usize) -> Option<String> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let text = str::from_utf8(text).ok()?;
        (length <= bytes_max).then(|| text.to_owned())
    }
}
