//! Rate and concurrency limits as clients see them: on every method and every instance.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use sluice::config::Config;
use sluice::config::sections::limits::RateSetting;
use sluice::interface::grpc::methods::METHODS;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::get_limits_status_response::Backend;
use sluice::interface::grpc::pb::limit_service_client::LimitServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::methods::raw;
use crate::redis_server::Redis;
use crate::support::access::Guarded;
use crate::support::world::{
    World, expected, first, metadata, name_of, plain, prose, reason, spec, whole,
};

/// A rate so low that no budget refills during a test.
const SLOW: f64 = 0.001;
/// The longest time until the end of a stream must have freed its slot.
const AGAIN_MAX: Duration = Duration::from_secs(10);

fn rate(per_second: f64, burst: u32) -> RateSetting {
    RateSetting { per_second, burst }
}

/// Configures a shared Redis. The long timeout keeps a busy machine from making it look unavailable.
fn shared(redis: &Redis) -> impl Fn(&mut Config) {
    let location = redis.url();
    move |config| {
        config.redis.location = location.clone().into();
        config.limits.redis_wait_ms_max = 10_000;
        config.limits.instances = 3;
    }
}

async fn read(channel: &Channel) -> Result<Response<pb::GetCollectionResponse>, Status> {
    let request = pb::GetCollectionRequest {
        name: "collections/c".to_owned(),
    };
    let mut client = CollectionServiceClient::new(channel.clone());
    client.get_collection(request).await
}

fn header<'a>(metadata: &'a MetadataMap, name: &str) -> &'a str {
    metadata.get(name).unwrap().to_str().unwrap()
}

/// Three servers with a store each and one Redis: ten calls and ten watches are admitted in total, on any server.
#[tokio::test(flavor = "multi_thread")]
async fn ten_of_thirty_three_pass_over_three_instances() {
    let redis = Redis::start();
    let with = |config: &mut Config| {
        shared(&redis)(config);
        config.limits.rates.read = rate(SLOW, 10);
        config.limits.concurrency.watches = 10;
    };
    let worlds = [
        World::start_with(with).await,
        World::start_with(with).await,
        World::start_with(with).await,
    ];
    let mut calls = JoinSet::new();
    for world in worlds.iter().cycle().take(33) {
        let channel = world.channel.clone();
        calls.spawn(async move { read(&channel).await });
    }
    let (passed, refused): (Vec<_>, Vec<_>) =
        calls.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((passed.len(), refused.len()), (10, 23));
    for passed in passed.into_iter().flatten() {
        let policy = header(passed.metadata(), "ratelimit-policy");
        assert_eq!(policy, "\"read\";q=10;w=10000");
        let status = header(passed.metadata(), "ratelimit");
        assert!(status.starts_with("\"read\";r="), "{status}");
    }
    for refused in refused.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(
            (reason(&refused), metadata(&refused, "limit")),
            ("RATE_LIMITED".into(), "read".into())
        );
        let details = refused.get_error_details();
        let violations = &details.quota_failure().unwrap().violations;
        assert_eq!(violations[0].subject, "address:127.0.0.1");
        let told = details.retry_info().unwrap().retry_delay.unwrap();
        let pushback = header(refused.metadata(), "grpc-retry-pushback-ms");
        let pushback = Duration::from_millis(pushback.parse().unwrap());
        assert!(pushback >= told && pushback < told + Duration::from_millis(1));
        assert!(header(refused.metadata(), "ratelimit").starts_with("\"read\";r=0;t="));
    }
    watches(&worlds).await;
}

/// Opens a stream that stays open.
async fn follow(channel: Channel) -> Result<tonic::Streaming<pb::StreamChangesResponse>, Status> {
    let request = pb::StreamChangesRequest {
        collection: "collections/c".to_owned(),
        follow: true,
        ..pb::StreamChangesRequest::default()
    };
    let mut client = ChunkServiceClient::new(channel);
    Ok(client.stream_changes(request).await?.into_inner())
}

/// Opens fifty streams at once: ten are admitted, and each stream that ends frees a slot.
async fn watches(worlds: &[World]) {
    let mut watches = JoinSet::new();
    for world in worlds.iter().cycle().take(50) {
        watches.spawn(follow(world.channel.clone()));
    }
    let (open, refused): (Vec<_>, Vec<_>) = watches
        .join_all()
        .await
        .into_iter()
        .partition(Result::is_ok);
    assert_eq!((open.len(), refused.len()), (10, 40));
    for refused in refused.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(
            (reason(&refused), metadata(&refused, "limit")),
            ("CONCURRENCY_LIMITED".into(), "watches".into())
        );
    }
    drop(open);
    let (began, mut open) = (Instant::now(), Vec::new());
    while open.len() < 10 {
        open.extend(follow(worlds[1].channel.clone()).await.ok());
        assert!(began.elapsed() < AGAIN_MAX, "{} are open", open.len());
    }
    let refused = follow(worlds[0].channel.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "CONCURRENCY_LIMITED");
}

