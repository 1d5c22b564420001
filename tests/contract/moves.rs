//! A document moves to its other candidate: readers do not notice, and no chunk is lost or left behind.

use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::collections::{Deleted, Deletion};
use sluice::application::ports::jobs::{Done, Fence, Work};
use sluice::application::ports::operations::{Operation, OperationKind};
use sluice::application::ports::partitions::{Location, Move, Moved};
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{Started, Upload, UploadEnd};
use sluice::domain::names::resource::DocumentName;
use sluice::domain::operation::failure::FailureReason;
use sluice::domain::operation::state::State;
use sluice::domain::partitions::candidates;

use crate::world::{
    KEPT, LEASE, at, attach, batches, caller, chunks, new_upload, reason, start, structured, text,
    texts, upload, upload_batches, work,
};

/// The rows of a step: few, so that a move needs many steps.
const ROWS: u32 = 10;

fn document() -> DocumentName {
    DocumentName::parse("collections/c/documents/d").unwrap()
}

async fn ask(store: &dyn Store, uid: u8, now: i64) -> Moved {
    let asked = Move {
        uid: [uid; 16].into(),
        request_sha256: [8; 32],
        now: at(now),
    };
    let moved = store.move_document(&caller(), &document(), &asked).await;
    moved.unwrap()
}

async fn begin(store: &dyn Store, uid: u8, now: i64) -> Operation {
    match ask(store, uid, now).await {
        Moved::Operation(operation) => *operation,
        refused @ (Moved::NotFound | Moved::Pending | Moved::OtherRequest) => {
            unreachable!("{refused:?}")
        }
    }
}

async fn fence(store: &dyn Store) -> Fence {
    let claimed = store.claim(Work::Jobs, &[1; 16].into(), LEASE).await;
    claimed.unwrap().unwrap()
}

async fn step(store: &dyn Store, now: i64) -> Done {
    let fence = fence(store).await;
    let done = store
        .advance_moves(fence, at(now), at(now + KEPT), ROWS)
        .await;
    done.unwrap().unwrap()
}

async fn operation(store: &dyn Store, uid: u8) -> Operation {
    let found = store.operation(&caller(), &[uid; 16].into()).await;
    found.unwrap().unwrap()
}

async fn locate(store: &dyn Store) -> Location {
    let located = store.locate_document(&caller(), &document()).await;
    let located = located.unwrap().unwrap();
    assert!(candidates::candidates(&located.uid).contains(&located.partition));
    assert_eq!(located.said, located.counted, "counts equal a recount");
    located
}

/// Deletes the document, and returns the last states of the operations that this ends.
async fn delete(store: &dyn Store, uid: u8, now: i64) -> Vec<Operation> {
    let deletion = Deletion {
        uid: [uid; 16].into(),
        request_sha256: [7; 32],
        revision: None,
        now: at(now),
    };
    let deleted = store
        .delete_document(&caller(), &document(), &deletion)
        .await;
    match deleted.unwrap() {
        Deleted::Operation(_, ended) => ended,
        refused @ (Deleted::NotFound
        | Deleted::Changed
        | Deleted::NotEmpty
        | Deleted::OtherRequest) => unreachable!("{refused:?}"),
    }
}

/// Reads the upload again, with the current partition of its document.
async fn again(store: &dyn Store, upload: &Upload) -> Upload {
    let found = store.upload(&caller(), &upload.uid).await;
    found.unwrap().unwrap()
}

