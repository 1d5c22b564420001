//! What every request passes: its id, its log line, its deadline, and who may ask.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tonic::Status;
use tracing::Instrument;
use uuid::Uuid;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::interface::grpc::deadline::{self, Limited};
use crate::interface::grpc::{message, refusal, status};

/// The header with a request's id, both ways.
const REQUEST_ID: &str = "x-request-id";
/// The longest id that is taken from a client.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Gives the request an id and a log line, keeps its deadline, and refuses other hosts: a web page
/// that a browser on this machine shows must not reach a server without identity.
pub async fn admit(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let method = request.uri().path().to_owned();
    let span = tracing::info_span!("request", request.id = %id.to_str().unwrap_or_default(), rpc.method = %method);
    let begun = Instant::now();
    let deadline = deadline::of(request.headers()).map(|after| begun + after);
    let mut response = async {
        if !is_for_this_machine(&request) || may_be_a_web_page(request.headers()) {
            return status::of(&Error::HostNotAllowed).into_http();
        }
        request.extensions_mut().insert(Caller::anonymous());
        let answered = next.run(request);
        let response = match deadline {
            None => answered.await,
            Some(deadline) => match tokio::time::timeout_at(deadline, answered).await {
                Ok(response) => response.map(|body| Body::new(Limited::new(body, deadline))),
                Err(_) => status::of(&Error::DeadlineExceeded).into_http(),
            },
        };
        let response = refusal::explained(response, message::bytes_max(&method));
        let status = response
            .headers()
            .get(Status::GRPC_STATUS)
            .map(HeaderValue::as_bytes);
        let code = status.map_or("streaming or OK", |code| {
            str::from_utf8(code).unwrap_or("?")
        });
        let duration_ms = begun.elapsed().as_millis();
        tracing::info!(rpc.status_code = code, duration_ms, "answered");
        response
    }
    .instrument(span)
    .await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The client's id if it is fit to be logged, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|id| {
        let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        id.len() <= REQUEST_ID_BYTES_MAX && id.as_bytes().iter().all(is_fit)
    });
    let new = || HeaderValue::try_from(Uuid::now_v7().to_string());
    given
        .cloned()
        .or_else(|| new().ok())
        .unwrap_or(HeaderValue::from_static("unknown"))
}

/// Whether a browser may have sent it for a page: those name their origin, and can send gRPC's
/// content type only with the server's leave, which it never gives.
fn may_be_a_web_page(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_grpc = content_type.is_some_and(|is| is.as_bytes().starts_with(b"application/grpc"));
    headers.contains_key(header::ORIGIN) || !is_grpc
}

fn is_for_this_machine(request: &Request) -> bool {
    let header = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = request.uri().host().or_else(|| header.map(without_port));
    let is_this = |host: &str| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let address = address.parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    host.is_some_and(is_this)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;

    use super::is_for_this_machine;

    #[test]
    fn other_hosts_are_not_this_machine() {
        let asked = |uri: &str, host: &'static str| {
            let request = Request::builder()
                .uri(uri)
                .header("host", host)
                .body(Body::empty());
            is_for_this_machine(&request.unwrap())
        };
        assert!(asked("http://127.0.0.1:50051/x", "anything"));
        assert!(
            asked("/x", "localhost:50051") && asked("/x", "[::1]:1") && asked("/x", "127.0.0.1")
        );
        assert!(!asked("/x", "evil.example") && !asked("http://evil.example/x", "localhost"));
        assert!(!asked("/x", "localhost.evil.example:80") && !asked("/x", "10.0.0.1"));
        assert!(asked("/x", "127.0.0.2:1"), "where a server may listen too");
    }
}
