//! What every call has, besides what the door does for every request: its deadline, refusals in the
//! words of the closed list, and its place in the metrics.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use http_body::Frame;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::application::error::Error;
use crate::interface::admitted::Admitted;
use crate::interface::grpc::deadline::{self, End, Limited};
use crate::interface::grpc::{message, methods, refusal, status};

/// How long calls took: a histogram by method and status (gRFC A66, as Prometheus writes it).
pub const DURATION: &str = "grpc_server_call_duration_seconds";
/// What methods are called that are not ours, however many there may be.
const OTHER: &str = "_OTHER";

/// Keeps the call's deadline, explains its refusal, and measures it.
pub async fn keep(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.uri().path();
    let method = methods::at(path).map_or(OTHER, |method| method.path);
    let bytes_max = message::bytes_max(path);
    let deadline = deadline::of(request.headers()).map(|after| begun + after);
    let mut observed = Observed {
        method,
        begun,
        code: Code::Cancelled,
    };
    let mut end = end(deadline, request.extensions().get::<Admitted>().cloned());
    let response = tokio::select! {
        biased;
        response = next.run(request) => response.map(|body| Body::new(Limited::new(body, end))),
        error = &mut end => status::of(&error).into_http(),
    };
    let response = refusal::explained(response, bytes_max);
    observed.see(response.headers());
    response.map(|body| Body::new(Measured { body, observed }))
}

/// What ends the call before its time: its deadline, or that its caller is not let in any more.
fn end(deadline: Option<Instant>, admitted: Option<Admitted>) -> End {
    Box::pin(async move {
        let late = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let lost = async {
            match admitted {
                Some(admitted) => admitted.lost().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = late => Error::DeadlineExceeded,
            error = lost => error,
        }
    })
}

/// A call that is measured when this is dropped.
struct Observed {
    method: &'static str,
    begun: Instant,
    /// Until its status is seen it counts as cancelled: whoever drops it before has left.
    code: Code,
}

impl Observed {
    /// Takes the status from headers or trailers, if they have it.
    fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get(Status::GRPC_STATUS) {
            self.code = Code::from_bytes(status.as_bytes());
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let (method, status) = (self.method, name(self.code));
        metrics::histogram!(DURATION, "grpc_method" => method, "grpc_status" => status)
            .record(self.begun.elapsed());
    }
}

/// A response's body, the end of which is the call's.
struct Measured {
    body: Body,
    observed: Observed,
}

impl HttpBody for Measured {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            self.observed.see(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

/// The name of a code, as `google.rpc.Code` has it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
