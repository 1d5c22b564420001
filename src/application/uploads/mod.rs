//! Uploads that a client sends, from its messages to commits.
//!
//! The data flows `upload_stream` → `pipeline` → `commits`: `upload_stream` reads one client's messages, `pipeline`
//! feeds them to the engine and forms batches, `commits` stores the batches in order. `duplex` does the same and sends
//! acknowledgements and chunks back. `lifecycle` starts, attaches, fails and cancels; `replay` compares bytes and
//! requests that are sent again. `min_rate` ends uploads that are idle or too slow. `limits` names the limits; their
//! default values are in `config/sections/uploads.rs`.
//!
//! To add a check on received bytes: a function in `pipeline`, its error in `application::error`, a test in
//! `tests/service`.

pub mod commits;
pub mod duplex;
pub mod flush_timer;
pub mod lifecycle;
pub mod limits;
pub mod min_rate;
pub mod opened_upload;
pub mod pipeline;
pub mod replay;
pub mod services;
pub mod upload_stream;
pub mod write;
