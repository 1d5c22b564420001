//! A tenant sees its own, and nothing else.

use std::collections::BTreeMap;

use sluice::application::ports::store::Store;
use sluice::application::turn::Turn;

use crate::world::{attach, batches, caller, collection, new_upload, start, stranger, texts};

pub(crate) async fn another_tenant_sees_nothing(store: &dyn Store) {
    let upload = start(store, &new_upload(1, "d")).await;
    let (batches, _) = batches("some text");
    store
        .commit_batch(
            &attach(store, &upload.uid).await,
            &batches[0],
            &Turn::first(),
            3,
        )
        .await
        .unwrap()
        .unwrap();
    let stranger = stranger();
    let topics = [
        (stranger.tenant.clone(), upload.uid),
        (caller().tenant, [9; 16]),
        (caller().tenant, upload.uid),
    ];
    let own = store.operation(&caller(), &upload.uid).await.unwrap();
    assert_eq!(
        store.operations_of(&topics).await.unwrap(),
        own.into_iter().collect::<Vec<_>>()
    );
    assert_eq!(store.operations_of(&topics[..2]).await.unwrap(), []);
    assert_eq!(
        store.collection(&stranger, &collection().id).await.unwrap(),
        None
    );
    assert_eq!(store.collections(&stranger, "", 10).await.unwrap(), []);
    assert_eq!(
        store.document(&stranger, &upload.document).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .documents(&stranger, &collection().id, &BTreeMap::new(), "", 10)
            .await
            .unwrap(),
        []
    );
    assert_eq!(store.upload(&stranger, &upload.uid).await.unwrap(), None);
    assert_eq!(store.operation(&stranger, &upload.uid).await.unwrap(), None);
    assert_eq!(
        store
            .attach_upload(&stranger, &upload.uid, 9)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .cancel_upload(&stranger, &upload.uid, 4)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .newest_upload(&stranger, &upload.document_uid)
            .await
            .unwrap(),
        None
    );
    assert!(texts(store, &stranger, &upload).await.is_empty());
    assert_eq!(texts(store, &caller(), &upload).await, ["some text"]);
}