pub(crate) async fn a_moved_document_reads_the_same_and_nothing_is_left(store: &dyn Store) {
    upload(store, 1, "d", "an old version", 10).await;
    let new = upload(store, 2, "d", &text(), 10).await;
    let before = locate(store).await;
    let begun = begin(store, 9, 20).await;
    assert_eq!(
        (begun.kind, begun.state, &*begun.target.to_string()),
        (
            OperationKind::MoveDocument,
            State::Running,
            document().to_string().as_str()
        )
    );
    let mut seq = begun.seq;
    loop {
        let done = step(store, 30).await;
        assert!(done.updates[0].seq > seq, "watchers receive the progress");
        seq = done.updates[0].seq;
        if done.updates[0].state != State::Running {
            break;
        }
        let read = texts(store, &caller(), &again(store, &new).await).await;
        assert_eq!(read.concat(), text());
        assert_eq!(locate(store).await.partition, before.partition);
    }
    let ended = operation(store, 9).await;
    assert_eq!(
        (ended.state, ended.chunks),
        (State::Succeeded, before.said.chunks)
    );
    assert_eq!(step(store, 30).await, Done::default());
    let after = locate(store).await;
    assert_ne!(after.partition, before.partition);
    assert_eq!(after.said, before.said);
    assert_eq!(
        after.chunks_elsewhere, before.said.chunks,
        "the old chunks are retained"
    );
    let moved = again(store, &new).await;
    assert_eq!(moved.partition, after.partition);
    assert_eq!(texts(store, &caller(), &moved).await.concat(), text());
    assert_eq!(texts(store, &caller(), &new).await.concat(), text());

    let sweep = async |now| {
        let fence = fence(store).await;
        let swept = store.sweep_moves(fence, at(now), ROWS).await;
        swept.unwrap().unwrap().rows
    };
    assert_eq!(
        sweep(30 + KEPT - 1).await,
        0,
        "nothing is swept before its time"
    );
    assert_eq!(sweep(30 + KEPT).await, u64::from(ROWS));
    let rest = texts_from(store, &new).await;
    assert!(
        rest > 0 && rest < before.said.chunks,
        "the chunks are swept in steps"
    );
    while sweep(30 + KEPT).await > 0 {}
    assert_eq!(locate(store).await.chunks_elsewhere, 0);
    assert_eq!(texts(store, &caller(), &moved).await.concat(), text());
    let health = store.partitions().await.unwrap();
    let held = |partition: u32| health[partition as usize].chunks;
    assert_eq!(held(before.partition), 0);
    assert_eq!(held(after.partition), after.said.chunks);
}

/// Returns the number of chunks of an upload in its old partition. They need not begin with the first chunk.
async fn texts_from(store: &dyn Store, upload: &Upload) -> u64 {
    let of = sluice::application::ports::chunks::VersionKey {
        document: upload.document_uid,
        partition: upload.partition,
        version: upload.version,
    };
    let left = store.chunks(&caller(), of, 0, 100_000).await.unwrap();
    left.len() as u64
}

pub(crate) async fn the_structure_of_chunks_moves_with_them(store: &dyn Store) {
    let new = upload_batches(store, 1, "d", structured(), 10).await;
    let before = chunks(store, &caller(), &new).await;
    begin(store, 9, 20).await;
    while operation(store, 9).await.state == State::Running {
        step(store, 30).await;
    }
    let moved = again(store, &new).await;
    assert_ne!(moved.partition, new.partition);
    assert_eq!(chunks(store, &caller(), &moved).await, before);
}

pub(crate) async fn an_upload_during_a_move_ends_with_all_its_rows(store: &dyn Store) {
    upload(store, 1, "d", &text(), 10).await;
    let (batches, summary) = batches(&text());
    // The batches and the steps of the move alternate, so that the upload ends during or after the move.
    for (number, steps) in [(2, 3), (3, 1), (4, 1_000)] {
        let open = start(store, &new_upload(number, "d")).await;
        let mut writer = attach(store, &open.uid).await;
        let uid = 90 + number;
        begin(store, uid, 20).await;
        for batch in &batches {
            let committed = store
                .commit_batch(&writer, batch, &CommitTicket::first(), at(30))
                .await;
            committed.unwrap().unwrap();
            writer.committed_offset = batch.checkpoint.place.position.source;
            for _ in 0..steps {
                step(store, 30).await;
            }
        }
        let end = UploadEnd::Succeeded(summary);
        let ended = store.end_upload(&writer, end, at(30), at(30 + KEPT)).await;
        ended.unwrap().unwrap();
        while step(store, 30).await.rows > 0 {}
        assert_eq!(operation(store, uid).await.state, State::Succeeded);
        let read = texts(store, &caller(), &again(store, &open).await).await;
        assert_eq!(read.concat(), text(), "{steps} steps a batch");
        locate(store).await;
        work(store, 1_000).await;
        assert_eq!(locate(store).await.chunks_elsewhere, 0);
    }
}

pub(crate) async fn a_document_deleted_while_it_moves_leaves_nothing(store: &dyn Store) {
    upload(store, 1, "d", &text(), 10).await;
    begin(store, 9, 20).await;
    step(store, 20).await;
    step(store, 20).await;
    assert_eq!(locate(store).await.chunks_elsewhere, 2 * u64::from(ROWS));
    let ended = delete(store, 8, 30).await;
    assert_eq!((ended.len(), ended[0].uid), (1, [9; 16].into()));
    assert_eq!(
        (ended[0].state, reason(&ended[0])),
        (State::Failed, Some(FailureReason::DocumentDeleted))
    );
    assert_eq!(step(store, 30).await, Done::default());
    assert_eq!(ask(store, 7, 30).await, Moved::NotFound);
    assert_eq!(operation(store, 8).await.state, State::Running);
    work(store, 30).await;
    assert_eq!(operation(store, 8).await.state, State::Succeeded);
    // An ended move has left chunks for readers, which are deleted with the document.
    let new = upload(store, 2, "d", &text(), 40).await;
    begin(store, 19, 40).await;
    while step(store, 40).await.rows > 0 {}
    delete(store, 18, 50).await;
    work(store, 50).await;
    assert_eq!(operation(store, 18).await.state, State::Succeeded);
    assert_eq!(texts_from(store, &new).await, 0, "the old partition");
    let moved = again(store, &new).await;
    assert_ne!(moved.partition, new.partition);
    assert_eq!(texts_from(store, &moved).await, 0, "the new partition");
}

