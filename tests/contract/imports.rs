//! Imports: uploads of files, stored with the file's path and stamp as requested.

use sluice::application::ports::import_root::Stamp;
use sluice::application::ports::jobs::Work;
use sluice::application::ports::operations::OperationKind;
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::{Import, NewUpload, Started, UploadSource};
use sluice::domain::names::path::PathName;
use sluice::domain::operation::failure::FailureReason;

use crate::world::{LEASE, at, caller, new_upload, reason, start, stranger};

fn file(path: &str) -> Import {
    Import {
        path: PathName::parse(path).unwrap(),
        stamp: Stamp {
            bytes: 1 << 40,
            modified_ns: -1,
            changed_ns: i64::MAX,
            inode: u64::MAX,
        },
    }
}

fn new_import(number: u8, document: &str, path: &str) -> NewUpload {
    NewUpload {
        source: UploadSource::Import(file(path)),
        ..new_upload(number, document)
    }
}

pub(crate) async fn an_import_is_an_upload_of_a_file_started_once(store: &dyn Store) {
    let open = start(store, &new_upload(1, "d")).await;
    assert!(open.is_from_client());
    let new = new_import(2, "d", "a folder/\u{6587}.txt");
    let started = store.start_upload(&caller(), &new).await.unwrap();
    let Started::Upload(import, superseded) = started else {
        unreachable!("the collection is there")
    };
    assert_eq!(superseded[0].uid, open.uid);
    assert_eq!(
        reason(&superseded[0]),
        Some(FailureReason::UploadSuperseded)
    );
    assert_eq!((import.version, &import.source), (2, &new.source));
    assert!(!import.is_from_client() && !import.is_rechunk());
    assert_eq!(start(store, &new).await, *import, "the same request");
    let foreign = store.upload(&stranger(), &import.uid).await.unwrap();
    assert_eq!(foreign, None);

    let operation = store.operation(&caller(), &import.uid).await.unwrap();
    assert_eq!(operation, Some(import.operation()));
    assert_eq!(import.operation().kind, OperationKind::ImportDocument);
    let cancelled = store.cancel_upload(&caller(), &import.uid, at(5)).await;
    assert_eq!(
        cancelled.unwrap().unwrap().kind,
        OperationKind::ImportDocument
    );
}

pub(crate) async fn running_imports_are_listed_the_oldest_first(store: &dyn Store) {
    start(store, &new_upload(1, "other")).await;
    for (number, document, now) in [(11, "a", 30), (12, "b", 20), (13, "c", 40)] {
        let new = NewUpload {
            now: at(now),
            ..new_import(number, document, document)
        };
        start(store, &new).await;
    }
    let listed = async |rows| {
        let list = store.running_imports(rows).await.unwrap();
        let numbers = list.iter().map(|import| import.uid.bytes()[0]);
        numbers.collect::<Vec<_>>()
    };
    assert_eq!(listed(10).await, [12, 11, 13]);
    assert_eq!(listed(2).await, [12, 11]);
    assert!(store.running_rechunks(10).await.unwrap().is_empty());
    store
        .cancel_upload(&caller(), &[12; 16].into(), at(50))
        .await
        .unwrap();
    assert_eq!(listed(10).await, [11, 13]);
}

pub(crate) async fn the_lease_of_imports_is_not_that_of_jobs(store: &dyn Store) {
    let claim = async |work, holder: u8| {
        store
            .claim(work, &[holder; 16].into(), LEASE)
            .await
            .unwrap()
    };
    assert!(claim(Work::Jobs, 1).await.is_some());
    assert!(claim(Work::Imports, 2).await.is_some());
    assert!(claim(Work::Jobs, 2).await.is_none());
    assert!(claim(Work::Imports, 1).await.is_none());
}