/// With a budget of one call a class, the second call of every method is refused.
#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_limited() {
    let redis = Redis::start();
    let world = World::start_with(|config| {
        shared(&redis)(config);
        config.uploads.idle_seconds_max = 1;
        let (rates, one) = (&mut config.limits.rates, rate(SLOW, 1));
        for class in [
            &mut rates.read,
            &mut rates.preview,
            &mut rates.write,
            &mut rates.upload_start,
            &mut rates.watch_open,
            &mut rates.admin,
        ] {
            *class = one;
        }
    })
    .await;
    let mut limits = BTreeSet::new();
    for method in METHODS {
        redis.flush();
        let path = method.path.trim_start_matches("/sluice.v1.");
        let told = raw(&world, path, &[], b"").await;
        assert_ne!(reason(&told), "RATE_LIMITED", "{path}");
        let told = raw(&world, path, &[], b"").await;
        assert_eq!(reason(&told), "RATE_LIMITED", "{path}: {told:?}");
        limits.insert(metadata(&told, "limit"));
    }
    assert_eq!(limits.len(), 6, "{limits:?}");
    redis.flush();
    let mut health = HealthClient::new(world.channel.clone());
    health.check(HealthCheckRequest::default()).await.unwrap();
    let refused = health.check(HealthCheckRequest::default()).await;
    assert_eq!(metadata(&refused.unwrap_err(), "limit"), "read");
    let told = raw(&world, "NoService/Nothing", &[], b"").await;
    assert_eq!(reason(&told), "RATE_LIMITED");
}

/// Without Redis, a single instance applies the whole of every limit, and its refusals have a retry delay.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_waits_for_the_retry_delay_passes() {
    let world = World::start_with(|config| config.limits.rates.read = rate(4.0, 2)).await;
    let mut refusals = 0;
    while refusals < 3 {
        let Err(refused) = read(&world.channel).await else {
            continue;
        };
        refusals += 1;
        let details = refused.get_error_details();
        let told = details.retry_info().unwrap().retry_delay.unwrap();
        assert!(told <= Duration::from_millis(250), "{told:?}");
        tokio::time::sleep(told).await;
        read(&world.channel).await.unwrap();
    }
}

/// An upload over its byte rate is not refused: the server reads it more slowly, and stores all of it.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_over_their_byte_rate_are_throttled() {
    const KIB: u32 = 1024;
    let world = World::start_with(|config| {
        config.limits.rates.upload_bytes = rate(f64::from(1024 * KIB), 256 * KIB);
        config.uploads.idle_seconds_max = 1;
    })
    .await;
    let (upload, text) = (spec("slow"), prose(1_500_000));
    let began = Instant::now();
    let messages = whole(&upload, text.as_bytes(), 64 * KIB as usize);
    let stored = world.send(messages).await.unwrap();
    assert_eq!(stored.name, name_of(&upload));
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(1), "{took:?}");
    let rows = world.rows("collections/c/documents/slow").await.unwrap();
    assert!(plain(&rows) == expected(&text));
}

/// Operators see the usage across all instances, and the backend that counts it.
#[tokio::test(flavor = "multi_thread")]
async fn usage_is_reported_across_instances() {
    let redis = Redis::start();
    let one = World::start_with(shared(&redis)).await;
    let other = World::start_with(|config| {
        shared(&redis)(config);
        config.limits.rates.read = rate(SLOW, 10);
    })
    .await;
    for _ in 0..5 {
        read(&other.channel).await.unwrap();
    }
    let _watched = follow(other.channel.clone()).await.unwrap();
    let began = Instant::now();
    loop {
        // Usage on another instance is known within ten seconds, usage on the same instance at once.
        let told = status(&other).await;
        assert_eq!((told.backend(), told.instances), (Backend::Shared, 3));
        let used = |told: &pb::GetLimitsStatusResponse, limit: &str| {
            let usage = told.usages.iter().find(|usage| usage.limit == limit);
            usage.map(|usage| (usage.used, usage.most))
        };
        assert_eq!(used(&told, "read"), Some((5, 10)));
        assert_eq!(used(&told, "watches"), Some((1, 20_000)));
        if used(&status(&one).await, "watches") == Some((1, 20_000)) {
            break;
        }
        assert!(began.elapsed() < AGAIN_MAX);
    }
    let alone = World::start().await;
    let told = status(&alone).await;
    assert_eq!(told.backend(), Backend::Alone);
    assert!(told.usages.iter().any(|usage| usage.limit == "admin"));
    let mut client = LimitServiceClient::new(alone.channel.clone());
    let refused = client
        .get_limits_status(pb::GetLimitsStatusRequest { page_size: -1 })
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "INVALID_FIELD");
}

