//! Pages of lists.

use crate::application::error::Error;

/// How many rows a page has if the request does not say.
const ROWS_DEFAULT: u32 = 50;
/// How many rows a page has at most.
const ROWS_MAX: u32 = 1_000;

/// How many rows a page shall have.
///
/// # Errors
///
/// Fails for a negative number.
pub fn rows(page_size: i32) -> Result<u32, Error> {
    match u32::try_from(page_size) {
        Ok(0) => Ok(ROWS_DEFAULT),
        Ok(rows) => Ok(rows.min(ROWS_MAX)),
        Err(_) => Err(Error::invalid("page_size", "must not be negative")),
    }
}

/// Cuts a list that was asked for with one row more than `rows`, and says after which row the next
/// page begins.
pub fn cut<T>(mut list: Vec<T>, rows: u32, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let rows = rows as usize;
    if list.len() <= rows {
        return (list, None);
    }
    list.truncate(rows);
    let next = list.last().map(key);
    (list, next)
}
