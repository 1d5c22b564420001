//! Connects the use cases to a store and to the state that they share.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::audit::chain_signer::ChainSigner;
use crate::application::audit::recorder::Recorder;
use crate::application::audit::writer::Writer;
use crate::application::auth::authenticator::Authenticator;
use crate::application::auth::revocation;
use crate::application::catalog::changes::follower::Changes;
use crate::application::catalog::chunks::stream::Chunks;
use crate::application::catalog::collections::Collections;
use crate::application::catalog::documents::Documents;
use crate::application::catalog::imports::Imports;
use crate::application::events::bus::Bus;
use crate::application::events::link::Link;
use crate::application::events::reconciler::Reconciler;
use crate::application::events::relay::Relay;
use crate::application::maintenance::lease::Lease;
use crate::application::maintenance::runner::Retention;
use crate::application::maintenance::store_space::StoreSpace;
use crate::application::memory::budget::MemoryBudget;
use crate::application::memory::pressure::Pressure;
use crate::application::operations::lifecycle::Operations;
use crate::application::operations::watch::OperationWatch;
use crate::application::pagination::page_token::Tokens;
use crate::application::partitions::health;
use crate::application::partitions::placement::Partitions;
use crate::application::ports::clock::Clock;
use crate::application::ports::event_bus::EventBus;
use crate::application::ports::import_root::ImportRoot;
use crate::application::ports::jobs::Work;
use crate::application::ports::store::Store;
use crate::application::ports::token_verifier::Bearer;
use crate::application::rate_limit::admission::Admission;
use crate::application::readiness::Readiness;
use crate::application::response_stream::SendLimits;
use crate::application::spec_loader::SpecLoader;
use crate::application::uploads::duplex::DuplexUpload;
use crate::application::uploads::flush_timer::FlushSchedule;
use crate::application::uploads::lifecycle::UploadLifecycle;
use crate::application::uploads::limits::UploadLimits;
use crate::application::uploads::services::PipelineServices;
use crate::bootstrap::limits::limits;
use crate::bootstrap::redis_backends::{Shared, shared};
use crate::bootstrap::{admin, from_config};
use crate::config::Config;
use crate::config::sections::web::Web;
use crate::infrastructure::system_clock::System;
use crate::interface::grpc::admin::Info;
use crate::interface::middleware::request::RequestState;
use crate::interface::router::Services;
use crate::interface::web::encoded_states::Frames;
use crate::interface::web::probes::Probes;
use crate::interface::web::ws_shared::{self, SocketContext};

/// The directory that files are imported from.
type Root = Arc<dyn ImportRoot>;
/// The verifier of tokens.
type Issued = Arc<dyn Bearer>;

/// The state that use cases share.
pub(super) struct Wiring {
    pub(super) store: Arc<dyn Store>,
    pub(super) bus: Arc<Bus>,
    event_bus: Option<Arc<dyn EventBus>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) work: Arc<Notify>,
    pub(super) root: Option<Root>,
    pub(super) rechunk_asked: Arc<Notify>,
    pub(super) import_asked: Arc<Notify>,
    pub(super) lease: Lease,
    tokens: Tokens,
    budget: MemoryBudget,
    flush_schedule: FlushSchedule,
    bounds: UploadLimits,
    specs: SpecLoader,
    pub(super) retention: Retention,
    admission: Admission,
    recorder: Recorder,
    pub(super) signer: ChainSigner,
    pub(super) audit_kept: Duration,
    pub(super) pressure: Pressure,
    space: StoreSpace,
    authenticator: Option<Arc<Authenticator>>,
    info: Info,
    tasks: TaskTracker,
    drain: CancellationToken,
}