pub(crate) async fn a_move_is_refused_until_the_previous_one_is_swept(store: &dyn Store) {
    assert_eq!(ask(store, 9, 20).await, Moved::NotFound);
    upload(store, 1, "d", &text(), 10).await;
    upload(store, 2, "other", "some text", 10).await;
    let begun = begin(store, 9, 20).await;
    assert_eq!(begin(store, 9, 25).await, begun, "the same request");
    assert_eq!(ask(store, 1, 20).await, Moved::OtherRequest);
    assert_eq!(ask(store, 8, 20).await, Moved::Pending);
    let taken = store.start_upload(&caller(), &new_upload(9, "d")).await;
    assert!(matches!(taken.unwrap(), Started::OtherRequest));
    while step(store, 30).await.rows > 0 {}
    assert_eq!(
        ask(store, 8, 30).await,
        Moved::Pending,
        "the previous move has chunks left"
    );
    assert_eq!(begin(store, 9, 30).await, operation(store, 9).await);
    let there = locate(store).await;
    work(store, 30 + KEPT).await;
    begin(store, 8, 200).await;
    work(store, 200 + KEPT).await;
    let back = locate(store).await;
    assert_ne!(back.partition, there.partition);
    assert_eq!(operation(store, 8).await.chunks, back.said.chunks);
}

pub(crate) async fn no_chunk_is_swept_during_a_move_and_no_operation_expires_too_early(
    store: &dyn Store,
) {
    let old = upload(store, 1, "d", &text(), 10).await;
    upload(store, 2, "d", "a new version", 10).await;
    begin(store, 9, 20).await;
    step(store, 20).await;
    let sweep = async |now| {
        let fence = fence(store).await;
        let swept = store.sweep_chunks(fence, at(now), ROWS).await;
        swept.unwrap().unwrap().rows
    };
    assert_eq!(
        sweep(1_000).await,
        0,
        "a document that is being moved is not swept"
    );
    while step(store, 30).await.rows > 0 {}
    assert_eq!(texts(store, &caller(), &old).await.concat(), text());
    assert!(sweep(1_000).await > 0);
    let expire = async || {
        let fence = fence(store).await;
        let expired = store.expire(fence, at(10_000), 10).await;
        expired.unwrap().unwrap().rows
    };
    while expire().await > 0 {}
    operation(store, 9).await;
    work(store, 1_000).await;
    assert_eq!(locate(store).await.said.chunks, 1);
    while expire().await > 0 {}
    let forgotten = store.operation(&caller(), &[9; 16].into()).await.unwrap();
    assert_eq!(
        forgotten, None,
        "the move has left nothing, so its operation expires"
    );
    // The row of a deleted document is deleted after its moves.
    begin(store, 19, 2_000).await;
    delete(store, 8, 2_000).await;
    work(store, 2_000).await;
    while expire().await > 0 {}
    assert_eq!(
        store.operation(&caller(), &[19; 16].into()).await.unwrap(),
        None
    );
}

pub(crate) async fn only_the_newest_fence_moves(store: &dyn Store) {
    upload(store, 1, "d", &text(), 10).await;
    begin(store, 9, 20).await;
    let old = store
        .claim(Work::Jobs, &[1; 16].into(), std::time::Duration::ZERO)
        .await;
    let old = old.unwrap().unwrap();
    let advance = async |fence| {
        store
            .advance_moves(fence, at(30), at(30), ROWS)
            .await
            .unwrap()
    };
    assert!(advance(old).await.is_some());
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let new = store
        .claim(Work::Jobs, &[2; 16].into(), LEASE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(advance(old).await, None);
    assert_eq!(locate(store).await.chunks_elsewhere, u64::from(ROWS));
    // The new holder resumes where the old one stopped.
    while advance(new).await.unwrap().rows > 0 {}
    assert_eq!(store.sweep_moves(old, at(30), ROWS).await.unwrap(), None);
    let moved = locate(store).await;
    assert_eq!(moved.chunks_elsewhere, moved.said.chunks);
    let sweep = async || store.sweep_moves(new, at(30), ROWS).await.unwrap().unwrap();
    while sweep().await.rows > 0 {}
    assert_eq!(locate(store).await.chunks_elsewhere, 0);
}
