//! Ends a response early, even during its body: at the client's deadline, or when the caller is no longer
//! authenticated.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::application::error::Error;
use crate::interface::grpc::status;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use http_body::Frame;

/// Returns the client's deadline: at most eight digits and a unit (the gRPC protocol). `None` if it is missing or
/// invalid.
#[must_use]
pub fn of(headers: &HeaderMap) -> Option<Duration> {
    let given = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = given.split_at_checked(given.len().checked_sub(1)?)?;
    let amount = digits.parse::<u32>().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_hours(u64::from(amount)),
        "M" => Duration::from_mins(u64::from(amount)),
        "S" => Duration::from_secs(u64::from(amount)),
        "m" => Duration::from_millis(u64::from(amount)),
        "u" => Duration::from_micros(u64::from(amount)),
        "n" => Duration::from_nanos(u64::from(amount)),
        _ => return None,
    })
}

/// The early end of a response, with its reason.
pub type EarlyEnd = Pin<Box<dyn Future<Output = Error> + Send>>;

/// A body that ends with an error status once `end` is ready. The inner body is dropped then, so that its work stops.
pub struct Limited {
    /// `None` once the body has ended early.
    body: Option<Body>,
    end: EarlyEnd,
}

impl std::fmt::Debug for Limited {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Limited").finish_non_exhaustive()
    }
}

impl Limited {
    /// Ends `body` early once `end` is ready.
    #[must_use]
    pub fn new(body: Body, end: EarlyEnd) -> Self {
        Self {
            body: Some(body),
            end,
        }
    }
}

impl HttpBody for Limited {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        let Poll::Ready(error) = self.end.as_mut().poll(context) else {
            return Poll::Pending;
        };
        self.body = None;
        let mut trailers = status::of(&error)
            .into_http::<Body>()
            .into_parts()
            .0
            .headers;
        trailers.remove(header::CONTENT_TYPE);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};
    use std::time::Duration;

    use super::of;

    #[test]
    fn deadlines_are_read_as_the_protocol_writes_them() {
        let read = |given: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", HeaderValue::from_static(given));
            of(&headers)
        };
        assert_eq!(read("5S"), Some(Duration::from_secs(5)));
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        for given in ["", "S", "5", "-5S", "123456789S", "5x"] {
            assert_eq!(read(given), None, "{given}");
        }
    }
}
