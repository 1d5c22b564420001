//! Pages of lists.

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page_token::Tokens;

/// The rows of a page if the request gives no size.
const ROWS_DEFAULT: u32 = 50;
/// The most rows of a page.
const ROWS_MAX: u32 = 1_000;

/// The most bytes of a page: most clients accept messages of up to 4 MiB. A single larger row is a page of its own.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// The bytes of a row apart from its fields of variable length.
const ROW_BYTES: usize = 512;

/// The page that a request asks for.
#[derive(Debug)]
pub struct Page<'a> {
    tokens: &'a Tokens,
    caller: &'a Caller,
    scope: String,
    /// The row that precedes the page, from the page token. `None` means that this is the first page.
    pub after: Option<String>,
    rows: u32,
}

/// A page of a list, and the token of the next page. The token is empty after the last page.
pub type Listed<T> = (Vec<T>, String);

impl<'a> Page<'a> {
    /// Reads the page size and the page token of a request. `scope` identifies the list: the method and its other
    /// arguments.
    ///
    /// # Errors
    ///
    /// Fails for a negative size, and for a token that is not of this list.
    pub fn new(
        tokens: &'a Tokens,
        caller: &'a Caller,
        scope: String,
        page_size: i32,
        page_token: &str,
    ) -> Result<Self, Error> {
        let rows = match u32::try_from(page_size) {
            Ok(0) => ROWS_DEFAULT,
            Ok(rows) => rows.min(ROWS_MAX),
            Err(_) => return Err(Error::invalid("page_size", "must not be negative")),
        };
        let after = (!page_token.is_empty())
            .then(|| tokens.open(caller, &scope, "page_token", page_token))
            .transpose()?;
        Ok(Self {
            tokens,
            caller,
            scope,
            after,
            rows,
        })
    }

    /// Returns the number of rows to request from the store: one more than the page, which shows whether another page
    /// follows.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows + 1
    }

    /// Cuts the rows of the store to one page, and signs the token of the next page. `bytes` returns the length of a
    /// row's fields of variable length.
    #[must_use]
    pub fn cut<T>(
        &self,
        mut list: Vec<T>,
        key: impl Fn(&T) -> String,
        bytes: impl Fn(&T) -> usize,
    ) -> Listed<T> {
        let mut total = 0;
        let fits = list.iter().take_while(|row| {
            let is_first = total == 0;
            total += ROW_BYTES + bytes(row);
            is_first || total <= BYTES_MAX
        });
        let rows = fits.count().min(self.rows as usize);
        if list.len() <= rows {
            return (list, String::new());
        }
        list.truncate(rows);
        let next = list.last().map(key).unwrap_or_default();
        let token = self.tokens.seal(self.caller, &self.scope, &next);
        (list, token)
    }
}
