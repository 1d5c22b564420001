//! A panic in a handler ends its call, and nothing else.

use std::sync::Arc;

use axum::body::Body;
use axum::routing::post;
use axum::{Router, middleware};
use sluice::application::audit::recorder::Recorder;
use sluice::infrastructure::system_clock::System;
use sluice::interface::middleware::call;
use tonic::codegen::Service;
use tonic::{Code, Status};

use crate::support::world::reason;

const PATH: &str = "/sluice.v1.DocumentService/DeleteDocument";

async fn broken() -> &'static str {
    let nothing = std::env::args().nth(1_000_000);
    nothing.map_or_else(|| unreachable!("forty-two"), |_| "")
}

#[tokio::test]
async fn a_call_that_panics_is_answered_and_the_next_one_too() {
    let (recorder, mut events) = Recorder::new(Arc::new(System));
    let kept = middleware::from_fn_with_state(recorder, call::keep);
    let mut router = Router::new().route(PATH, post(broken)).layer(kept);
    for _ in 0..2 {
        let request = http::Request::post(PATH).body(Body::empty()).unwrap();
        let response = Service::call(&mut router, request).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(
            (status.code(), &*reason(&status)),
            (Code::Internal, "PANICKED")
        );
        assert!(
            !status.message().contains("forty-two"),
            "{}",
            status.message()
        );
        drop(response);
        let event = events.recv().await.unwrap();
        assert_eq!((&*event.method, &*event.result), (PATH, "INTERNAL"));
    }
}
