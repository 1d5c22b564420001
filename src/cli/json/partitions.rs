//! Partitions, and the locations of documents.

use serde_json::{Value, json};

use crate::cli::json::fields::{object, time, word};
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;

/// Returns the fields of a partition. Figures that the store does not provide are null.
pub(crate) fn partition(health: pb::PartitionHealth) -> Object {
    let status = health.status();
    let pb::PartitionHealth {
        partition,
        documents,
        chunks,
        text_bytes,
        deviation_percent,
        status: _,
        dead_rows,
        needs_vacuum,
        last_vacuum_time,
        last_analyze_time,
    } = health;
    object([
        ("partition", json!(partition)),
        ("documents", json!(documents)),
        ("chunks", json!(chunks)),
        ("text_bytes", json!(text_bytes)),
        ("deviation_percent", json!(deviation_percent)),
        ("status", word(status.as_str_name(), "STATUS_")),
        ("dead_rows", json!(dead_rows)),
        ("needs_vacuum", json!(needs_vacuum)),
        ("last_vacuum_time", time(last_vacuum_time)),
        ("last_analyze_time", time(last_analyze_time)),
    ])
}

/// Returns the fields of the balance over all partitions.
pub(crate) fn balance(balance: pb::Balance) -> Object {
    let verdict = balance.verdict();
    let advice = balance.advice();
    let reasons = balance.reasons();
    let reasons = reasons.map(|reason| word(reason.as_str_name(), "REASON_"));
    let reasons = reasons.collect::<Vec<_>>();
    let pb::Balance {
        verdict: _,
        reasons: _,
        advice: _,
        gini,
        max_over_mean,
        hot_documents,
    } = balance;
    let hot_documents = hot_documents.into_iter().map(hot_document);
    object([
        ("verdict", word(verdict.as_str_name(), "VERDICT_")),
        ("reasons", json!(reasons)),
        ("advice", word(advice.as_str_name(), "ADVICE_")),
        ("gini", json!(gini)),
        ("max_over_mean", json!(max_over_mean)),
        ("hot_documents", hot_documents.map(Value::Object).collect()),
    ])
}

/// Returns the fields of a document that makes its partition hot.
pub(super) fn hot_document(document: pb::HotDocument) -> Object {
    let pb::HotDocument {
        tenant,
        name,
        partition,
        chunks,
        text_bytes,
    } = document;
    object([
        ("tenant", json!(tenant)),
        ("document", json!(name)),
        ("partition", json!(partition)),
        ("chunks", json!(chunks)),
        ("text_bytes", json!(text_bytes)),
    ])
}

/// Returns the fields of a document's location.
pub(crate) fn located(located: pb::LocateDocumentResponse) -> Object {
    let pb::LocateDocumentResponse {
        uid,
        partition,
        candidates,
        is_candidate,
        chunks,
        text_bytes,
        counted_chunks,
        counted_text_bytes,
        chunks_elsewhere,
    } = located;
    object([
        ("uid", json!(uid)),
        ("partition", json!(partition)),
        ("candidates", json!(candidates)),
        ("is_candidate", json!(is_candidate)),
        ("chunks", json!(chunks)),
        ("text_bytes", json!(text_bytes)),
        ("counted_chunks", json!(counted_chunks)),
        ("counted_text_bytes", json!(counted_text_bytes)),
        ("chunks_elsewhere", json!(chunks_elsewhere)),
    ])
}
