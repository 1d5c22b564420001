//! The hundred partitions, counted.

use std::collections::BTreeMap;

use sluice::application::ports::store::Store;

use crate::world::{attach, batches, caller, new_upload, start, text, texts};

pub(crate) async fn the_hundred_partitions_equal_a_recount(store: &dyn Store) {
    let (batches, _) = batches(&text());
    let mut expected = BTreeMap::<u32, u64>::new();
    for number in 1..40 {
        let upload = start(store, &new_upload(number, &format!("d{number}"))).await;
        let writer = attach(store, &upload.uid).await;
        store
            .commit_batch(&writer, &batches[0], 3)
            .await
            .unwrap()
            .unwrap();
        *expected.entry(upload.partition).or_default() +=
            texts(store, &caller(), &upload).await.len() as u64;
    }
    let health = store.partitions().await.unwrap();
    assert_eq!(health.len(), 100);
    for (partition, number) in health.iter().zip(0..) {
        assert_eq!(partition.partition, number);
        assert_eq!(
            partition.chunks,
            expected.get(&number).copied().unwrap_or_default()
        );
        assert_eq!(partition.status == "EMPTY", partition.chunks == 0);
    }
}