impl Wiring {
    /// Connects the use cases to `store`. Returns also the writer of its audit log.
    pub(super) async fn new(
        store: Arc<dyn Store>,
        (root, issued, specs): (Option<Root>, Option<Issued>, SpecLoader),
        config: &Config,
        (tasks, drain): (TaskTracker, CancellationToken),
    ) -> anyhow::Result<(Self, Writer)> {
        let clock: Arc<dyn Clock> = Arc::new(System);
        let secret = admin::secret(&store, &clock).await?;
        let Shared { event_bus, limiter } = shared(config, &secret)?;
        let admission = Admission::new(limits(&config.limits)?, limiter, clock.new_secret().into());
        let is_shared = config.store.location.database().is_some();
        let link = if is_shared { Link::Down } else { Link::Alone };
        let bounds = from_config::bounds(config);
        let lease = Lease::new(Arc::clone(&store), clock.as_ref(), Work::Jobs);
        let authenticator = from_config::authenticator(&store, &clock, config, issued);
        let info = Info {
            is_shared,
            started_at: clock.now(),
            bounds,
            clock: Arc::clone(&clock),
        };
        let signer = admin::signer(&config.audit.key_file, &secret)?;
        let (recorder, taken) = Recorder::new(Arc::clone(&clock));
        let recording = (recorder.clone(), taken);
        let chain = clock.new_uid().into();
        let writer = Writer::new(recording, Arc::clone(&store), signer.clone(), chain);
        let wiring = Self {
            space: StoreSpace::new(Arc::clone(&store)),
            store,
            bus: Arc::new(Bus::new(link, event_bus.is_some())),
            event_bus,
            clock,
            work: Arc::new(Notify::new()),
            root,
            rechunk_asked: Arc::new(Notify::new()),
            import_asked: Arc::new(Notify::new()),
            lease,
            tokens: Tokens::new(&secret),
            budget: from_config::budget(&bounds),
            bounds,
            specs,
            flush_schedule: FlushSchedule::default(),
            retention: from_config::retention(config),
            admission,
            recorder,
            signer,
            audit_kept: Duration::from_secs(config.audit.kept_seconds),
            pressure: Pressure::default(),
            authenticator,
            info,
            tasks,
            drain,
        };
        Ok((wiring, writer))
    }

    /// Returns the services of the server.
    pub(super) fn services(&self, config: &Config, recorder: PrometheusHandle) -> Services {
        let collections = self.collections();
        Services {
            documents: Documents {
                collections: collections.clone(),
                imports: self.imports(),
                asked: Arc::clone(&self.rechunk_asked),
            },
            collections,
            duplex_upload: DuplexUpload {
                uploads: self.uploads(),
                chunks: self.chunks(),
                drain: self.drain.clone(),
            },
            chunks: self.chunks(),
            changes: self.changes(),
            operations: self.operations(),
            watching: self.watching("grpc"),
            budget: self.budget.clone(),
            bounds: self.bounds,
            specs: self.specs.clone(),
            partitions: self.partitions(),
            admin: admin::service(&self.store, &self.clock, &self.tokens, self.info.clone()),
            request_state: RequestState {
                authenticator: self.authenticator.clone(),
                admission: self.admission.clone(),
                allowed: from_config::allowed(config),
                recorder: self.recorder.clone(),
            },
            clock: Arc::clone(&self.clock),
            socket_context: self.socket_context(&config.web),
            probes: Probes {
                readiness: Readiness {
                    store: Arc::clone(&self.store),
                    space: self.space.clone(),
                    drain: self.drain.clone(),
                },
                metrics: Box::new(move || recorder.render()),
            },
            pressure: self.pressure.clone(),
            is_full: self.space.subscribe(),
        }
    }

    fn socket_context(&self, config: &Web) -> SocketContext {
        let bounds = ws_shared::SocketLimits {
            sockets_max: config.sockets_max as usize,
            ping_every: Duration::from_secs(config.ping_every_seconds),
            pong_max: Duration::from_secs(config.pong_seconds_max),
            slow_reader_max: Duration::from_secs(config.slow_reader_seconds_max),
        };
        SocketContext {
            authenticator: self.authenticator.clone(),
            watching: self.watching("websocket"),
            frames: Frames::default(),
            operations: self.operations(),
            admission: self.admission.clone(),
            recorder: self.recorder.clone(),
            clock: Arc::clone(&self.clock),
            tasks: self.tasks.clone(),
            drain: self.drain.clone(),
            bounds,
            sockets: Arc::new(Semaphore::new(bounds.sockets_max)),
        }
    }

