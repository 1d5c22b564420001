//! States across instances: immediate with Redis, and within seconds despite its faults. States arrive in order, each
//! once, and the terminal one last.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::kills::random;
use crate::private::postgres::Cluster;
use crate::redis_server::{Redis, RedisCluster};
use crate::support::fleet::{
    AT_ONCE, Fleet, Going, LATE_MAX, Seen, check, listened, watch, watch_into,
};
use crate::support::proxy::Proxy;
use crate::support::pubsub_proxy::PubSubProxy;
use crate::support::world::{connect, reason};
use crate::web::get;

/// The number of ends per test. Reading rows every 3 s alone would deliver all of them in time in one of 2,000 runs.
const ENDS: usize = 7;
const WATCHERS: usize = 100;
/// The longest time that a watcher reconnects: longer than the watched upload takes.
const PERSIST_MAX: Duration = Duration::from_mins(1);

/// Uploads through one instance and watches on the other. Returns the delay of the end.
async fn lateness(fleet: &Fleet, document: &str) -> Duration {
    between(&fleet.a.channel(), &fleet.b.channel(), document).await
}

async fn between(a: &Channel, b: &Channel, document: &str) -> Duration {
    let mut going = Going::begin(a, document).await;
    let watching = watch(b, &going.operation);
    going.go_on().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ended = going.finish().await;
    let states = tokio::time::timeout(LATE_MAX, watching).await;
    let states = states.expect("no end within 5 s").unwrap().unwrap();
    check(&states).saturating_duration_since(ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_on_another_instance_sees_progress_at_once_and_the_end_once() {
    let redis = Redis::start();
    let fleet = Fleet::sharing(&redis).await;
    for number in 0..ENDS {
        let late = lateness(&fleet, &number.to_string()).await;
        assert!(late < AT_ONCE, "{number}: {late:?}");
    }
    let mut going = Going::begin(&fleet.a.channel(), "progress").await;
    let watching = watch(&fleet.b.channel(), &going.operation);
    for _ in 0..8 {
        going.go_on().await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    going.finish().await;
    let states = watching.await.unwrap().unwrap();
    check(&states);
    // The store commits every 400 ms, or less often while it is busy. Reading rows alone would show two states.
    assert!(states.len() >= 4, "{}", states.len());
    assert_eq!(redis.ask(&["DBSIZE"]), "0", "nothing is kept in Redis");
    let published = get(fleet.a.address.parse().unwrap(), "/metrics", &[]).await;
    assert!(
        published.contains("\nsluice_bus_published_total "),
        "{published}"
    );
    let heard = get(fleet.b.address.parse().unwrap(), "/metrics", &[]).await;
    for metric in [
        "\nsluice_bus_connected 1\n",
        "\nsluice_bus_received_total ",
        "\nsluice_watch_lag_seconds_bucket{le=\"0.25\"} ",
        "\nsluice_watchers{transport=\"grpc\"} 0\n",
    ] {
        assert!(heard.contains(metric), "{metric}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_end_arrives_within_seconds() {
    let fleet = Fleet::start(&[], &[]).await;
    for number in 0..3 {
        let late = lateness(&fleet, &number.to_string()).await;
        assert!(late < LATE_MAX, "{number}: {late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_arrives_within_seconds_despite_faults_of_redis() {
    let redis = Redis::start();
    let fleet = Fleet::sharing(&redis).await;
    for (fault, after) in [
        (Redis::kill as fn(&Redis), Redis::restart as fn(&Redis)),
        (Redis::hang, Redis::go_on),
        (Redis::flush, Redis::flush),
        (disconnect_subscribers, disconnect_subscribers),
    ] {
        let mut going = Going::begin(&fleet.a.channel(), "d").await;
        let watching = watch(&fleet.b.channel(), &going.operation);
        going.go_on().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        fault(&redis);
        let ended = going.finish().await;
        let states = tokio::time::timeout(LATE_MAX, watching).await;
        let states = states.expect("no end within 5 s").unwrap().unwrap();
        let late = check(&states).saturating_duration_since(ended);
        assert!(late < LATE_MAX, "{late:?}");
        let unlinked = lateness(&fleet, "unlinked").await;
        assert!(unlinked < LATE_MAX, "{unlinked:?}");
        after(&redis);
        listened(&redis, 2).await;
        let linked = lateness(&fleet, "linked").await;
        assert!(linked < LATE_MAX, "{linked:?}");
    }
}

fn disconnect_subscribers(redis: &Redis) {
    assert_eq!(redis.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_subscriber_is_back_in_two_seconds_and_misses_nothing() {
    let redis = Redis::start();
    let fleet = Fleet::sharing(&redis).await;
    for number in 0..ENDS {
        let going = Going::begin(&fleet.a.channel(), &number.to_string()).await;
        let watching = watch(&fleet.b.channel(), &going.operation);
        tokio::time::sleep(Duration::from_millis(300)).await;
        disconnect_subscribers(&redis);
        let ended = going.finish().await;
        let states = watching.await.unwrap().unwrap();
        let late = check(&states).saturating_duration_since(ended);
        assert!(late < Duration::from_secs(2), "{number}: {late:?}");
        listened(&redis, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_duplicated_and_reordered_messages_hide_no_state() {
    let redis = Redis::start();
    let proxy = PubSubProxy::before(redis.port).await;
    let behind = format!("redis://127.0.0.1:{}", proxy.port);
    let direct = redis.url();
    let [a, b] = [&direct, &behind].map(|url| [("SLUICE_REDIS__LOCATION", url.as_str())]);
    let fleet = Fleet::start(&a, &b).await;
    listened(&redis, 2).await;
    let uploads = (0..10).map(|number| {
        let (a, b) = (fleet.a.channel(), fleet.b.channel());
        tokio::spawn(async move { between(&a, &b, &number.to_string()).await })
    });
    for upload in uploads.collect::<Vec<_>>() {
        let late = upload.await.unwrap();
        assert!(late < LATE_MAX, "{late:?}");
    }
    assert!(proxy.disturbed.load(Ordering::Relaxed) >= 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_watchers_cut_at_random_miss_nothing() {
    let redis = Redis::start();
    let proxy = PubSubProxy::before(redis.port).await;
    let behind = format!("redis://127.0.0.1:{}", proxy.port);
    let settings = [("SLUICE_REDIS__LOCATION", behind.as_str())];
    let fleet = Fleet::start(&settings, &settings).await;
    listened(&redis, 2).await;
    let (a, b) = (&fleet.a, &fleet.b);
    let fronts = [
        Proxy::before(a.address.clone()).await,
        Proxy::before(b.address.clone()).await,
    ];
    let mut going = Going::begin(&a.channel(), "d").await;
    let watchers = (0..WATCHERS).map(|number| {
        let front = format!("http://{}", fronts[number % 2].address);
        persist(front, going.operation.clone())
    });
    let watchers = watchers.collect::<Vec<_>>();
    for turn in 0..20_u64 {
        going.go_on().await;
        tokio::time::sleep(Duration::from_millis(50 + random(turn, 200))).await;
        fronts[usize::try_from(random(turn, 2)).unwrap()].cut_all();
    }
    let ended = going.finish().await;
    for (number, watcher) in watchers.into_iter().enumerate() {
        let (states, cuts) = watcher.await.unwrap();
        let late = check(&states).saturating_duration_since(ended);
        assert!(late < LATE_MAX, "{number}: {late:?}");
        assert!(cuts > 0, "{number} was never cut");
    }
    assert!(proxy.disturbed.load(Ordering::Relaxed) > 0);
}

/// Watches until the end, and reconnects after each cut. Returns the states and the number of cuts.
fn persist(url: String, operation: String) -> JoinHandle<(Vec<Seen>, u64)> {
    tokio::spawn(async move {
        let (mut states, mut cuts) = (Vec::new(), 0);
        let began = Instant::now();
        while began.elapsed() < PERSIST_MAX {
            let watched = watch_into(&connect(&url), &operation, &mut states).await;
            if watched.is_ok() {
                return (states, cuts);
            }
            cuts += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        unreachable!("no end after {cuts} cuts: {states:?}")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_cluster_carries_messages_on_all_its_nodes() {
    let cluster = RedisCluster::start();
    let url = cluster.url();
    let settings = [
        ("SLUICE_REDIS__LOCATION", url.as_str()),
        ("SLUICE_REDIS__CLUSTER", "true"),
    ];
    let fleet = Fleet::start(&settings, &settings).await;
    let began = Instant::now();
    let listening = || {
        let channels = cluster.nodes.iter().map(|node| {
            let channels = node.ask(&["PUBSUB", "SHARDCHANNELS"]);
            channels.lines().filter(|line| !line.is_empty()).count()
        });
        channels.collect::<Vec<_>>()
    };
    while listening().iter().sum::<usize>() < 128 {
        assert!(began.elapsed() < LATE_MAX, "{:?}", listening());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(listening().iter().all(|channels| *channels > 0));
    // The second instance may take a moment longer to subscribe to all channels.
    tokio::time::sleep(AT_ONCE).await;
    for number in 0..ENDS {
        let late = lateness(&fleet, &number.to_string()).await;
        assert!(late < AT_ONCE, "{number}: {late:?}");
    }
    cluster.nodes[2].kill();
    for number in 0..3 {
        let late = lateness(&fleet, &format!("without-{number}")).await;
        assert!(late < LATE_MAX, "{number}: {late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_of_an_instance_share_the_reads_of_a_row() {
    let cluster = Arc::new(Cluster::start(&["fsync=off", "log_statement=all"]));
    let fleet = Fleet::on(Arc::clone(&cluster), &[], &[]).await;
    let going = Going::begin(&fleet.a.channel(), "d").await;
    let log = || std::fs::read_to_string(cluster.folder.join("log")).unwrap();
    let count = |statement: &str| log().matches(statement).count();
    let one = "SELECT * FROM operations WHERE tenant = $1 AND uid = $2";
    let before = count(one);
    let channels = (0..10).map(|_| fleet.b.channel()).collect::<Vec<_>>();
    let watchers = (0..10 * WATCHERS).map(|number| {
        let channel = &channels[number % channels.len()];
        watch(channel, &going.operation)
    });
    let watchers = watchers.collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(count("AS asked (tenant, uid)") > 0, "no row is read again");
    let began = Instant::now();
    let again = count("AS asked (tenant, uid)");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let looks = count("AS asked (tenant, uid)") - again;
    // Both instances read once a second, and a statement is logged up to twice.
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!(looks <= 4 * (seconds + 1), "{looks} reads");
    assert_eq!(count(one) - before, 1, "one read serves all");
    going.finish().await;
    for watcher in watchers {
        check(&watcher.await.unwrap().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_cancelled_on_another_instance_stops() {
    let redis = Redis::start();
    let fleet = Fleet::sharing(&redis).await;
    let mut going = Going::begin(&fleet.a.channel(), "d").await;
    going.go_on().await;
    let (refused, after) = going.cancel_on(&fleet.b.channel()).await;
    assert_eq!(reason(&refused), "UPLOAD_ENDED");
    assert!(after < AT_ONCE, "{after:?}");
}
