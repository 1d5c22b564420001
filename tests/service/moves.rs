//! Kills the server during a move: the document stays complete, and ends in exactly one partition.

use std::time::Duration;

use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::partition_service_client::PartitionServiceClient;
use tonic::transport::Channel;

use crate::private;
use crate::rechunks::{RUNNING, SUCCEEDED, document, ended, operation, until, upload};
use crate::support::cluster::proxied;
use crate::support::server::Server;
use crate::support::world::{create_collection, expected, plain, prose, rows, spec};

/// About 12,000 chunks: the move needs more steps than there are kills.
const DOCUMENT_BYTES: usize = 12_000_000;
const KILLS: usize = 4;
/// The delay of each message to the database, so that a step lasts long enough to be observed.
const SLOW: Duration = Duration::from_millis(20);
/// Moved rows are deleted without a delay for readers.
const SETTINGS: [(&str, &str); 2] = [
    ("SLUICE_RETENTION__OLD_VERSION_SECONDS", "0"),
    ("SLUICE_RETENTION__SWEEP_EVERY_SECONDS", "1"),
];

/// Counts the chunks of the document. The result is empty unless all of them are in its partition and
/// their bytes add up to its size.
const WHOLE: &str = "
    SELECT documents.chunks FROM documents JOIN chunks ON document_uid = uid
        AND chunks.partition_key = documents.partition_key
    GROUP BY uid
    HAVING count(*) = documents.chunks AND sum(end_byte - start_byte) = documents.text_bytes";

async fn locate(channel: &Channel) -> pb::LocateDocumentResponse {
    let request = pb::LocateDocumentRequest {
        name: document("d"),
    };
    let mut client = PartitionServiceClient::new(channel.clone());
    let located = client.locate_document(request).await;
    located.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_a_move_leaves_the_document_whole() {
    let cluster = private::cluster();
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let name = database.rsplit('/').next().unwrap();
    let (proxy, store) = proxied(&cluster, &database).await;
    let mut server = Server::start_with(&store, &SETTINGS);
    create_collection(&server.channel()).await;
    let text = prose(DOCUMENT_BYTES);
    let whole = expected(&text);
    upload(&server.channel(), &spec("d"), text.as_bytes()).await;
    let before = locate(&server.channel()).await;

    proxy.slow(SLOW);
    let request = pb::MoveDocumentRequest {
        name: document("d"),
        ..pb::MoveDocumentRequest::default()
    };
    let mut client = PartitionServiceClient::new(server.channel());
    let begun = client.move_document(request).await.unwrap().into_inner();
    let begun = begun.operation.unwrap().name;
    let mut copied = 0;
    for _ in 0..KILLS {
        let is_further = |state: &pb::Operation| state.chunks > copied;
        let state = until(&server.channel(), &begun, is_further).await;
        assert_eq!(state.state, RUNNING, "the server is killed during the move");
        drop(server);
        assert_eq!(cluster.psql(name, WHOLE), whole.len().to_string());
        // Expires the lease of the killed server.
        cluster.psql(name, "UPDATE leases SET expires_at = 0");
        server = Server::start_with(&store, &SETTINGS);
        copied = operation(&server.channel(), &begun).await.chunks;
        assert!(copied >= state.chunks, "no step is repeated");
    }
    proxy.slow(Duration::ZERO);
    let channel = server.channel();
    let read = rows(&channel, &document("d"), None, false).await.unwrap();
    assert!(plain(&read) == whole, "during the move");
    let moved = ended(&channel, &begun).await;
    assert_eq!(moved.state, SUCCEEDED, "{moved:?}");
    assert_eq!(moved.chunks, before.chunks);
    while locate(&channel).await.chunks_elsewhere > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = locate(&channel).await;
    assert_ne!(after.partition, before.partition);
    let read = rows(&channel, &document("d"), None, false).await.unwrap();
    assert!(plain(&read) == whole, "in the other partition");
    assert_eq!(cluster.psql(name, WHOLE), whole.len().to_string());
    let places = "SELECT DISTINCT partition_key FROM chunks";
    assert_eq!(cluster.psql(name, places), after.partition.to_string());
}
