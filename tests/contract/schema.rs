//! Checks in PostgreSQL itself: partitions, keys, migrations, query plans.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice::application::commit_order::CommitTicket;
use sluice::application::partitions::health::Health;
use sluice::application::ports::clock::Clock;
use sluice::application::ports::store::Store;
use sluice::application::ports::uploads::NewUpload;
use sluice::domain::partitions::balance::{Reason, Verdict};
use sluice::domain::partitions::candidates::candidates;
use sluice::infrastructure::postgres::connection::{self, Error, Postgres};
use sluice::infrastructure::system_clock::System;

use crate::private;
use crate::private::postgres::Cluster;
use crate::world::{at, attach, batches, caller, collection, new_upload, text};
use crate::{changes, jobs, moves, rechunks, uploads};

/// The number of ids compared, large enough that a wrong rule shows in some of them.
const IDS: usize = 100_000;
/// The number of documents whose distribution is checked, and of the tasks that place them.
const DOCUMENTS: usize = 5_000;
const PLACERS: usize = 8;

async fn open(cluster: &Cluster) -> (String, Postgres) {
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let store = Postgres::open(&database, 8).await.unwrap();
    (database.rsplit('/').next().unwrap().to_owned(), store)
}

#[tokio::test]
async fn there_are_a_hundred_partitions_and_a_wrong_key_is_refused() {
    let cluster = private::cluster();
    let (database, store) = open(&cluster).await;
    let inherited = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'chunks'::regclass";
    assert_eq!(cluster.psql(&database, inherited), "100");
    let compressed = "SELECT DISTINCT attcompression FROM pg_attribute
        WHERE attname = 'text' AND attrelid::regclass::text LIKE 'chunks%'";
    assert_eq!(cluster.psql(&database, compressed), "l", "lz4");
    let row = |table: &str, key: u32| {
        let uid = "01940000-0000-7000-8000-000000000000";
        format!(
            "INSERT INTO {table} VALUES ({key}, '{uid}', 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, '', NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, 'x')"
        )
    };
    assert_eq!(
        candidates(&[0; 16].into()),
        [0, 1],
        "the last bytes of the row's uid are 0"
    );
    for key in 0..100 {
        let table = if key % 2 == 0 {
            "chunks".to_owned()
        } else {
            format!("chunks_p{key:02}")
        };
        let inserted = cluster.try_psql(&database, &row(&table, key));
        assert_eq!(inserted.is_ok(), key < 2, "key {key}: {inserted:?}");
    }
    let outside = cluster
        .try_psql(&database, &row("chunks_p07", 1))
        .unwrap_err();
    assert!(
        outside.contains("violates partition constraint"),
        "{outside}"
    );
    store.close().await;
}

#[tokio::test]
async fn sql_and_the_program_agree_on_every_candidate() {
    let cluster = private::cluster();
    let (database, store) = open(&cluster).await;
    let told = cluster.psql(
        &database,
        &format!(
            "SELECT uid, partition_candidate_a(uid), partition_candidate_b(uid)
             FROM (SELECT gen_random_uuid() AS uid FROM generate_series(1, {IDS})) AS ids"
        ),
    );
    let mut lines = 0;
    for line in told.lines() {
        let [uid, a, b] = line.split('|').collect::<Vec<_>>()[..] else {
            unreachable!("three columns")
        };
        let uid = uuid::Uuid::parse_str(uid).unwrap();
        let said: [u32; 2] = [a.parse().unwrap(), b.parse().unwrap()];
        assert_eq!(candidates(&uid.into_bytes().into()), said, "{uid}");
        lines += 1;
    }
    assert_eq!(lines, IDS);
    store.close().await;
}

