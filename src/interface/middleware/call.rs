//! The layer of calls: the deadline, the metrics, the entry in the audit log, and refusals as errors of the closed
//! list. A panic ends only its own call.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http_body::Frame;
use tokio::time::Instant;
use tonic::{Code, Status};
use tracing::Span;

use crate::application::audit::recorder::{AuditedRequest, Recorder, is_recorded};
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::interface::authenticated_caller::AuthenticatedCaller;
use crate::interface::grpc::audit_target::AuditTarget;
use crate::interface::grpc::framework_status;
use crate::interface::grpc::message_limits;
use crate::interface::grpc::{methods, status};
use crate::interface::middleware::deadline::{self, EarlyEnd, Limited};
use crate::interface::transport::peer::Peer;

/// Durations of calls: a histogram by method and status (gRFC A66, as Prometheus writes it).
pub const DURATION: &str = "grpc_server_call_duration_seconds";
/// The label of all methods outside this API, so that clients cannot create more labels.
const OTHER: &str = "_OTHER";

/// Marks a response whose end this layer logs.
#[derive(Clone, Copy, Debug)]
pub struct LoggedAtItsEnd;

/// Ends the call at its deadline, maps its refusal, measures, logs and records it.
pub async fn keep(State(recorder): State<Recorder>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.uri().path();
    let method = methods::at(path);
    let bytes_max = message_limits::bytes_max(path);
    let deadline = deadline::of(request.headers()).map(|after| begun + after);
    let doing = method.filter(|method| is_recorded(method.class));
    let doing = doing.map(|_recorded| Doing::new(recorder, &mut request));
    let mut observed = Observed {
        span: Span::current(),
        method: method.map_or(OTHER, |method| method.path),
        begun,
        code: Code::Cancelled,
        doing,
    };
    let mut end = end(
        deadline,
        request.extensions().get::<AuthenticatedCaller>().cloned(),
    );
    let answering = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = tokio::select! {
        biased;
        // A panic leaves only the call's own state inconsistent: calls share their state through stores and channels.
        response = answering => response.unwrap_or_else(|_panic| {
            metrics::counter!("sluice_panics_total").increment(1);
            status::of(&Error::Panicked).into_http()
        }).map(|body| Body::new(Limited::new(body, end))),
        error = &mut end => status::of(&error).into_http(),
    };
    let mut response = framework_status::explain(response, bytes_max);
    response.extensions_mut().insert(LoggedAtItsEnd);
    observed.see(response.headers());
    response.map(|body| Body::new(Measured { body, observed }))
}

/// Returns the early end of the call: at its deadline, or when its caller is no longer authenticated.
fn end(deadline: Option<Instant>, authenticated: Option<AuthenticatedCaller>) -> EarlyEnd {
    Box::pin(async move {
        let late = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let lost = async {
            match authenticated {
                Some(authenticated) => authenticated.session_ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = late => Error::DeadlineExceeded,
            error = lost => error,
        }
    })
}

/// A call that is measured, logged and recorded when this is dropped.
struct Observed {
    /// The span of the request.
    span: Span,
    method: &'static str,
    begun: Instant,
    /// The status: `Cancelled` until the body or the headers have named it. A body dropped before that was left by
    /// its client.
    code: Code,
    /// `None` means that the call is not recorded.
    doing: Option<Doing>,
}

/// The data of a call for the audit log.
struct Doing {
    recorder: Recorder,
    caller: Option<Caller>,
    source: Option<IpAddr>,
    target: AuditTarget,
}

impl Doing {
    /// Adds a [`AuditTarget`] to the request, where its handler notes the resource that it names.
    fn new(recorder: Recorder, request: &mut Request) -> Self {
        let target = AuditTarget::default();
        request.extensions_mut().insert(target.clone());
        let peer = request.extensions().get::<Arc<Peer>>();
        Self {
            recorder,
            caller: request.extensions().get::<Caller>().cloned(),
            source: peer.map(|peer| peer.address.ip()),
            target,
        }
    }
}

impl Observed {
    /// Reads the status from headers or trailers, if they have it.
    fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get(Status::GRPC_STATUS) {
            self.code = Code::from_bytes(status.as_bytes());
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let method = self.method;
        let status = status::name(self.code);
        let duration = self.begun.elapsed();
        metrics::histogram!(DURATION, "grpc_method" => method, "grpc_status" => status)
            .record(duration);
        let duration_ms = duration.as_millis();
        tracing::info!(parent: &self.span, rpc.status_code = status, duration_ms, "call ended");
        if let Some(doing) = &self.doing {
            doing.recorder.record(AuditedRequest {
                caller: doing.caller.as_ref(),
                source: doing.source,
                method,
                target: doing.target.noted(),
                result: status,
            });
        }
    }
}

/// A response's body, whose end is the end of the call.
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
