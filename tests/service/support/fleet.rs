//! Instances on one database, with a Redis between them or without, and what is watched on them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::Channel;

use crate::private;
use crate::private::postgres::Cluster;
use crate::redis_server::Redis;
use crate::support::server::Server;
use crate::support::world::{create_collection, first, last, more, name_of, prose, spec};

/// No terminal state comes later, whatever is lost.
pub(crate) const LATE_MAX: Duration = Duration::from_secs(5);
/// What is told at once is there by then; the rows of a link that is up are read every three seconds.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(1);
const PIECE_BYTES: usize = 50_000;

/// Two instances.
pub(crate) struct Fleet {
    pub(crate) a: Server,
    pub(crate) b: Server,
    _database: Arc<Cluster>,
}

impl Fleet {
    /// With these settings each.
    pub(crate) async fn start(a: &[(&str, &str)], b: &[(&str, &str)]) -> Self {
        Self::on(private::cluster(), a, b).await
    }

    /// The same on a server of its own.
    pub(crate) async fn on(cluster: Arc<Cluster>, a: &[(&str, &str)], b: &[(&str, &str)]) -> Self {
        let database = cluster.database();
        sluice::infrastructure::postgres::connection::migrate(&database)
            .await
            .unwrap();
        let fleet = Self {
            a: Server::start_with(&database, a),
            b: Server::start_with(&database, b),
            _database: cluster,
        };
        create_collection(&fleet.a.channel()).await;
        fleet
    }

    /// With this Redis.
    pub(crate) async fn sharing(redis: &Redis) -> Self {
        let url = redis.url();
        let settings = [("SLUICE_REDIS__LOCATION", url.as_str())];
        let fleet = Self::start(&settings, &settings).await;
        listened(redis, 2).await;
        fleet
    }
}

/// Waits until so many instances listen.
pub(crate) async fn listened(redis: &Redis, instances: u32) {
    let began = Instant::now();
    let wanted = format!("{{sluice:127}}:operations\n{instances}");
    while redis.ask(&["PUBSUB", "NUMSUB", "{sluice:127}:operations"]) != wanted {
        assert!(began.elapsed() < LATE_MAX, "nobody listens");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An upload that goes on as it is told.
pub(crate) struct Going {
    /// The name of its operation.
    pub(crate) operation: String,
    messages: mpsc::Sender<pb::UploadDocumentRequest>,
    sent: usize,
    sending: JoinHandle<Result<(), Status>>,
}

impl Going {
    /// Begins one of that document; its row is there.
    pub(crate) async fn begin(channel: &Channel, document: &str) -> Self {
        Self::begin_in(channel, "c", document).await
    }

    /// The same in another collection.
    pub(crate) async fn begin_in(channel: &Channel, collection: &str, document: &str) -> Self {
        let spec = pb::UploadSpec {
            collection: format!("collections/{collection}"),
            ..spec(document)
        };
        let (messages, receiver) = mpsc::channel(1);
        messages.send(first(&spec, b"")).await.unwrap();
        let mut client = UploadServiceClient::new(channel.clone());
        let mut other = client.clone();
        let sending = tokio::spawn(async move {
            let sent = client.upload_document(ReceiverStream::new(receiver)).await;
            sent.map(drop)
        });
        let name = name_of(&spec);
        let request = || pb::GetUploadRequest { name: name.clone() };
        while other.get_upload(request()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self {
            operation: name.replace("uploads", "operations"),
            messages,
            sent: 0,
            sending,
        }
    }

    /// Sends some more.
    pub(crate) async fn go_on(&mut self) {
        let piece = prose(PIECE_BYTES);
        let at = i64::try_from(self.sent).unwrap();
        self.sent += piece.len();
        let message = more(at, piece.as_bytes());
        self.messages.send(message).await.unwrap();
    }

    /// Ends it, and says when that was answered.
    pub(crate) async fn finish(self) -> Instant {
        let at = i64::try_from(self.sent).unwrap();
        self.messages.send(last(more(at, b""))).await.unwrap();
        drop(self.messages);
        self.sending.await.unwrap().unwrap();
        Instant::now()
    }
}

impl Going {
    /// Has it cancelled through another instance; returns what its client is told, and how long after
    /// that.
    pub(crate) async fn cancel_on(self, channel: &Channel) -> (Status, Duration) {
        let name = self.operation.clone();
        let mut client = OperationServiceClient::new(channel.clone());
        let request = pb::CancelOperationRequest { name };
        client.cancel_operation(request).await.unwrap();
        let cancelled = Instant::now();
        let told = self.sending.await.unwrap().unwrap_err();
        (told, cancelled.elapsed())
    }
}

/// A state, and when it came.
pub(crate) type Seen = (pb::Operation, Instant);

/// Watches until the stream ends.
pub(crate) fn watch(channel: &Channel, operation: &str) -> JoinHandle<Result<Vec<Seen>, Status>> {
    let (channel, name) = (channel.clone(), operation.to_owned());
    tokio::spawn(async move {
        let mut states = Vec::new();
        watch_into(&channel, &name, &mut states).await?;
        Ok(states)
    })
}

/// Watches from the last state on until the stream ends.
pub(crate) async fn watch_into(
    channel: &Channel,
    operation: &str,
    states: &mut Vec<Seen>,
) -> Result<(), Status> {
    let request = pb::WatchOperationRequest {
        name: operation.to_owned(),
        after_seq: states.last().map_or(0, |(state, _)| state.seq),
    };
    let mut client = OperationServiceClient::new(channel.clone());
    let mut stream = client.watch_operation(request).await?.into_inner();
    while let Some(state) = stream.message().await? {
        states.push((state.operation.unwrap(), Instant::now()));
    }
    Ok(())
}

/// Ordered, unique, and the last is the only terminal one; returns when it came.
pub(crate) fn check(states: &[Seen]) -> Instant {
    let in_order = |pair: &[Seen]| {
        let ((older, _), (newer, _)) = (&pair[0], &pair[1]);
        older.seq < newer.seq && older.committed_bytes <= newer.committed_bytes
    };
    assert!(states.windows(2).all(in_order), "{states:?}");
    let ((end, at), others) = states.split_last().unwrap();
    assert_eq!(end.state, 2, "{states:?}");
    assert!(others.iter().all(|(state, _)| state.state == 1));
    *at
}
