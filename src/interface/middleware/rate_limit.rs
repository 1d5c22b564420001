//! Rate limits and concurrency limits, checked once the caller is known: a call from a budget, and a slot for a long
//! response. Responses carry the state of the budget (draft-ietf-httpapi-ratelimit-headers).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::memory::pressure::Pressure;
use crate::application::rate_limit::admission::Admission;
use crate::application::rate_limit::concurrency::ConcurrencySlot;
use crate::application::rate_limit::limits::RateLimitStatus;
use crate::domain::limits::class::{ConcurrencyLimitKind, RateClass};
use crate::interface::grpc::methods;
use crate::interface::guarded_body::GuardedBody;
use crate::interface::middleware::request;
use crate::interface::transport::peer::Peer;
use crate::interface::web::paths;

/// The header with the policy of the budget.
const POLICY: &str = "ratelimit-policy";
/// The header with the remaining budget.
const STATUS: &str = "ratelimit";

/// The state of the admission checks.
#[derive(Clone, Debug)]
pub struct AdmissionState {
    /// The budgets and the slots.
    pub admission: Admission,
    /// Memory pressure: whether there is memory for the request.
    pub pressure: Pressure,
}

/// Admits a request, or refuses it with the time of the next try. A request that is no method of this API, such as a
/// health check or a WebSocket, counts as a read.
pub async fn limit(State(state): State<AdmissionState>, request: Request, next: Next) -> Response {
    let AdmissionState {
        admission,
        pressure,
    } = state;
    let path = request.uri().path();
    let class = methods::at(path).map_or(RateClass::Read, |method| method.class);
    let takes = if path == paths::WEBSOCKET {
        RateClass::WatchOpen
    } else {
        class
    };
    if let Err(error) = pressure.check(takes) {
        return request::refused(request.headers(), &error);
    }
    let caller = caller(&request);
    let (status, allowed) = admission.admit(&caller, class).await;
    let slot = match allowed {
        Ok(()) => slot(&admission, &caller, class).await,
        Err(error) => Err(error),
    };
    let mut response = match slot {
        Err(error) => request::refused(request.headers(), &error),
        Ok(Some(slot)) => {
            let response = next.run(request).await;
            response.map(|body| Body::new(GuardedBody::new(body, slot)))
        }
        Ok(None) => next.run(request).await,
    };
    set_headers(response.headers_mut(), &status);
    response
}

/// Returns the caller of a request. A WebSocket without a credential counts by its address until it authenticates.
fn caller(request: &Request) -> Caller {
    let extensions = request.extensions();
    let peer = || extensions.get::<Arc<Peer>>();
    let unknown = || {
        peer().map_or_else(Caller::anonymous, |peer| {
            Caller::anonymous_at(peer.address.ip())
        })
    };
    extensions.get().cloned().unwrap_or_else(unknown)
}

/// Takes the slot that a request of this class holds until its response has ended. `None` if the class needs no
/// slot.
async fn slot(
    admission: &Admission,
    caller: &Caller,
    class: RateClass,
) -> Result<Option<ConcurrencySlot>, Error> {
    let limit = match class {
        RateClass::UploadStart => ConcurrencyLimitKind::Uploads,
        RateClass::WatchOpen => ConcurrencyLimitKind::Watches,
        RateClass::Read | RateClass::Preview | RateClass::Write | RateClass::Admin => {
            return Ok(None);
        }
    };
    admission.slot(caller, limit).await.map(Some)
}

fn set_headers(headers: &mut HeaderMap, status: &RateLimitStatus) {
    let RateLimitStatus {
        limit,
        rate,
        remaining,
        full_after,
    } = status;
    let seconds = |us: u128| us.div_ceil(1_000_000);
    let window = seconds(rate.window_us().into());
    let full_after = seconds(full_after.as_micros());
    let policy = format!("\"{limit}\";q={};w={window}", rate.burst());
    let status = format!("\"{limit}\";r={remaining};t={full_after}");
    for (name, value) in [(POLICY, policy), (STATUS, status)] {
        // Names and numbers are valid in a header.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}
