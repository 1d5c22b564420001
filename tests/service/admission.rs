//! Admission with a real Redis but without servers: limits that instances share, and limits of a single instance
//! while Redis does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusBuilder;
use sluice::application::caller::Caller;
use sluice::application::error::Error;
use sluice::application::ports::rate_limiter::{CounterKey, Member, RateLimiter};
use sluice::application::rate_limit::admission::Admission;
use sluice::application::rate_limit::limiter::Backend;
use sluice::application::rate_limit::limits::{Limits, PrincipalLimits};
use sluice::domain::limits::class::{ConcurrencyLimitKind, RateClass};
use sluice::domain::limits::rate::{Rate, RateDecision};
use sluice::domain::names::resource::{Principal, TenantId};
use sluice::infrastructure::redis::connection::RedisAddress;
use sluice::infrastructure::redis::limits::rate_limiter;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::redis_server::{Redis, RedisCluster};

/// A rate in calls per second so low that no budget refills during a test.
const SLOW: f64 = 0.001;
/// The wait for Redis in tests with exact counts. A short wait would mistake a busy machine for a Redis that is down.
const PATIENT: Duration = Duration::from_secs(10);
/// The default wait for Redis.
const USUAL: Duration = Duration::from_millis(25);
/// The longest time until freed slots, or a Redis that is back, are noticed.
const AGAIN_MAX: Duration = Duration::from_secs(10);

fn limiter(url: &str, is_cluster: bool, wait_max: Duration) -> Arc<rate_limiter::RedisLimits> {
    let connection = RedisAddress::at(url, is_cluster)
        .unwrap()
        .connection()
        .unwrap();
    Arc::new(rate_limiter::RedisLimits::new(&connection, wait_max))
}

/// Returns one of three instances. Each limit is 10.
fn instance(url: &str, is_cluster: bool, wait_max: Duration, per_second: f64) -> Admission {
    let rate = Rate::new(per_second, 10);
    let mut limits = Limits::of(PrincipalLimits::each(rate, 10), rate);
    limits.instances = 3;
    let uid = uuid::Uuid::new_v4().into_bytes();
    Admission::new(limits, Some(limiter(url, is_cluster, wait_max)), uid.into())
}

fn three(url: &str, is_cluster: bool, per_second: f64) -> [Admission; 3] {
    [(); 3].map(|()| instance(url, is_cluster, PATIENT, per_second))
}

fn principal(name: &str) -> Caller {
    Caller {
        principal: Principal::parse(name).unwrap(),
        ..Caller::anonymous()
    }
}

/// Makes `number` concurrent calls over all instances. Returns how many are admitted.
async fn calls(instances: &[Admission], caller: &Caller, number: usize) -> usize {
    let mut calls = JoinSet::new();
    for admission in instances.iter().cycle().take(number) {
        let (admission, caller) = (admission.clone(), caller.clone());
        calls.spawn(async move { admission.admit(&caller, RateClass::Read).await.1.is_ok() });
    }
    calls
        .join_all()
        .await
        .into_iter()
        .filter(|passed| *passed)
        .count()
}

/// Opens 50 sockets at once over three instances: exactly ten are admitted. A closed socket frees its slot.
#[tokio::test(flavor = "multi_thread")]
async fn ten_sockets_are_open_over_three_instances() {
    let redis = Redis::start();
    let (instances, caller) = (three(&redis.url(), false, SLOW), Caller::anonymous());
    let drain = CancellationToken::new();
    for admission in &instances {
        tokio::spawn(admission.clone().run(drain.clone()));
    }
    let mut sockets = JoinSet::new();
    for admission in instances.iter().cycle().take(50) {
        let (admission, caller) = (admission.clone(), caller.clone());
        sockets.spawn(async move { admission.slot(&caller, ConcurrencyLimitKind::Sockets).await });
    }
    let (open, refused): (Vec<_>, Vec<_>) = sockets
        .join_all()
        .await
        .into_iter()
        .partition(Result::is_ok);
    assert_eq!((open.len(), refused.len()), (10, 40));
    let other = instances[0]
        .slot(&principal("other"), ConcurrencyLimitKind::Sockets)
        .await;
    assert!(other.is_ok(), "each principal has its own slots");
    drop(open);
    let began = Instant::now();
    let mut again = Vec::new();
    while again.len() < 10 {
        again.extend(
            instances[1]
                .slot(&caller, ConcurrencyLimitKind::Sockets)
                .await
                .ok(),
        );
        assert!(began.elapsed() < AGAIN_MAX, "{} are open", again.len());
    }
    let refused = instances[2]
        .slot(&caller, ConcurrencyLimitKind::Sockets)
        .await;
    assert!(matches!(
        refused,
        Err(Error::ConcurrencyLimited { most: 10, .. })
    ));
    drain.cancel();
}

