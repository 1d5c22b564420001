//! Rules for every method: options, health, deadlines and hosts.

use prost_reflect::{DescriptorPool, Value};
use sluice::interface::grpc::pb;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::support::world::{World, reason};

/// The server must not serve a method without a rate class or a role.
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
async fn the_health_service_reports_serving() {
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

/// Sends a request with these headers whose body begins with these bytes, and returns the final status.
///
/// The client is plain `h2`, so that no other layer adds deadlines or frames.
pub(crate) async fn raw(
    world: &World,
    method: &str,
    headers: &[(&str, &str)],
    bytes: &'static [u8],
) -> Status {
    raw_at(
        &world.instance.address.to_string(),
        method,
        headers,
        bytes.into(),
    )
    .await
}

/// Does the same as [`raw`] with a server at any address.
pub(crate) async fn raw_at(
    address: &str,
    method: &str,
    headers: &[(&str, &str)],
    bytes: bytes::Bytes,
) -> Status {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let driven = tokio::spawn(connection);
    let url = format!("http://{address}/sluice.v1.{method}");
    let mut request = http::Request::post(url).header("content-type", "application/grpc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (response, mut body) = client
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    // The request body of an upload stays open: the server reports errors before its end.
    // Sending may fail, because the server may already have refused the request.
    let _refused = body.send_data(bytes, method != UPLOAD);
    let mut response = response.await.unwrap();
    let trailers = if response.headers().contains_key("grpc-status") {
        response.headers().clone()
    } else {
        while response.body_mut().data().await.is_some() {}
        response.body_mut().trailers().await.unwrap().unwrap()
    };
    driven.abort();
    Status::from_header_map(&trailers).unwrap()
}

const UPLOAD: &str = "UploadService/UploadDocument";

#[tokio::test]
async fn a_passed_deadline_is_reported() {
    let world = World::start().await;
    let told = raw(&world, UPLOAD, &[("grpc-timeout", "100m")], b"").await;
    assert_eq!(
        (told.code(), reason(&told).as_str()),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
    );
    // An endless stream that has already begun to answer.
    let follow = b"\x00\x00\x00\x00\x11\x0a\x0dcollections/c\x18\x01";
    let headers = [("grpc-timeout", "300m")];
    let told = raw(&world, "ChunkService/StreamChanges", &headers, follow).await;
    assert_eq!(reason(&told), "DEADLINE_EXCEEDED");
}

/// The method, the first bytes, the headers, and the expected code and reason.
type Case = (
    &'static str,
    &'static [u8],
    &'static [(&'static str, &'static str)],
    Code,
    &'static str,
);

/// A length of 4 GiB, undefined flags, unsupported encodings and unknown methods are each refused with a reason.
#[tokio::test]
async fn invalid_frames_are_refused_before_memory_is_allocated() {
    const GET: &str = "UploadService/GetUpload";
    const READ: &str = "CollectionService/GetCollection";
    let world = World::start().await;
    let (large, unread) = ("MESSAGE_TOO_LARGE", "MESSAGE_UNREADABLE");
    let (exhausted, invalid) = (Code::ResourceExhausted, Code::InvalidArgument);
    let snappy: &[_] = &[("grpc-encoding", "snappy")];
    let gzip: &[_] = &[("grpc-encoding", "gzip")];
    let (no_encoding, no_method) = ("ENCODING_UNSUPPORTED", "METHOD_UNKNOWN");
    let cases: [Case; 12] = [
        (UPLOAD, b"\x00\xff\xff\xff\xff", &[], exhausted, large),
        (UPLOAD, b"\x02\x00\x00\x00\x00", &[], invalid, unread),
        (UPLOAD, b"\x01\x00\x00\x00\x01a", &[], invalid, unread),
        (
            UPLOAD,
            b"\x00\x00\x00\x00\x02\xff\xff",
            &[],
            invalid,
            unread,
        ),
        (
            UPLOAD,
            b"\x01\x00\x00\x00\x01a",
            snappy,
            Code::Unimplemented,
            no_encoding,
        ),
        (UPLOAD, b"\x01\x00\x00\x00\x01a", gzip, invalid, unread),
        (READ, b"\x01\x00\x00\x00\x01a", gzip, invalid, unread),
        (GET, b"\x00\x00\x00\x00\x02\xff\xff", &[], invalid, unread),
        (READ, b"\x00\x00\x01\x00\x01", &[], exhausted, large),
        (
            READ,
            b"\x01\x00\x00\x00\x01a",
            snappy,
            Code::Unimplemented,
            no_encoding,
        ),
        (
            "UploadService/Nothing",
            b"",
            &[],
            Code::Unimplemented,
            no_method,
        ),
        (
            "NoService/GetUpload",
            b"",
            &[],
            Code::Unimplemented,
            no_method,
        ),
    ];
    for (method, bytes, headers, code, expected) in cases {
        let told = raw(&world, method, headers, bytes).await;
        let case = format!("{method} {bytes:?} {headers:?}: {told:?}");
        assert_eq!(
            (told.code(), reason(&told).as_str()),
            (code, expected),
            "{case}"
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
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::PermissionDenied, "HOST_NOT_ALLOWED")
    );
    let told = raw(&world, UPLOAD, &[("origin", "http://localhost:3000")], b"").await;
    assert_eq!(
        reason(&told),
        "ORIGIN_NOT_ALLOWED",
        "the origin of a web page on this machine"
    );
    let open = sluice::config::Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..Default::default()
    };
    let refused = sluice::bootstrap::Instance::start(&open).await.unwrap_err();
    assert!(refused.to_string().contains("no identity is configured"));
}
