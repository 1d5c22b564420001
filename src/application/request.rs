//! A request that changes something, as its client named and sent it.

use crate::domain::names::uid::OperationUid;

/// The identity of a request: a repeated request has the same digest, another request under the same id does not.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The client's request id. `None` means that the client chose none.
    pub uid: Option<OperationUid>,
    /// The SHA-256 of all other fields, as they were sent.
    pub sha256: [u8; 32],
}
