//! Pages of lists.

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::pagination::page_token::Tokens;

/// How many rows a page has if the request does not say.
const ROWS_DEFAULT: u32 = 50;
/// How many rows a page has at most.
const ROWS_MAX: u32 = 1_000;

/// What a page has at most, for clients take 4 MiB as a rule; a row that has more comes alone.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// What a row has besides what varies.
const ROW_BYTES: usize = 512;

/// Which page a request asks for.
#[derive(Debug)]
pub struct Page<'a> {
    tokens: &'a Tokens,
    caller: &'a Caller,
    scope: String,
    /// The row that it comes after, as the token before says; none: it is the first.
    pub after: Option<String>,
    rows: u32,
}

/// A page of a list, and the token of the next; empty after the last.
pub type Listed<T> = (Vec<T>, String);

impl<'a> Page<'a> {
    /// Reads what a request says. The scope is the list: method and other arguments.
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

    /// How many rows to ask the store for: one more than the page has shows that there is another.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows + 1
    }

    /// Cuts what the store gave, and seals the token of the next page. `bytes` is what a row has of
    /// varying length.
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
