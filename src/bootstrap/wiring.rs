//! The use cases over a store, and what they share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::changes::Changes;
use crate::application::chunks::Chunks;
use crate::application::collections::Collections;
use crate::application::conversation::Conversation;
use crate::application::documents::Documents;
use crate::application::health;
use crate::application::identity::Identity;
use crate::application::ingest::bounds::Bounds;
use crate::application::ingest::budget::Budget;
use crate::application::ingest::pipeline::Outside;
use crate::application::jobs::{Retention, Runner};
use crate::application::keys::Keys;
use crate::application::lease::Lease;
use crate::application::operations::Operations;
use crate::application::outbox::Patience;
use crate::application::partitions::Partitions;
use crate::application::ports::bearer::Bearer;
use crate::application::ports::clock::Clock;
use crate::application::ports::failure;
use crate::application::ports::store::Store;
use crate::application::rechunker::Rechunker;
use crate::application::tenants::Tenants;
use crate::application::tokens::Tokens;
use crate::application::uploads::Uploads;
use crate::application::watch::{Bus, Watching};
use crate::config::Config;
use crate::domain::ingest::digest;
use crate::domain::secret::Secret;
use crate::infrastructure::system::System;
use crate::interface::grpc::admin;
use crate::interface::grpc::door::Door;
use crate::interface::grpc::server::Services;

/// What use cases share.
pub(super) struct Wiring {
    store: Arc<dyn Store>,
    bus: Arc<Bus>,
    clock: Arc<dyn Clock>,
    work: Arc<Notify>,
    asked: Arc<Notify>,
    lease: Lease,
    tokens: Tokens,
    budget: Budget,
    bounds: Bounds,
    retention: Retention,
    door: Door,
    info: admin::Info,
    tasks: TaskTracker,
    drain: CancellationToken,
}

impl Wiring {
    /// Over this store.
    pub(super) async fn new(
        store: Arc<dyn Store>,
        config: &Config,
        issued: Option<Arc<dyn Bearer>>,
        (tasks, drain): (TaskTracker, CancellationToken),
    ) -> Result<Self, failure::Error> {
        let clock: Arc<dyn Clock> = Arc::new(System);
        let tokens = tokens(&store, &clock).await?;
        let bounds = bounds(config);
        let lease = Lease::new(Arc::clone(&store), clock.as_ref());
        let door = door(&store, &clock, config, issued);
        let info = admin::Info {
            is_shared: config.store.location.database().is_some(),
            started_at: clock.now(),
            bounds,
            clock: Arc::clone(&clock),
        };
        Ok(Self {
            store,
            bus: Arc::new(Bus::default()),
            clock,
            work: Arc::new(Notify::new()),
            asked: Arc::new(Notify::new()),
            lease,
            tokens,
            budget: Budget::new(bounds),
            bounds,
            retention: retention(config),
            door,
            info,
            tasks,
            drain,
        })
    }

    /// What the server serves.
    pub(super) fn services(&self) -> Services {
        let collections = self.collections();
        Services {
            documents: Documents {
                collections: collections.clone(),
                asked: Arc::clone(&self.asked),
            },
            collections,
            conversation: Conversation {
                uploads: self.uploads(),
                chunks: self.chunks(),
                drain: self.drain.clone(),
            },
            chunks: self.chunks(),
            changes: self.changes(),
            operations: Operations {
                store: Arc::clone(&self.store),
                uploads: self.uploads(),
                tokens: self.tokens.clone(),
            },
            watching: Watching {
                store: Arc::clone(&self.store),
                bus: Arc::clone(&self.bus),
                tasks: self.tasks.clone(),
                patience: self.patience(),
            },
            budget: self.budget.clone(),
            bounds: self.bounds,
            partitions: self.partitions(),
            admin: self.admin(),
            door: self.door.clone(),
            clock: Arc::clone(&self.clock),
        }
    }

    /// What goes on without being asked.
    pub(super) fn runner(&self) -> Runner {
        Runner {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            lease: self.lease.clone(),
            clock: Arc::clone(&self.clock),
            work: Arc::clone(&self.work),
            retention: self.retention,
        }
    }

    /// The rechunks that go on without their clients.
    pub(super) fn rechunker(&self) -> Rechunker {
        Rechunker {
            store: Arc::clone(&self.store),
            uploads: self.uploads(),
            lease: self.lease.clone(),
            asked: Arc::clone(&self.asked),
            look_every: self.retention.sweep_every,
        }
    }