#[tokio::test]
async fn an_unknown_schema_is_refused_and_migrating_again_changes_nothing() {
    let cluster = private::cluster();
    let database = cluster.database();
    let name = database.rsplit('/').next().unwrap();
    let refused = async || Postgres::open(&database, 2).await.unwrap_err();
    assert!(matches!(refused().await, Error::Old), "no table yet");
    let (first, second) = tokio::join!(
        connection::migrate(&database),
        connection::migrate(&database)
    );
    first.unwrap();
    second.unwrap();
    connection::migrate(&database).await.unwrap();
    let newest = "(SELECT max(version) FROM _sqlx_migrations)";
    let forget = format!("DELETE FROM _sqlx_migrations WHERE version = {newest}");
    cluster.psql(name, &format!("BEGIN; {forget}; COMMIT"));
    assert!(
        matches!(refused().await, Error::Old),
        "a migration is missing"
    );
    cluster.psql(
        name,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99991231000000, 'later', true, '', 0)",
    );
    assert!(
        matches!(refused().await, Error::Unknown),
        "a migration is newer than the program"
    );
    let migrated = connection::migrate(&database).await.unwrap_err();
    assert!(matches!(migrated, Error::Unknown), "{migrated:?}");
    let nowhere = Postgres::open("postgres://127.0.0.1:1/x", 2)
        .await
        .unwrap_err();
    assert!(matches!(nowhere, Error::Store(_)), "{nowhere:?}");
    let no_address = Postgres::open("postgres://[", 2).await.unwrap_err();
    assert!(matches!(no_address, Error::Address(_)), "{no_address:?}");
}

/// Reads the plans of the suite's statements from the log of the server.
#[tokio::test]
async fn every_statement_is_planned_for_one_partition() {
    let cluster = Cluster::start(&[
        "fsync=off",
        "session_preload_libraries=auto_explain",
        "auto_explain.log_min_duration=0",
        // The tables of the suite are small, so that the planner would otherwise prefer sequential scans.
        "enable_seqscan=off",
        "enable_bitmapscan=off",
    ]);
    let law = async |law: &str| {
        let (_, store) = open(&cluster).await;
        match law {
            "uploads" => uploads::a_version_becomes_current_at_its_end(&store).await,
            "changes" => changes::each_change_of_a_current_version_is_listed(&store).await,
            "digests" => changes::digests_are_those_of_the_chunks(&store).await,
            "jobs" => jobs::a_deleted_document_is_gone_at_once_and_its_chunks_soon(&store).await,
            "moves" => moves::a_moved_document_reads_the_same_and_nothing_is_left(&store).await,
            _ => rechunks::a_rechunk_is_decoded_as_its_source_was(&store).await,
        }
        store.close().await;
    };
    for name in ["uploads", "changes", "digests", "jobs", "moves", "rechunks"] {
        law(name).await;
    }
    let (log, mut plans) = (
        std::fs::read_to_string(cluster.folder.join("log")).unwrap(),
        0,
    );
    for plan in log.split("  plan:\n").skip(1) {
        let lines = plan.lines().take_while(|line| line.starts_with('\t'));
        let plan = lines.collect::<Vec<_>>().join("\n");
        let read: BTreeSet<&str> = plan
            .match_indices("chunks_p")
            .map(|(at, _)| &plan[at..at + "chunks_p00".len()])
            .filter(|name| name.ends_with(|last: char| last.is_ascii_digit()))
            .collect();
        // A move copies from one partition to another: the only statement with two.
        let most = if plan.contains("INSERT INTO chunks_p") && plan.contains("FROM chunks_p") {
            2
        } else {
            1
        };
        assert!(read.len() <= most, "{plan}");
        assert!(
            !plan.contains(" on chunks "),
            "the whole table is scanned: {plan}"
        );
        assert!(!plan.contains("Seq Scan on chunks_p"), "{plan}");
        let scans = plan.matches("Scan using chunks_p").count();
        let by_key = plan.matches("Index Cond: ((partition_key").count();
        assert!(scans <= by_key, "a scan does not use the whole key: {plan}");
        plans += usize::from(!read.is_empty());
    }
    assert!(plans > 50, "{plans} plans of statements on chunks");
    let planned = planned(&log);
    let statements = statements();
    assert!(statements.len() > 7, "{statements:?}");
    for statement in statements {
        let is_planned = planned.iter().any(|text| text.starts_with(&statement));
        assert!(
            is_planned,
            "none of these laws runs this statement: {statement}"
        );
    }
}