/// Slots of a crashed instance expire. Renewed slots last, even if Redis loses its data.
#[tokio::test(flavor = "multi_thread")]
async fn slots_that_are_not_renewed_expire_and_renewed_ones_outlive_a_flush() {
    let redis = Redis::start();
    let limiter = limiter(&redis.url(), false, PATIENT);
    let key = CounterKey {
        tenant: Some(TenantId::parse("t").unwrap()),
        principal: "p".to_owned(),
        limit: ConcurrencyLimitKind::Sockets.name(),
    };
    let [crashed, alive, next] = [1, 2, 3].map(|number| Member {
        instance: [number; 16].into(),
        number: 0,
    });
    let (short, long) = (Duration::from_millis(200), Duration::from_secs(30));
    assert!(limiter.acquire(&key, crashed, 2, short).await.unwrap());
    assert!(limiter.acquire(&key, alive, 2, long).await.unwrap());
    assert!(!limiter.acquire(&key, next, 2, long).await.unwrap());
    tokio::time::sleep(2 * short).await;
    assert!(limiter.acquire(&key, next, 2, long).await.unwrap());
    redis.flush();
    for member in [alive, next] {
        limiter.renew(&key, &[member], long).await.unwrap();
    }
    assert!(!limiter.acquire(&key, crashed, 2, long).await.unwrap());
    limiter.release(&key, &[next]).await.unwrap();
    assert!(limiter.acquire(&key, crashed, 2, long).await.unwrap());
}

