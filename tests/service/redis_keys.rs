//! The keys in Redis: computed as in the domain, named as in the table of docs/redis.md, each with a lifetime.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::test_runner::{Config, TestRunner};
use sluice::application::caller::Caller;
use sluice::application::ports::rate_limiter::RateLimiter;
use sluice::application::rate_limit::admission::Admission;
use sluice::application::rate_limit::limits::{Limits, PrincipalLimits};
use sluice::domain::limits::class::{ConcurrencyLimitKind, RateClass};
use sluice::domain::limits::rate::{Rate, RateDecision};
use sluice::domain::names::resource::{Principal, TenantId};
use sluice::infrastructure::redis::connection::RedisAddress;
use sluice::infrastructure::redis::limits::rate_limiter;
use std::sync::Arc;
use std::time::Duration;

use crate::redis_server::Redis;
use crate::support::world::{World, first, last, spec};

const GCRA: &str = include_str!("../../src/infrastructure/redis/limits/gcra.lua");
const TABLE: &str = include_str!("../../docs/redis.md");
/// A time of this century, in microseconds.
const BEGUN: u64 = 1_795_000_000_000_000;

/// Runs the script at chosen times, forwards and up to an hour backwards. It must return the verdicts of the domain,
/// and the same arrival times to the microsecond.
#[test]
fn the_script_computes_the_same_as_the_domain() {
    let redis = Redis::start();
    let timed = GCRA.replace("redis.call('TIME')", "{ARGV[3], ARGV[4]}");
    assert_ne!(timed, GCRA);
    let script = redis::Script::new(&timed);
    let client = redis::Client::open(redis.url()).unwrap();
    let connection = std::cell::RefCell::new(client.get_connection().unwrap());
    let step = (-3_600_000_000_i64..5_000_000, 1_u64..8);
    let input = (0.01..20_000.0, 1_u32..50, vec(step, 1..40));
    let mut runner = TestRunner::new(Config::with_cases(100));
    let law = |(per_second, burst, steps): (f64, u32, Vec<(i64, u64)>)| {
        let mut connection = connection.borrow_mut();
        redis::cmd("FLUSHALL").exec(&mut *connection).unwrap();
        let (rate, mut now, mut arrival) = (Rate::new(per_second, burst), BEGUN, None);
        for (gap, units) in steps {
            // Most steps go forwards by a little.
            now = now.saturating_add_signed(if gap % 9 == 0 {
                gap
            } else {
                gap.abs() % 300_000
            });
            let units = units.min(rate.burst());
            let mut invocation = script.key("{rl:t:p}:read");
            invocation.arg(rate.cost_us(units)).arg(rate.window_us());
            invocation.arg(now / 1_000_000).arg(now % 1_000_000);
            let (passes, wait_us, full_after_us) = invocation
                .invoke::<(bool, u64, u64)>(&mut *connection)
                .unwrap();
            let (decision, next) = rate.decide(arrival, now, units);
            let expected = match decision {
                RateDecision::Admitted { full_after_us } => (true, 0, full_after_us),
                RateDecision::Wait {
                    wait_us,
                    full_after_us,
                } => (false, wait_us, full_after_us),
                RateDecision::Never => unreachable!("units are within the burst"),
            };
            assert_eq!((passes, wait_us, full_after_us), expected);
            arrival = Some(next);
            let mut get = redis::cmd("GET");
            let stored: u64 = get.arg("{rl:t:p}:read").query(&mut *connection).unwrap();
            assert_eq!(stored, next);
            assert!(wait_us <= rate.window_us());
        }
        Ok(())
    };
    runner.run(&input, law).unwrap();
}

/// Returns the names in the first column of a table.
fn rows(heading: &str) -> BTreeSet<&'static str> {
    let (_, table) = TABLE.split_once(heading).unwrap();
    let rows = table.lines().take_while(|line| !line.starts_with("## "));
    rows.filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect()
}

/// Whether a name matches a row; `<…>` stands for a part without special characters.
fn is_of(name: &str, row: &str) -> bool {
    let Some((before, rest)) = row.split_once('<') else {
        return name == row;
    };
    let Some((_, after)) = rest.split_once('>') else {
        return false;
    };
    let Some(name) = name.strip_prefix(before) else {
        return false;
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._@/%".contains(c);
    let part = name.find(|c| !is_plain(c)).unwrap_or(name.len());
    is_of(&name[part..], after)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_in_the_table_and_has_a_lifetime() {
    let redis = Redis::start();
    let location = redis.url();
    let world = World::start_with(|config| {
        config.redis.location = location.into();
        config.limits.redis_wait_ms_max = 10_000;
    })
    .await;
    let upload = spec("mixed");
    world
        .send(vec![last(first(&upload, b"Some text."))])
        .await
        .unwrap();
    let _rows = world.rows("collections/c/documents/mixed").await.unwrap();

    let rate = Rate::new(0.01, 10);
    let connection = RedisAddress::at(&redis.url(), false)
        .unwrap()
        .connection()
        .unwrap();
    let limiter = Arc::new(rate_limiter::RedisLimits::new(
        &connection,
        Duration::from_secs(10),
    ));
    limiter.probe().await.unwrap();
    let limits = Limits::of(PrincipalLimits::each(rate, 10), rate);
    let admission = Admission::new(limits, Some(limiter), [7; 16].into());
    let caller = Caller {
        tenant: TenantId::parse("t-1").unwrap(),
        principal: Principal::parse("t:}{%an*odd^one").unwrap(),
        ..Caller::anonymous()
    };
    for class in RateClass::ALL {
        admission.admit(&caller, class).await.1.unwrap();
    }
    let mut slots = Vec::new();
    for kind in ConcurrencyLimitKind::ALL {
        slots.push(admission.slot(&caller, kind).await.unwrap());
    }
    for address in ["203.0.113.7", "2001:db8::1"] {
        admission
            .authentication_failed(address.parse().unwrap())
            .await;
    }
    admission.allowance(&caller).spend(100_000).await;
    let told = admission.status(&caller, 0).await.unwrap();
    // All limits that the caller has used: six classes, the bytes and three kinds of slots.
    assert_eq!(told.usages.len(), 10, "{told:?}");
    assert!(
        told.usages
            .iter()
            .all(|usage| usage.principal == caller.principal.as_str())
    );

    let (documented, mut seen) = (rows("## Keys"), BTreeSet::new());
    assert!(documented.len() >= 10 && !rows("## Channels").is_empty());
    let keys = redis.ask(&["--scan"]);
    for key in keys.lines() {
        let lifetime_ms = redis.ask(&["PTTL", key]).parse::<i64>().unwrap();
        // -2: the key has expired meanwhile; -1: the key never expires.
        assert_ne!(lifetime_ms, -1, "{key} has no lifetime");
        let row = documented.iter().find(|row| is_of(key, row));
        seen.insert(*row.unwrap_or_else(|| panic!("{key} is not in docs/redis.md")));
    }
    let never = documented.difference(&seen).collect::<Vec<_>>();
    assert!(
        never == [&"{rl}:probe"] || never.is_empty(),
        "never seen: {never:?}"
    );
    let channels = redis.ask(&["PUBSUB", "CHANNELS"]);
    let known = rows("## Channels");
    for channel in channels.lines() {
        assert!(known.iter().any(|row| is_of(channel, row)), "{channel}");
    }
}
