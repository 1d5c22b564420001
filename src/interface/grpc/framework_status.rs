//! Maps refusals of the framework, made before a method is reached, to errors of the closed list.

use axum::http::HeaderMap;
use axum::response::Response;
use tonic::{Code, Status};

use crate::application::error::Error;
use crate::interface::grpc::status;

/// The header with the encodings that a server accepts. Only the refusal of an encoding has it.
const ACCEPTED_ENCODINGS: &str = "grpc-accept-encoding";

/// Returns the response, or a refusal with a reason in its place if it is a refusal without one. `request_bytes_max`
/// is the largest request of the method.
#[must_use]
pub fn explain(response: Response, request_bytes_max: usize) -> Response {
    match reason(response.headers(), request_bytes_max) {
        Some(error) => status::of(&error).into_http(),
        None => response,
    }
}

fn reason(headers: &HeaderMap, request_bytes_max: usize) -> Option<Error> {
    let refused = Status::from_header_map(headers)?;
    if !refused.details().is_empty() {
        return None;
    }
    match refused.code() {
        Code::Unimplemented if headers.contains_key(ACCEPTED_ENCODINGS) => {
            Some(Error::EncodingUnsupported)
        }
        Code::Unimplemented => Some(Error::MethodUnknown),
        Code::OutOfRange | Code::ResourceExhausted => Some(Error::MessageTooLarge {
            most: request_bytes_max,
        }),
        Code::NotFound => Some(Error::NotFound { kind: "service" }),
        Code::Internal | Code::InvalidArgument | Code::Unknown => Some(Error::MessageUnreadable),
        Code::Ok
        | Code::Cancelled
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => None,
    }
}
