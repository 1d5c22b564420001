//! Rate limits and concurrency limits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::limits::class::RateLimitKind;

/// The limits of each principal. They are enforced, but far above the use of one busy client.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The number of instances, from 1. While Redis does not answer, each instance enforces its part of every limit.
    pub instances: u32,
    /// The time a request waits for Redis, in milliseconds, from 1. After that its instance counts it alone.
    pub redis_wait_ms_max: u32,
    /// Rate limits, which refill with time.
    pub rates: Rates,
    /// Concurrency limits, which are freed when a call ends.
    pub concurrency: Concurrency,
    /// The rate of refused credentials from one address (of IPv6: one network).
    pub auth_failure: RateSetting,
    /// Tenants with limits of their own. A limit that a tenant does not set is as above.
    pub tenants: BTreeMap<String, Tenant>,
}

/// A rate and its burst. The ranges for bytes are 65,536 times as large.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateSetting {
    /// The number a second, from 0.001 to 1,000,000.
    pub per_second: f64,
    /// The number at once, from 1 to 1,000,000.
    pub burst: u32,
}

/// The rate of each class of methods, and of bytes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Methods that read.
    pub read: RateSetting,
    /// Methods that compute and store nothing.
    pub preview: RateSetting,
    /// Methods that change something small.
    pub write: RateSetting,
    /// Uploads, rechunks and streams of chunks that begin or are resumed.
    pub upload_start: RateSetting,
    /// Streams that begin to watch or read.
    pub watch_open: RateSetting,
    /// Methods that administer the service.
    pub admin: RateSetting,
    /// Bytes of uploads, in steps of 64 KiB. An upload above the rate waits, and is not refused.
    pub upload_bytes: RateSetting,
}

/// The maximum numbers of uploads, streams and sockets that are open at once, each from 1.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Concurrency {
    /// Uploads and streams of chunks.
    pub uploads: u32,
    /// Streams that watch or read.
    pub watches: u32,
    /// `WebSocket` connections.
    pub sockets: u32,
}

/// The limits of each principal of a tenant.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tenant {
    /// Overrides the one in [`Rates`].
    pub read: Option<RateSetting>,
    /// Overrides the one in [`Rates`].
    pub preview: Option<RateSetting>,
    /// Overrides the one in [`Rates`].
    pub write: Option<RateSetting>,
    /// Overrides the one in [`Rates`].
    pub upload_start: Option<RateSetting>,
    /// Overrides the one in [`Rates`].
    pub watch_open: Option<RateSetting>,
    /// Overrides the one in [`Rates`].
    pub admin: Option<RateSetting>,
    /// Overrides the one in [`Rates`].
    pub upload_bytes: Option<RateSetting>,
    /// Overrides the one in [`Concurrency`].
    pub uploads: Option<u32>,
    /// Overrides the one in [`Concurrency`].
    pub watches: Option<u32>,
    /// Overrides the one in [`Concurrency`].
    pub sockets: Option<u32>,
}

impl RateSetting {
    /// Converts a rate of bytes to units of [`RateLimitKind::UPLOAD_UNIT_BYTES`]. A burst below one unit becomes 0.
    #[must_use]
    pub fn of_bytes(self) -> Self {
        let Self { per_second, burst } = self;
        Self {
            per_second: per_second / f64::from(RateLimitKind::UPLOAD_UNIT_BYTES),
            burst: burst / RateLimitKind::UPLOAD_UNIT_BYTES,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances: 1,
            // A hundred times a usual answer. At most five requests time out before the circuit breaker opens.
            redis_wait_ms_max: 25,
            rates: Rates::default(),
            concurrency: Concurrency::default(),
            // A user with a typing error is admitted after a moment. An attacker has a dozen tries a minute.
            auth_failure: rate(0.2, 20),
            tenants: BTreeMap::new(),
        }
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            read: rate(5_000.0, 10_000),
            // A call may compute over a megabyte.
            preview: rate(200.0, 500),
            write: rate(2_000.0, 5_000),
            upload_start: rate(1_000.0, 5_000),
            // All watchers of one principal reconnect at once when an instance ends.
            watch_open: rate(5_000.0, 20_000),
            admin: rate(200.0, 500),
            // 1 GiB a second: twice the throughput of an instance on two cores.
            upload_bytes: rate(1_073_741_824.0, 1_073_741_824),
        }
    }
}

impl Default for Concurrency {
    fn default() -> Self {
        Self {
            uploads: 1_000,
            watches: 20_000,
            sockets: 10,
        }
    }
}

fn rate(per_second: f64, burst: u32) -> RateSetting {
    RateSetting { per_second, burst }
}

impl Limits {
    /// Returns every rate with its setting, bytes in units.
    pub(crate) fn rates(&self) -> Vec<(String, RateSetting)> {
        let Rates {
            read,
            preview,
            write,
            upload_start,
            watch_open,
            admin,
            upload_bytes,
        } = self.rates;
        let mut rates = vec![
            ("rates.read".to_owned(), read),
            ("rates.preview".to_owned(), preview),
            ("rates.write".to_owned(), write),
            ("rates.upload_start".to_owned(), upload_start),
            ("rates.watch_open".to_owned(), watch_open),
            ("rates.admin".to_owned(), admin),
            ("rates.upload_bytes".to_owned(), upload_bytes.of_bytes()),
            ("auth_failure".to_owned(), self.auth_failure),
        ];
        for (name, tenant) in &self.tenants {
            let own = [
                ("read", tenant.read),
                ("preview", tenant.preview),
                ("write", tenant.write),
                ("upload_start", tenant.upload_start),
                ("watch_open", tenant.watch_open),
                ("admin", tenant.admin),
                (
                    "upload_bytes",
                    tenant.upload_bytes.map(RateSetting::of_bytes),
                ),
            ];
            let own = own.into_iter().filter_map(|(key, rate)| Some((key, rate?)));
            rates.extend(own.map(|(key, rate)| (format!("tenants.{name}.{key}"), rate)));
        }
        rates
    }

    /// Returns every number that must be at least 1, with its setting.
    pub(crate) fn numbers(&self) -> Vec<(String, u32)> {
        let Concurrency {
            uploads,
            watches,
            sockets,
        } = self.concurrency;
        let mut numbers = vec![
            ("instances".to_owned(), self.instances),
            ("redis_wait_ms_max".to_owned(), self.redis_wait_ms_max),
            ("concurrency.uploads".to_owned(), uploads),
            ("concurrency.watches".to_owned(), watches),
            ("concurrency.sockets".to_owned(), sockets),
        ];
        for (name, tenant) in &self.tenants {
            let own = [
                ("uploads", tenant.uploads),
                ("watches", tenant.watches),
                ("sockets", tenant.sockets),
            ];
            let own = own
                .into_iter()
                .filter_map(|(key, number)| Some((key, number?)));
            numbers.extend(own.map(|(key, number)| (format!("tenants.{name}.{key}"), number)));
        }
        numbers
    }
}
