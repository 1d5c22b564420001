//! Everything that a user chose about chunks.
//!
//! A [`partial`] spec has the fields that a user set. [`merging`] completes it with those of a collection to a [`checked`]
//! one, [`token_fields`] checks those about tokens, and a [`conflict`] explains fields that do not fit together. [`limits`]
//! and [`levels`] check the sizes.

pub mod checked;
pub mod conflict;
pub mod levels;
pub mod limits;
pub mod merging;
pub mod partial;
pub mod token_fields;