    fn operations(&self) -> Operations {
        Operations {
            store: Arc::clone(&self.store),
            uploads: self.uploads(),
            tokens: self.tokens.clone(),
        }
    }

    fn watching(&self, transport: &'static str) -> OperationWatch {
        OperationWatch {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            tasks: self.tasks.clone(),
            send_limits: self.send_limits(),
            clock: Arc::clone(&self.clock),
            transport,
        }
    }

    /// Starts the background tasks, which run until the server stops.
    pub(super) fn work(&self) {
        let reconciler = Reconciler {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
        };
        self.tasks.spawn(reconciler.run(self.drain.clone()));
        if let Some(event_bus) = self.event_bus.as_ref().map(Arc::clone) {
            let bus = Arc::clone(&self.bus);
            let relay = Relay { bus, event_bus };
            self.tasks.spawn(relay.run(self.drain.clone()));
        }
        let space = self.space.clone();
        self.tasks.spawn(space.watch(self.drain.clone()));
        let admission = self.admission.clone();
        self.tasks.spawn(admission.run(self.drain.clone()));
        if let Some(authenticator) = self.authenticator.clone() {
            self.tasks
                .spawn(revocation::run(authenticator, self.drain.clone()));
        }
        let runner = self.runner().run(self.drain.clone());
        let lease = self.lease.clone();
        self.tasks.spawn(async move {
            runner.await;
            lease.release().await;
        });
        let rechunks = Some(self.rechunk_worker());
        for worker in [rechunks, self.import_worker()].into_iter().flatten() {
            let lease = worker.lease.clone();
            let drain = self.drain.clone();
            self.tasks.spawn(async move {
                worker.run(drain).await;
                lease.release().await;
            });
        }
    }

    fn imports(&self) -> Imports {
        Imports {
            store: Arc::clone(&self.store),
            root: self.root.clone(),
            source_bytes_max: self.bounds.source_bytes_max,
            bus: Arc::clone(&self.bus),
            asked: Arc::clone(&self.import_asked),
            specs: self.specs.clone(),
        }
    }

    fn collections(&self) -> Collections {
        Collections {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            clock: Arc::clone(&self.clock),
            tokens: self.tokens.clone(),
            work: Arc::clone(&self.work),
            specs: self.specs.clone(),
        }
    }

    pub(super) fn uploads(&self) -> UploadLifecycle {
        let store: Arc<dyn Store> = Arc::clone(&self.store);
        let services = PipelineServices {
            store,
            bus: Arc::clone(&self.bus),
            clock: Arc::clone(&self.clock),
            tasks: self.tasks.clone(),
            bounds: self.bounds,
            specs: self.specs.clone(),
            flush_schedule: self.flush_schedule.clone(),
        };
        UploadLifecycle::new(services, self.budget.clone(), self.admission.clone())
    }

    fn chunks(&self) -> Chunks {
        Chunks {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            tasks: self.tasks.clone(),
            send_limits: self.send_limits(),
        }
    }

    fn partitions(&self) -> Partitions {
        Partitions {
            store: Arc::clone(&self.store),
            watching: health::HealthWatch {
                store: Arc::clone(&self.store),
                cell: Arc::default(),
                tasks: self.tasks.clone(),
                send_limits: self.send_limits(),
            },
            clock: Arc::clone(&self.clock),
            work: Arc::clone(&self.work),
        }
    }

    fn changes(&self) -> Changes {
        Changes {
            store: Arc::clone(&self.store),
            bus: Arc::clone(&self.bus),
            clock: Arc::clone(&self.clock),
            budget: self.budget.clone(),
            tasks: self.tasks.clone(),
            // A follower may hold digests of a whole version. A slow one is disconnected, and resumes by its cursor.
            send_limits: SendLimits {
                drain: self.drain.clone(),
                slow_reader_max: Some(self.bounds.slow_reader_max),
            },
            tokens: self.tokens.clone(),
        }
    }

    /// Returns the limits of readers and watchers: any speed is allowed, because each holds a page or a state.
    fn send_limits(&self) -> SendLimits {
        SendLimits {
            drain: self.drain.clone(),
            slow_reader_max: None,
        }
    }
}
