//! Decides as a careful reader would where a sentence ends, and which characters stay together.
//!
//! [`place`] classifies a place. [`stop`] finds the mark before it, with its quotes, brackets and reference marks,
//! and [`sentence_end`] judges that mark by three things: the word before ([`abbreviation`]), the text after ([`next`]),
//! both with [`word_lists`], and a speaker's name ([`quotation`]). A [`marker`] stays with its item, and a [`bracket`]
//! with its contents. [`wrapped`] detects lines that continue on the next line, and [`syllable`] finds the clusters that
//! no cut may separate.
//!
//! A bounded stretch of text around the place decides, in the same way for all languages of a script.

pub mod abbreviation;
pub mod bracket;
pub mod letters;
pub mod marker;
pub mod next;
pub mod place;
pub mod quotation;
pub mod sentence_end;
pub mod stop;
pub mod syllable;
pub mod word_lists;
pub mod wrapped;
