//! The connection to Redis: it reconnects by itself, and no call waits longer than its timeout.

use std::time::{Duration, Instant};

use redis::cmd;
use sluice::infrastructure::redis::connection::{Connection, RedisAddress};

use crate::redis_server::{Redis, RedisCluster};

/// The longest time until the connection must work again.
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// The timeout of a limiter, and the delay that a busy machine may add to it.
const ANSWER_MAX: Duration = Duration::from_millis(25);
const LATE_MAX: Duration = Duration::from_millis(500);

async fn set(connection: &Connection, key: &str) -> Result<String, redis::RedisError> {
    let mut connection = connection.clone();
    cmd("SET")
        .arg(&[key, "value", "PX", "60000"])
        .query_async(&mut connection)
        .await
}

/// Repeats the command until it succeeds.
async fn set_again(connection: &Connection, key: &str) {
    let began = Instant::now();
    while let Err(error) = set(connection, key).await {
        assert!(began.elapsed() < AGAIN_MAX, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Expects the command to fail in time.
async fn fail(connection: &Connection) {
    let began = Instant::now();
    set(connection, "key").await.unwrap_err();
    let took = began.elapsed();
    assert!(took < ANSWER_MAX + LATE_MAX, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_restored_and_calls_never_exceed_the_timeout() {
    let server = Redis::start();
    let connection = RedisAddress::at(&server.url(), false).unwrap();
    let connection = connection.connection().unwrap();
    let impatient = connection.answering_within(ANSWER_MAX);
    server.kill();
    fail(&impatient).await;
    server.restart();
    set_again(&connection, "key").await;
    assert_eq!(server.ask(&["GET", "key"]), "value");
    server.hang();
    fail(&impatient).await;
    server.go_on();
    set_again(&impatient, "key").await;
    server.flush();
    assert_eq!(server.ask(&["GET", "key"]), "");
    server.kill();
    fail(&impatient).await;
    server.restart();
    set_again(&connection, "key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_of_a_cluster_leads_to_all_others() {
    let cluster = RedisCluster::start();
    let server = RedisAddress::at(&cluster.url(), true).unwrap();
    let connection = server.connection().unwrap();
    for number in 0..20 {
        let key = format!("{{sluice:{number}}}:key");
        set_again(&connection, &key).await;
    }
    let keys = cluster.nodes.iter().map(|node| node.ask(&["DBSIZE"]));
    let keys = keys.map(|keys| keys.parse::<u32>().unwrap());
    let keys = keys.collect::<Vec<_>>();
    assert!(keys.iter().all(|keys| *keys > 0), "{keys:?}");
    assert_eq!(keys.iter().sum::<u32>(), 20);
}

#[tokio::test]
async fn an_address_is_checked_and_its_password_never_shown() {
    let server = RedisAddress::at("redis://user:secret@127.0.0.1:1/", false).unwrap();
    let connection = server.connection().unwrap();
    assert!(
        set(&connection, "key").await.is_err(),
        "no server listens there"
    );
    let shown = format!("{server:?} {connection:?}");
    assert!(
        shown.contains("127.0.0.1:1") && !shown.contains("secret"),
        "{shown}"
    );
    let refused = RedisAddress::at("redis://:secret@", false).unwrap_err();
    assert!(!format!("{refused:?}").contains("secret"));
}
