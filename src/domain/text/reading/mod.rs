//! How a careful reader sees a text: where a sentence ends, and what stays together.
//!
//! [`place`] says what a place is to a reader. A mark before it, found with its quotes, brackets and reference marks by
//! [`stop`], is judged by [`sentence_end`]: by the word before ([`abbreviation`], from the lists of `abbreviations`),
//! by what comes [`next`] (with `starters`), and by who spoke ([`quotation`]). A [`marker`] stays with its item, and a
//! [`bracket`] with what it holds. [`wrapped`] tells lines that go on in the next, [`syllable`] what no cut may part.
//!
//! Everything is decided by a bounded stretch of text around the place, in one way for all languages of a script.
//!
//! To add an abbreviation: a line in the list that fits, and a sentence with it in `tests/chunking/sentences`.

pub mod abbreviation;
mod abbreviations;
pub mod bracket;
pub mod letters;
pub mod marker;
pub mod next;
pub mod place;
pub mod quotation;
pub mod sentence_end;
mod starters;
pub mod stop;
pub mod syllable;
pub mod wrapped;