    fn collections(&self) -> Collections {
        Collections {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            clock: Arc::clone(&self.clock),
            tokens: self.tokens.clone(),
            work: Arc::clone(&self.work),
        }
    }

    fn uploads(&self) -> Uploads {
        let store: Arc<dyn Store> = Arc::clone(&self.store);
        let outside = Outside {
            store,
            bus: Arc::clone(&self.bus),
            clock: Arc::clone(&self.clock),
            tasks: self.tasks.clone(),
            bounds: self.bounds,
        };
        Uploads::new(outside, self.budget.clone())
    }

    fn chunks(&self) -> Chunks {
        Chunks {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            tasks: self.tasks.clone(),
            patience: self.patience(),
        }
    }

    fn partitions(&self) -> Partitions {
        Partitions {
            store: Arc::clone(&self.store),
            watching: health::Watching {
                store: Arc::clone(&self.store),
                cell: Arc::default(),
                tasks: self.tasks.clone(),
                patience: self.patience(),
            },
            clock: Arc::clone(&self.clock),
            work: Arc::clone(&self.work),
        }
    }

    fn admin(&self) -> admin::Service {
        admin::Service {
            tenants: Tenants {
                store: Arc::clone(&self.store),
                clock: Arc::clone(&self.clock),
                tokens: self.tokens.clone(),
            },
            keys: keys(&self.store, &self.clock, self.tokens.clone()),
            info: self.info.clone(),
        }
    }

    fn changes(&self) -> Changes {
        Changes {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            budget: self.budget.clone(),
            tasks: self.tasks.clone(),
            // A follower may hold digests of a whole version; its cursor brings it back.
            patience: Patience {
                drain: self.drain.clone(),
                slow_reader_max: Some(self.bounds.slow_reader_max),
            },
            tokens: self.tokens.clone(),
        }
    }

    /// Readers and watchers may be as slow as they like: they hold a page or a state each.
    fn patience(&self) -> Patience {
        Patience {
            drain: self.drain.clone(),
            slow_reader_max: None,
        }
    }
}

/// The first operator's key.
pub(super) async fn first_key(
    store: &Arc<dyn Store>,
    force: bool,
) -> Result<Option<Secret>, failure::Error> {
    let clock: Arc<dyn Clock> = Arc::new(System);
    keys(store, &clock, tokens(store, &clock).await?)
        .bootstrap(force)
        .await
}

/// Page tokens, by the key that all instances share.
async fn tokens(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>) -> Result<Tokens, failure::Error> {
    let key = [clock.new_secret(), clock.new_secret()].concat();
    Ok(Tokens::new(&store.secret(digest::sha256(&key)).await?))
}

fn keys(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, tokens: Tokens) -> Keys {
    Keys {
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        tokens,
    }
}

fn door(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    config: &Config,
    tokens: Option<Arc<dyn Bearer>>,
) -> Door {
    let identity = config.has_identity().then(|| {
        let (store, clock) = (Arc::clone(store), Arc::clone(clock));
        Identity::new(store, clock, tokens, config.identity.api_keys)
    });
    let is_open = config.has_identity() || config.insecure_no_auth;
    let takes_any = config.hosts.is_empty() && is_open;
    Door {
        identity,
        hosts: (!takes_any).then(|| config.hosts.clone().into()),
    }
}

fn bounds(config: &Config) -> Bounds {
    let from = &config.uploads;
    Bounds {
        source_bytes_max: from.source_bytes_max,
        memory_bytes_max: from.memory_bytes_max,
        memory_wait_max: Duration::from_secs(from.memory_wait_seconds_max),
        idle_max: Duration::from_secs(from.idle_seconds_max),
        rate_bytes_min: from.rate_bytes_min,
        rate_window: Duration::from_secs(from.rate_window_seconds),
        slow_reader_max: Duration::from_secs(from.slow_reader_seconds_max),
        old_version_kept: Duration::from_secs(config.retention.old_version_seconds),
    }
}

fn retention(config: &Config) -> Retention {
    let from = &config.retention;
    Retention {
        old_versions: Duration::from_secs(from.old_version_seconds),
        open_uploads: Duration::from_secs(from.open_upload_seconds),
        operations: Duration::from_secs(from.operation_seconds),
        sweep_every: Duration::from_secs(from.sweep_every_seconds),
    }
}
