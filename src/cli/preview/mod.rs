//! Previews for people: the chunks of a document by one spec or several.
//!
//! [`cut`] cuts the document in memory. [`screen`] shows the chunks on a terminal, and [`page`] on a page of HTML with the
//! [`histogram`] of their sizes. [`sizes`] says what a spec allows.

pub(crate) mod cut;
mod histogram;
pub(crate) mod page;
pub(crate) mod screen;
mod sizes;
