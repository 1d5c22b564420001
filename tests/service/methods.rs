//! What holds for every method: its options, its health, its deadline, its host.

use prost_reflect::{DescriptorPool, Value};
use sluice::interface::grpc::pb;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::world::World;

/// A method without a rate class or a role must not be served.
#[test]
fn every_method_has_a_rate_class_and_a_role() {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let options = ["sluice.v1.rate_class", "sluice.v1.required_role"];
    let options = options.map(|name| pool.get_extension_by_name(name).unwrap());
    let services = pool
        .services()
        .filter(|service| service.package_name() == "sluice.v1");
    let methods = services
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect::<Vec<_>>();
    assert!(methods.len() >= 15);
    for method in methods {
        for option in &options {
            let value = method.options().get_extension(option).into_owned();
            assert!(
                matches!(value, Value::EnumNumber(number) if number > 0),
                "{} has no {}",
                method.full_name(),
                option.name()
            );
        }
    }
}

#[tokio::test]
async fn the_server_says_that_it_serves() {
    let world = World::start().await;
    let mut client = HealthClient::new(world.channel.clone());
    let answered = client.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(answered.into_inner().status, 1);
    assert!(answered_id(&world).await.len() >= 10);
}

async fn answered_id(world: &World) -> String {
    let mut client = HealthClient::new(world.channel.clone());
    let mut request = tonic::Request::new(HealthCheckRequest::default());
    request
        .metadata_mut()
        .insert("x-request-id", "my-own-id-1".parse().unwrap());
    let answered = client.check(request).await.unwrap();
    assert_eq!(
        answered.metadata().get("x-request-id").unwrap(),
        "my-own-id-1"
    );
    let answered = client.check(HealthCheckRequest::default()).await.unwrap();
    answered
        .metadata()
        .get("x-request-id")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// The status of an upload whose request has these headers and begins with these bytes; nothing
/// between keeps deadlines or frames of its own.
async fn raw(world: &World, headers: &[(&str, &str)], bytes: &'static [u8]) -> String {
    let stream = tokio::net::TcpStream::connect(world.instance.address)
        .await
        .unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let driven = tokio::spawn(connection);
    let url = format!(
        "http://{}/sluice.v1.UploadService/UploadDocument",
        world.instance.address
    );
    let mut request = http::Request::post(url).header("content-type", "application/grpc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (response, mut body) = client
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    body.send_data(bytes::Bytes::from_static(bytes), false)
        .unwrap();
    let mut response = response.await.unwrap();
    let trailers = if response.headers().contains_key("grpc-status") {
        response.headers().clone()
    } else {
        response.body_mut().trailers().await.unwrap().unwrap()
    };
    driven.abort();
    trailers["grpc-status"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_told() {
    let world = World::start().await;
    let status = raw(&world, &[("grpc-timeout", "100m")], b"").await;
    assert_eq!(status, "4");
}

/// What is sent first, with which headers, and which status is answered.
type Case = (
    &'static [u8],
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// A length of 4 GiB, flags that mean nothing, and encodings that uploads do not take.
#[tokio::test]
async fn frames_that_lie_are_refused_before_memory_is_taken() {
    let world = World::start().await;
    let cases: [Case; 5] = [
        (b"\x00\xff\xff\xff\xff", &[], "8"),
        (b"\x02\x00\x00\x00\x00", &[], "3"),
        (b"\x01\x00\x00\x00\x01a", &[], "3"),
        (b"\x01\x00\x00\x00\x01a", &[("grpc-encoding", "gzip")], "12"),
        (b"\x00\x00\x00\x00\x02\xff\xff", &[], "3"),
    ];
    for (bytes, headers, expected) in cases {
        assert_eq!(
            raw(&world, headers, bytes).await,
            expected,
            "{bytes:?} {headers:?}"
        );
    }
}

#[tokio::test]
async fn other_hosts_and_other_addresses_are_refused() {
    let world = World::start().await;
    let url = format!("http://{}", world.instance.address);
    let channel = tonic::transport::Endpoint::from_shared(url).unwrap();
    let channel = channel
        .origin("http://evil.example".parse().unwrap())
        .connect_lazy();
    let refused = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let open = sluice::config::Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..Default::default()
    };
    let refused = sluice::bootstrap::Instance::start(&open).await.unwrap_err();
    assert!(refused.to_string().contains("no identity is configured"));
}
