//! What holds for every method: its options, its health, its deadline, its host.

use std::process::Command;

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

/// What curl is answered: it keeps no deadline of its own, and sends any bytes. Its input stays open
/// for a moment, so that it reads an answer that comes before the end.
async fn curl(world: &World, headers: &[&str], body: &str) -> String {
    let headers = headers
        .iter()
        .map(|header| ["-H '", header, "' "].concat())
        .collect::<String>();
    let url = format!(
        "http://{}/sluice.v1.UploadService/UploadDocument",
        world.instance.address
    );
    let command = format!(
        "{{ {body}; sleep 0.3; }} | curl -sS -i --http2-prior-knowledge -H 'content-type: application/grpc' \
         -H 'te: trailers' {headers} -X POST -T - {url}"
    );
    let run = tokio::task::spawn_blocking(move || {
        Command::new("timeout")
            .args(["5", "bash", "-c", &command])
            .output()
            .unwrap()
    });
    String::from_utf8_lossy(&run.await.unwrap().stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_has_passed_is_told() {
    let world = World::start().await;
    let told = curl(&world, &["grpc-timeout: 100m"], "sleep 1").await;
    assert!(told.contains("grpc-status: 4"), "{told}");
}

/// A length of 4 GiB, flags that mean nothing, and encodings that uploads do not take.
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_lie_are_refused_before_memory_is_taken() {
    let world = World::start().await;
    let cases = [
        (r"printf '\x00\xff\xff\xff\xff'", "", "grpc-status: 8"),
        (r"printf '\x02\x00\x00\x00\x00'", "", "grpc-status: 3"),
        (r"printf '\x01\x00\x00\x00\x01a'", "", "grpc-status: 3"),
        (
            r"printf '\x01\x00\x00\x00\x01a'",
            "grpc-encoding: gzip",
            "grpc-status: 12",
        ),
        (
            r"printf '\x00\x00\x00\x00\x02\xff\xff'",
            "",
            "grpc-status: 3",
        ),
    ];
    for (body, header, expected) in cases {
        let headers = if header.is_empty() {
            vec![]
        } else {
            vec![header]
        };
        let told = curl(&world, &headers, body).await;
        assert!(told.contains(expected), "{body} {header}: {told}");
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
    let open = sluice::bootstrap::Settings {
        listen: "0.0.0.0:0".parse().unwrap(),
        database: "/nowhere".into(),
    };
    let refused = sluice::bootstrap::Instance::start(open).await.unwrap_err();
    assert!(refused.to_string().contains("no identity is configured"));
}
