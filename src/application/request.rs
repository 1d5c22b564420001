//! A request that changes something, as its client named and sent it.

use crate::application::ports::clock::Uid;

/// What tells a request that is sent again from another one under the same id.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The client's request id. `None` means that the client chose none.
    pub uid: Option<Uid>,
    /// The digest of all other fields, as they were sent.
    pub sha256: [u8; 32],
}