/// Three clients call without pause. The admitted calls never exceed the burst plus the rate times the elapsed time.
#[tokio::test(flavor = "multi_thread")]
async fn admitted_calls_never_exceed_the_burst_and_the_rate() {
    let redis = Redis::start();
    let (instances, caller) = (three(&redis.url(), false, 200.0), Caller::anonymous());
    let (admitted, began) = (Arc::new(AtomicU32::new(0)), Instant::now());
    let mut clients = JoinSet::new();
    for admission in instances {
        let (admitted, caller) = (Arc::clone(&admitted), caller.clone());
        clients.spawn(async move {
            while began.elapsed() < Duration::from_secs(1) {
                if admission.admit(&caller, RateClass::Read).await.1.is_ok() {
                    admitted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    clients.join_all().await;
    let (admitted, took) = (admitted.load(Ordering::Relaxed), began.elapsed());
    assert!(
        f64::from(admitted) <= 10.0 + 200.0 * took.as_secs_f64(),
        "{admitted} in {took:?}"
    );
    assert!(admitted > 100, "{admitted} in {took:?}");
}

/// Redis accepts requests and never answers. After five failures the breaker keeps calls from waiting, the instance
/// limits calls on its own, and the metrics show the outage. The instance uses Redis again once it answers.
#[tokio::test]
async fn a_redis_that_hangs_is_bypassed_and_used_again_later() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _recorded = metrics::set_default_local_recorder(&recorder);
    let redis = Redis::start();
    let (one, other) = (
        instance(&redis.url(), false, USUAL, SLOW),
        instance(&redis.url(), false, PATIENT, SLOW),
    );
    let (drain, caller) = (CancellationToken::new(), Caller::anonymous());
    tokio::spawn(one.clone().run(drain.clone()));
    again(&one, Backend::Shared, &caller).await;
    assert!(metrics.render().contains("sluice_ratelimit_backend_up 1"));
    redis.hang();
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    for call in 0..1_000 {
        let (asked, caller) = (Instant::now(), principal(&format!("hung-{}", call % 2)));
        let (_, admitted) = one.admit(&caller, RateClass::Read).await;
        // A limit of ten over three instances: each admits three calls of a principal.
        assert_eq!(admitted.is_ok(), call < 6, "{call}");
        longest = longest.max(asked.elapsed());
    }
    // Without a breaker, 1,000 calls would wait 25 s. One call waits 25 ms, plus 500 ms for a busy machine.
    assert!(began.elapsed() < Duration::from_secs(5), "{longest:?}");
    assert!(
        longest >= USUAL && longest < Duration::from_millis(525),
        "{longest:?}"
    );
    assert_eq!(one.limiter.backend(), Backend::Apart);
    let told = metrics.render();
    assert!(told.contains("sluice_ratelimit_backend_up 0"), "{told}");
    let counted = "sluice_ratelimit_decisions_total{class=\"read\",decision=\"refused\"} 994";
    assert!(told.contains(counted), "{told}");
    let mut slots = Vec::new();
    while let Ok(slot) = one
        .slot(&principal("hung"), ConcurrencyLimitKind::Sockets)
        .await
    {
        slots.push(slot);
    }
    assert_eq!(slots.len(), 3, "a third of ten slots");
    redis.go_on();
    again(&one, Backend::Shared, &caller).await;
    assert!(metrics.render().contains("sluice_ratelimit_backend_up 1"));
    let shared = principal("shared-again");
    assert_eq!(calls(&[one, other], &shared, 33).await, 10);
    drain.cancel();
}

/// Calls until the instance counts limits in `backend`.
async fn again(admission: &Admission, backend: Backend, caller: &Caller) {
    let began = Instant::now();
    loop {
        let (_, _counted) = admission.admit(caller, RateClass::Write).await;
        if admission.limiter.backend() == backend {
            return;
        }
        assert!(
            began.elapsed() < AGAIN_MAX,
            "{:?}",
            admission.limiter.backend()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Refused credentials count on all instances. Without Redis, each instance still limits them on its own.
#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_count_on_all_instances_and_without_redis() {
    let redis = Redis::start();
    let instances = three(&redis.url(), false, SLOW);
    let address = "203.0.113.7".parse().unwrap();
    let mut guesses = 0;
    for admission in instances.iter().cycle().take(60) {
        if admission.may_authenticate(address).is_ok() {
            admission.authentication_failed(address).await;
            guesses += 1;
        }
    }
    // Each instance may admit one attempt more before it learns that the budget is used up.
    assert!((10..=12).contains(&guesses), "{guesses}");
    redis.kill();
    let (other, mut guesses) = ("203.0.113.8".parse().unwrap(), 0);
    while instances[0].may_authenticate(other).is_ok() {
        instances[0].authentication_failed(other).await;
        guesses += 1;
    }
    assert_eq!(guesses, 3, "a third of ten attempts");
}

/// On a Redis Cluster, all keys of a principal are on one node, and principals are spread over all nodes.
#[tokio::test(flavor = "multi_thread")]
async fn limits_are_the_same_on_a_cluster() {
    let cluster = RedisCluster::start();
    let instances = three(&cluster.url(), true, SLOW);
    let mut slots = Vec::new();
    for name in 0..6 {
        let caller = principal(&format!("principal-{name}"));
        assert_eq!(calls(&instances, &caller, 33).await, 10, "{caller:?}");
        for admission in instances.iter().cycle().take(20) {
            slots.extend(
                admission
                    .slot(&caller, ConcurrencyLimitKind::Sockets)
                    .await
                    .ok(),
            );
        }
    }
    assert_eq!(slots.len(), 60);
    let told = instances[0].status(&Caller::anonymous(), 0).await.unwrap();
    assert_eq!(told.backend, Backend::Shared);
    assert!(
        told.usages
            .iter()
            .any(|usage| usage.limit == "read" && usage.used == 10)
    );
    let keys = cluster.nodes.iter().map(|node| node.ask(&["DBSIZE"]));
    assert!(
        keys.clone().all(|keys| keys != "0"),
        "{:?}",
        keys.collect::<Vec<_>>()
    );
}

/// Redis is emptied between calls: budgets are full again, and callers notice no error.
#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_redis_resets_budgets_without_errors() {
    let redis = Redis::start();
    let (instances, caller) = (three(&redis.url(), false, SLOW), Caller::anonymous());
    assert_eq!(calls(&instances, &caller, 33).await, 10);
    redis.flush();
    assert_eq!(redis.ask(&["SCRIPT", "FLUSH"]), "OK");
    assert_eq!(calls(&instances, &caller, 33).await, 10);
    let verdict = limiter(&redis.url(), false, PATIENT).probe().await;
    assert!(
        verdict.is_ok()
            && instances
                .iter()
                .all(|one| one.limiter.backend() == Backend::Shared)
    );
    let never = limiter(&redis.url(), false, PATIENT);
    let key = CounterKey {
        tenant: Some(TenantId::parse("t").unwrap()),
        principal: "p".to_owned(),
        limit: "read",
    };
    let never = never.check(&key, Rate::new(1.0, 1), 2).await.unwrap();
    assert_eq!(never, RateDecision::Never);
}

/// A clock that was set back: stored times lie far in the future. The budget counts as used up once, the answer
/// names the correct retry delay, and the budget then works as usual.
#[tokio::test(flavor = "multi_thread")]
async fn a_budget_far_in_the_future_is_used_up_once_and_refills_when_announced() {
    let redis = Redis::start();
    let instances = three(&redis.url(), false, 10.0);
    let caller = Caller::anonymous();
    let name = "{rl:default:anonymous}:read";
    assert_eq!(calls(&instances, &caller, 1).await, 1);
    for ahead in ["99999999999999999", "1e18"] {
        redis.ask(&["SET", name, ahead, "PX", "3600000"]);
        let told = instances[0].status(&caller, 0).await.unwrap();
        let usage = told.usages.iter().find(|usage| usage.limit == "read");
        let refill = usage.unwrap().refill.unwrap();
        assert!(refill.full_after <= Duration::from_secs(1), "{ahead}");
        let (status, refused) = instances[0].admit(&caller, RateClass::Read).await;
        let Err(Error::RateLimited { retry_after, .. }) = refused else {
            panic!("{ahead}: {refused:?}");
        };
        assert_eq!(
            retry_after,
            Duration::from_millis(100),
            "one of ten a second"
        );
        assert_eq!(status.remaining, 0);
        let lifetime_ms = redis.ask(&["PTTL", name]).parse::<u64>().unwrap();
        assert!(
            lifetime_ms <= 2_000,
            "its window and a second: {lifetime_ms}"
        );
        for _ in 0..3 {
            tokio::time::sleep(retry_after).await;
            let (_, admitted) = instances[1].admit(&caller, RateClass::Read).await;
            admitted.unwrap();
        }
    }
}