/// Returns the planned statements on chunks, with a placeholder for the partition.
fn planned(log: &str) -> BTreeSet<String> {
    let texts = log.split("Query Text: ").skip(1);
    let texts = texts.filter(|text| text.contains("chunks_p"));
    texts.map(any_partition).collect()
}

/// Returns the statements on one partition in the sources of the store, with the same placeholder.
fn statements() -> Vec<String> {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src/infrastructure/postgres");
    let sources = std::fs::read_dir(sources).unwrap();
    let sources = sources.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let statements = |source: String| {
        let literals = source.split('"').skip(1).step_by(2);
        let statements = literals.filter(|literal| literal.contains(" chunks_pNN"));
        statements.map(any_partition).collect::<Vec<_>>()
    };
    sources.flat_map(statements).collect()
}

/// Replaces the partition and the line breaks of a statement, so that statements can be compared.
fn any_partition(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>();
    let is_key = |at: usize| at > 1 && words[at - 2..at] == ["partition_key", "="];
    let same = words.iter().enumerate().map(|(at, word)| {
        if is_key(at) {
            return "key".to_owned();
        }
        let Some((before, name)) = word.split_once("chunks_p") else {
            return (*word).to_owned();
        };
        // The name has two digits, or the placeholder of the sources.
        format!("{before}chunks_p{}", name.get(2..).unwrap_or_default())
    });
    same.collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_documents_are_spread_evenly_and_a_large_one_is_named() {
    let cluster = private::cluster();
    let (database, store) = open(&cluster).await;
    let store: Arc<dyn Store> = Arc::new(store);
    store
        .create_collection(&caller(), &collection(), &[0; 32])
        .await
        .unwrap();
    let placing = (0..PLACERS).map(|placer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in (placer..DOCUMENTS).step_by(PLACERS) {
                store_document(store.as_ref(), &format!("d{number}"), "a document").await;
            }
        })
    });
    for placed in placing.collect::<Vec<_>>() {
        placed.await.unwrap();
    }
    let health = Health::read(store.as_ref()).await.unwrap();
    let balance = &health.balance;
    assert!(balance.max_over_mean <= 1.2, "{}", balance.max_over_mean);
    assert_ne!(balance.verdict, Verdict::Critical);

    let large = text().repeat(30);
    store_document(store.as_ref(), "large", &large).await;
    let health = Health::read(store.as_ref()).await.unwrap();
    let balance = &health.balance;
    assert_eq!(balance.verdict, Verdict::Critical);
    assert_eq!(balance.reasons, [Reason::LargeDocuments]);
    assert_eq!(balance.hot_documents[0].name.document.as_str(), "large");
    assert_eq!(health.partitions.len(), 100);
    let recount = cluster.psql(
        &database,
        "SELECT count(*) FROM partition_health FULL JOIN (
             SELECT partition_key, count(*) AS counted,
                 sum(end_byte - start_byte) AS counted_bytes FROM chunks GROUP BY partition_key
         ) AS recount USING (partition_key)
         WHERE chunks <> coalesce(counted, 0) OR text_bytes <> coalesce(counted_bytes, 0)",
    );
    assert_eq!(recount, "0", "the counts equal a recount");
    store.close().await;
}

/// Stores a document with the kind of uid that the server assigns.
async fn store_document(store: &dyn Store, id: &str, text: &str) {
    let new = NewUpload {
        uid: System.new_secret().into(),
        document_uid: System.new_uid().into(),
        ..new_upload(1, id)
    };
    store.start_upload(&caller(), &new).await.unwrap();
    let mut writer = attach(store, &new.uid).await;
    for batch in batches(text).0 {
        let committed = store
            .commit_batch(&writer, &batch, &CommitTicket::first(), at(3))
            .await;
        committed.unwrap().unwrap();
        writer.committed_offset = batch.checkpoint.place.position.source;
    }
}
