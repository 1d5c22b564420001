//! What a move answers when it is asked for again.

use crate::application::ports::operations::{Kind, Operation};
use crate::application::ports::partitions::Moved;

/// What a request answers whose uid is that of an operation already.
pub(crate) fn known(operation: Operation, target: &str) -> Moved {
    if operation.kind == Kind::MoveDocument && operation.target == target {
        Moved::Operation(Box::new(operation))
    } else {
        Moved::OtherRequest
    }
}
