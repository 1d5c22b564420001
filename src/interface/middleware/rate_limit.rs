//! What the door asks of every request once it knows who calls: a call from a budget, and a place for
//! what lasts. Answers say how the caller stands (draft-ietf-httpapi-ratelimit-headers).

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
use crate::application::rate_limit::concurrency::Place;
use crate::application::rate_limit::limits::Standing;
use crate::domain::limits::class::{Places, RateClass};
use crate::interface::grpc::methods;
use crate::interface::guarded_body::Held;
use crate::interface::middleware::request;
use crate::interface::transport::peer::Peer;
use crate::interface::web::paths;

/// What the budget is, and how it stands.
const POLICY: &str = "ratelimit-policy";
const STANDING: &str = "ratelimit";

/// What a request is admitted by.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Budgets and places.
    pub admission: Admission,
    /// Whether there is memory for it.
    pub pressure: Pressure,
}

/// Admits a request, or answers when it would be. What is not a method of ours, such as a health
/// check or a socket that opens, is a read.
pub async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Gate {
        admission,
        pressure,
    } = gate;
    let path = request.uri().path();
    let class = methods::at(path).map_or(RateClass::Read, |method| method.class);
    let takes = if path == paths::WEBSOCKET {
        RateClass::WatchOpen
    } else {
        class
    };
    if let Err(error) = pressure.admit(takes) {
        return request::refused(request.headers(), &error);
    }
    let caller = caller(&request);
    let (standing, admitted) = admission.admit(&caller, class).await;
    let place = match admitted {
        Ok(()) => place(&admission, &caller, class).await,
        Err(error) => Err(error),
    };
    let mut response = match place {
        Err(error) => request::refused(request.headers(), &error),
        Ok(Some(place)) => {
            let response = next.run(request).await;
            response.map(|body| Body::new(Held::new(body, place)))
        }
        Ok(None) => next.run(request).await,
    };
    tell(response.headers_mut(), &standing);
    response
}

/// The caller of a request. One that says later who it is counts by its address until then.
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

/// The place that a request of that class holds until its response has ended.
async fn place(
    admission: &Admission,
    caller: &Caller,
    class: RateClass,
) -> Result<Option<Place>, Error> {
    let places = match class {
        RateClass::UploadStart => Places::Uploads,
        RateClass::WatchOpen => Places::Watches,
        RateClass::Read | RateClass::Preview | RateClass::Write | RateClass::Admin => {
            return Ok(None);
        }
    };
    admission.place(caller, places).await.map(Some)
}

fn tell(headers: &mut HeaderMap, standing: &Standing) {
    let Standing {
        limit,
        quota,
        remaining,
        whole_after,
    } = standing;
    let seconds = |us: u128| us.div_ceil(1_000_000);
    let window = seconds(quota.window_us().into());
    let whole_after = seconds(whole_after.as_micros());
    let policy = format!("\"{limit}\";q={};w={window}", quota.burst());
    let standing = format!("\"{limit}\";r={remaining};t={whole_after}");
    for (name, value) in [(POLICY, policy), (STANDING, standing)] {
        // Names and numbers are fit for a header.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}
