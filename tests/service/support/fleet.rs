//! Two instances on one database, with or without a Redis between them, and watchers of their operations.

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

/// The longest delay of a terminal state, even if messages are lost.
pub(crate) const LATE_MAX: Duration = Duration::from_secs(5);
/// The longest delay of a state that is published. Without a message, an instance reads its rows only every 3 s.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(1);
const PIECE_BYTES: usize = 50_000;

/// Two instances.
pub(crate) struct Fleet {
    pub(crate) a: Server,
    pub(crate) b: Server,
    _database: Arc<Cluster>,
}

impl Fleet {
    /// Starts both instances with their settings.
    pub(crate) async fn start(a: &[(&str, &str)], b: &[(&str, &str)]) -> Self {
        Self::on(private::cluster(), a, b).await
    }

    /// Starts both instances on the given cluster.
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

    /// Starts both instances with this Redis, and waits until they subscribed.
    pub(crate) async fn sharing(redis: &Redis) -> Self {
        let url = redis.url();
        let settings = [("SLUICE_REDIS__LOCATION", url.as_str())];
        let fleet = Self::start(&settings, &settings).await;
        listened(redis, 2).await;
        fleet
    }
}

/// Waits until `instances` instances have subscribed.
pub(crate) async fn listened(redis: &Redis, instances: u32) {
    let began = Instant::now();
    let wanted = format!("{{sluice:127}}:operations\n{instances}");
    while redis.ask(&["PUBSUB", "NUMSUB", "{sluice:127}:operations"]) != wanted {
        assert!(began.elapsed() < LATE_MAX, "an instance did not subscribe");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An upload that a test continues step by step.
pub(crate) struct Going {
    /// The name of its operation.
    pub(crate) operation: String,
    messages: mpsc::Sender<pb::UploadDocumentRequest>,
    sent: usize,
    sending: JoinHandle<Result<(), Status>>,
}

impl Going {
    /// Begins an upload of a document, and waits until the store has its row.
    pub(crate) async fn begin(channel: &Channel, document: &str) -> Self {
        Self::begin_in(channel, "c", document).await
    }

    /// Begins an upload in the given collection.
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

    /// Sends the next piece.
    pub(crate) async fn go_on(&mut self) {
        let piece = prose(PIECE_BYTES);
        let at = i64::try_from(self.sent).unwrap();
        self.sent += piece.len();
        let message = more(at, piece.as_bytes());
        self.messages.send(message).await.unwrap();
    }

    /// Finishes the upload. Returns the time of the answer.
    pub(crate) async fn finish(self) -> Instant {
        let at = i64::try_from(self.sent).unwrap();
        self.messages.send(last(more(at, b""))).await.unwrap();
        drop(self.messages);
        self.sending.await.unwrap().unwrap();
        Instant::now()
    }
}

impl Going {
    /// Cancels the upload through another instance. Returns the status that its client receives, and the delay.
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

/// A state and the time of its arrival.
pub(crate) type Seen = (pb::Operation, Instant);

/// Watches an operation until the stream ends.
pub(crate) fn watch(channel: &Channel, operation: &str) -> JoinHandle<Result<Vec<Seen>, Status>> {
    let (channel, name) = (channel.clone(), operation.to_owned());
    tokio::spawn(async move {
        let mut states = Vec::new();
        watch_into(&channel, &name, &mut states).await?;
        Ok(states)
    })
}

/// Watches an operation from the last known state until the stream ends.
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

/// Asserts that states are ordered and unique, and that only the last is terminal. Returns its time of arrival.
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