async fn status(world: &World) -> pb::GetLimitsStatusResponse {
    let mut client = LimitServiceClient::new(world.channel.clone());
    let request = pb::GetLimitsStatusRequest::default();
    client
        .get_limits_status(request)
        .await
        .unwrap()
        .into_inner()
}

/// An address that guesses keys is throttled: even a valid key is refused from it.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_keys_is_throttled() {
    let world = Guarded::start_with(|config, _| config.limits.auth_failure = rate(SLOW, 3)).await;
    let request = pb::GetLimitsStatusRequest::default;
    let (head, last) = world.operator.split_at(world.operator.len() - 1);
    let wrong = format!("{head}{}", if last == "0" { "1" } else { "0" });
    let mut refusals = Vec::new();
    for _ in 0..5 {
        let mut guesser = LimitServiceClient::new(world.by(&wrong));
        let refused = guesser.get_limits_status(request()).await.unwrap_err();
        refusals.push(reason(&refused));
    }
    let (refused, limited) = ("CREDENTIAL_REFUSED", "RATE_LIMITED");
    assert_eq!(refusals, [refused, refused, refused, limited, limited]);
    let mut right = LimitServiceClient::new(world.by(&world.operator));
    let told = right.get_limits_status(request()).await.unwrap_err();
    assert_eq!(
        (reason(&told), metadata(&told, "limit")),
        (limited.into(), "auth_failure".into())
    );
}

/// Connects from another loopback address, 127.0.0.`last`.
async fn from(world: &World, last: u8) -> Channel {
    Endpoint::from_shared(format!("http://{}", world.instance.address))
        .unwrap()
        .local_address(Some(Ipv4Addr::new(127, 0, 0, last).into()))
        .connect()
        .await
        .unwrap()
}

/// Without identity, floods from two addresses use up only the limits of these two addresses.
#[tokio::test(flavor = "multi_thread")]
async fn callers_without_identity_share_limits_only_within_an_address() {
    let world = World::start_with(|config| {
        config.limits.rates.read = rate(SLOW, 5);
        config.limits.concurrency.watches = 3;
        config.limits.concurrency.uploads = 3;
    })
    .await;
    let mut held = Vec::new();
    for flooding in [2, 3] {
        let channel = from(&world, flooding).await;
        let (mut read_refused, mut kinds) = (None, BTreeSet::new());
        for _ in 0..10 {
            read_refused = read(&channel).await.err().or(read_refused);
            match follow(channel.clone()).await {
                Ok(watch) => held.push(watch),
                Err(refused) => drop(kinds.insert(metadata(&refused, "limit"))),
            }
        }
        let refused = read_refused.unwrap();
        let violations = refused.get_error_details().quota_failure().unwrap().clone();
        let address = format!("address:127.0.0.{flooding}");
        assert_eq!(violations.violations[0].subject, address);
        assert_eq!(kinds, BTreeSet::from(["watches".to_owned()]));
        uploads_until_refused(&channel).await;
    }
    let other = from(&world, 4).await;
    read(&other).await.unwrap();
    let _open = follow(other.clone()).await.unwrap();
    let text = prose(1_000);
    let mut uploads = UploadServiceClient::new(other.clone());
    let messages = tokio_stream::iter(whole(&spec("d"), text.as_bytes(), 1_000));
    uploads.upload_document(messages).await.unwrap();
    let told = status(&world).await.usages;
    for last in [2, 3, 4] {
        let principal = format!("anonymous 127.0.0.{last}");
        let used = told.iter().find(|usage| usage.principal == principal);
        assert!(used.is_some(), "{principal}: {told:?}");
    }
}

/// Opens endless uploads until some are refused for want of a slot.
async fn uploads_until_refused(channel: &Channel) {
    let mut calls = JoinSet::new();
    for number in 0..6 {
        let mut client = UploadServiceClient::new(channel.clone());
        let begun = tokio_stream::iter([first(&spec(&number.to_string()), b"text")]);
        let endless = begun.chain(tokio_stream::pending());
        calls.spawn(async move { client.upload_document(endless).await });
    }
    for _ in 0..3 {
        let refused = calls.join_next().await.unwrap().unwrap().unwrap_err();
        assert_eq!(metadata(&refused, "limit"), "uploads");
    }
    // The other three uploads hold their slots until the client disconnects.
    tokio::spawn(calls.join_all());
}
