//! A place in a line that counts columns, with a tab stop at every fourth.

/// The columns between two tab stops (CommonMark 0.31, §2.2).
const TAB_STOP: usize = 4;

/// A place in a line.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
    column: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the beginning of a line without its line end.
    #[must_use]
    pub fn new(line: &'a [u8]) -> Self {
        Self {
            line,
            at: 0,
            column: 0,
        }
    }

    /// Returns the columns of white space before the next other byte.
    #[must_use]
    pub fn indent(&self) -> usize {
        let mut column = self.column;
        for byte in &self.line[self.at..] {
            match byte {
                b' ' => column += 1,
                b'\t' => column += TAB_STOP - column % TAB_STOP,
                _ => break,
            }
        }
        column - self.column
    }

    /// Whether only white space follows.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.rest().is_empty()
    }

    /// Returns the rest of the line from its first byte that is not white space.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.line[self.at..].trim_ascii_start()
    }

    /// Skips at most `columns` columns of white space.
    pub fn skip_columns(&mut self, columns: usize) {
        let end = self.column + columns;
        while self.column < end {
            match self.line.get(self.at) {
                Some(b' ') => {
                    self.column += 1;
                    self.at += 1;
                }
                Some(b'\t') => {
                    let stop = self.column + TAB_STOP - self.column % TAB_STOP;
                    if stop <= end {
                        self.at += 1;
                        self.column = stop;
                    } else {
                        self.column = end;
                    }
                }
                _ => return,
            }
        }
    }

    /// Skips white space and then `bytes` bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.skip_columns(self.indent());
        self.at += bytes;
        self.column += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_tab_reaches_to_the_next_stop() {
        let mut cursor = Cursor::new(b"-\t\tfoo");
        cursor.skip(1);
        assert_eq!(cursor.indent(), 7);
        cursor.skip_columns(1);
        assert_eq!(cursor.indent(), 6);
        cursor.skip_columns(2);
        assert_eq!(cursor.indent(), 4);
        assert_eq!(cursor.rest(), b"foo");
    }
}
