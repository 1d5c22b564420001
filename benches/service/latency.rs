//! Latency of short calls: without load, beside each attack on the connection, and with each limiter.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use sluice::bootstrap::Instance;
use sluice::config::Config;
use sluice::config::sections::limits::RateSetting;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::client::{connect, create_collection};
use crate::frames::Attack;
use crate::redis_server::Redis;

/// Calls of each measurement, one after the other.
const CALLS: usize = 10_000;
/// Rounds beside attacks, and the calls of each. Short, because other load of the machine changes within seconds.
const ROUNDS: usize = 15;
const ROUND_CALLS: usize = 2_000;
/// The first calls, among which are those that wait for a Redis that hangs.
const FIRST: usize = 20;
/// Attacking connections, and those of attacks that only hold their connections.
const ATTACKERS: usize = 8;
const PATIENT_ATTACKERS: usize = 500;
/// The address of the first attack. Each other attack uses the next address, because the server counts calls per
/// address, and clients that behave have another one.
const ATTACKERS_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// No load beside the calls.
const QUIET: &str = "quiet";
/// No attack: it uses the processor, as attackers on the same machine do, without calling the server.
const SPINNING: &str = "spinning";
/// An attack continues until the server ends its connection, or until this program ends it.
const FRAMES: usize = usize::MAX;
const ATTACK_MAX: Duration = Duration::MAX;

/// Measures calls beside each attack, and their ratio to calls without load.
pub(crate) async fn hostile(config: Config) {
    go_first();
    let server = Runtime::new().expect("threads of its own");
    let starting = server.spawn(async move { Instance::start(&config).await });
    let instance = starting.await.expect("no panic").expect("it starts");
    let channel = connect(instance.address);
    create_collection(&channel).await;
    let attacks = Attack::ALL.map(|attack| format!("{attack:?}"));
    let beside = [QUIET, SPINNING].into_iter();
    let beside = beside.chain(attacks.iter().map(String::as_str));
    let mut taken = beside.map(|name| (name, Vec::new())).collect::<Vec<_>>();
    // Interleaved, so that other load of the machine affects all measurements.
    for _ in 0..ROUNDS {
        for (name, taken) in &mut taken {
            let _attackers = (*name != QUIET).then(|| Attackers::start(name, instance.address));
            taken.extend(times(&channel, ROUND_CALLS).await);
        }
    }
    println!("milliseconds                       p50     p99  of quiet");
    for (_, taken) in &mut taken {
        taken.sort_unstable();
    }
    let (_, quiet) = &taken[0];
    for (name, taken) in &taken {
        report(name, taken, quiet);
    }
    instance.stop().await.expect("it stops");
    server.shutdown_background();
}

/// Gives the server and its client priority over all other programs. The time that attackers need for themselves is
/// not the server's cost, and on another machine it would not slow the server. A program that only spins shows how
/// well this works.
fn go_first() {
    let this = std::process::id().to_string();
    let set = Command::new("chrt")
        .args(["--rr", "--all-tasks", "--pid", "1", &this])
        .status();
    assert!(set.expect("chrt is there").success(), "it takes root");
}

/// A separate program that attacks as fast as it can, with less priority than all others on this machine.
struct Attackers(Child);

impl Attackers {
    fn start(attack: &str, server: SocketAddr) -> Self {
        let child = Command::new("chrt")
            .args(["--other", "0", "nice", "-n", "19"])
            .arg(std::env::current_exe().expect("it is known"))
            .args(["attack", attack, &server.to_string()])
            .spawn();
        Self(child.expect("it starts"))
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        // An attacker that has ended has failed, and has printed the reason.
        let _gone = self.0.kill();
        let _waited = self.0.wait();
    }
}

/// Attacks without a pause, until the process is killed.
pub(crate) async fn attack(name: &str, server: &str) {
    if name == SPINNING {
        // One thread per core of the machine of the published results.
        let other = std::thread::spawn(spin);
        spin();
        other.join().expect("it never ends");
    }
    let mut all = (u32::from(ATTACKERS_ADDRESS)..).zip(Attack::ALL);
    let named = all.find(|(_, attack)| format!("{attack:?}") == name);
    let (from, attack) = named.expect("an attack");
    let server = server.parse::<SocketAddr>().expect("an address");
    let attackers = if attack.is_patient() {
        PATIENT_ATTACKERS
    } else {
        ATTACKERS
    };
    let mut attacking = JoinSet::new();
    for _ in 0..attackers {
        attacking.spawn(async move {
            loop {
                attack.run(from.into(), server, FRAMES, ATTACK_MAX).await;
            }
        });
    }
    // An attacker ends only by a fault, which must be visible.
    let ended = attacking.join_next().await;
    ended.expect("there are some").expect("it does not panic");
}

fn spin() {
    loop {
        std::hint::spin_loop();
    }
}

/// Measures calls with the limiter in memory, with Redis, and with a Redis that hangs.
pub(crate) async fn limiters(mut config: Config) {
    config.limits.rates.read = RateSetting {
        per_second: 1e6,
        burst: 1_000_000,
    };
    let redis = Redis::start();
    println!("milliseconds                       p50     p99  of quiet");
    let mut alone = Vec::new();
    for (name, location) in [("in memory", String::new()), ("by Redis", redis.url())] {
        config.redis.location = location.into();
        let instance = Instance::start(&config).await.expect("it starts");
        let channel = connect(instance.address);
        if alone.is_empty() {
            create_collection(&channel).await;
        }
        let _warm = times(&channel, FIRST).await;
        let taken = times(&channel, CALLS).await;
        if alone.is_empty() {
            alone.clone_from(&taken);
        } else {
            report("a SET of the same Redis alone", &sets(&redis).await, &alone);
        }
        report(name, &taken, &alone);
        if name == "by Redis" {
            redis.hang();
            let first = times(&channel, FIRST).await;
            let later = times(&channel, CALLS).await;
            redis.go_on();
            report("the first twenty once it hangs", &first, &alone);
            report("later", &later, &alone);
        }
        instance.stop().await.expect("it stops");
    }
}

/// Returns the durations of cheap calls, in ascending order.
async fn times(channel: &Channel, calls: usize) -> Vec<Duration> {
    let mut client = CollectionServiceClient::new(channel.clone());
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let request = pb::GetCollectionRequest {
            name: "collections/c".to_owned(),
        };
        let begun = Instant::now();
        client.get_collection(request).await.expect("it is there");
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times
}

/// Returns the durations of commands to Redis itself, in ascending order.
async fn sets(redis: &Redis) -> Vec<Duration> {
    let client = redis::Client::open(redis.url()).expect("an address");
    let connection = client.get_multiplexed_async_connection().await;
    let mut connection = connection.expect("it answers");
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        let mut set = redis::cmd("SET");
        set.arg("a").arg("b").arg("PX").arg(1_000);
        let () = set.query_async(&mut connection).await.expect("it is set");
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times
}

fn report(name: &str, times: &[Duration], quiet: &[Duration]) {
    let at = |times: &[Duration], percent: usize| {
        times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3
    };
    let (half, most) = (at(times, 50), at(times, 99));
    let ratio = most / at(quiet, 99);
    println!("{name:<32} {half:>7.2} {most:>7.2} {ratio:>8.1}");
}
