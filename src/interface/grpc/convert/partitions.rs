//! Converts the health of partitions and the placement of documents.

use crate::application::partitions::health::Health;
use crate::application::partitions::placement::Placement;
use crate::application::ports::partitions::Partition;
use crate::domain::partitions::balance::{Advice, Balance, Document, Reason, Verdict};
use crate::interface::grpc::convert::chunking::count;
use crate::interface::grpc::convert::resources::time;
use crate::interface::grpc::pb;

/// Converts the health of all partitions, and their balance.
#[must_use]
pub fn health(from: &Health) -> (Vec<pb::PartitionHealth>, pb::Balance) {
    let Health {
        partitions,
        balance: of,
    } = from;
    (partitions.iter().map(partition).collect(), balance(of))
}

/// Converts the placement of a document.
#[must_use]
pub fn placement(from: &Placement) -> pb::LocateDocumentResponse {
    let Placement {
        location,
        candidates,
    } = from;
    pb::LocateDocumentResponse {
        uid: location.uid.to_string(),
        partition: number(location.partition),
        candidates: candidates.map(number).to_vec(),
        is_candidate: candidates.contains(&location.partition),
        chunks: count(location.said.chunks),
        text_bytes: count(location.said.text_bytes),
        counted_chunks: count(location.counted.chunks),
        counted_text_bytes: count(location.counted.text_bytes),
        chunks_elsewhere: count(location.chunks_elsewhere),
    }
}

fn partition(from: &Partition) -> pb::PartitionHealth {
    pb::PartitionHealth {
        partition: number(from.partition),
        documents: count(from.documents),
        chunks: count(from.chunks),
        text_bytes: count(from.text_bytes),
        deviation_percent: from.deviation_percent,
        status: match from.status.as_str() {
            "EMPTY" => pb::partition_health::Status::Empty,
            "COLD" => pb::partition_health::Status::Cold,
            "HOT" => pb::partition_health::Status::Hot,
            _ => pb::partition_health::Status::Normal,
        }
        .into(),
        dead_rows: from.dead_rows.map(count),
        needs_vacuum: from.needs_vacuum,
        last_vacuum_time: from.last_vacuum_at.map(time),
        last_analyze_time: from.last_analyze_at.map(time),
    }
}

fn balance(from: &Balance) -> pb::Balance {
    let Balance {
        verdict,
        reasons,
        advice,
        gini,
        max_over_mean,
        hot_documents,
    } = from;
    pb::Balance {
        verdict: match verdict {
            Verdict::Healthy => pb::balance::Verdict::Healthy,
            Verdict::Warning => pb::balance::Verdict::Warning,
            Verdict::Critical => pb::balance::Verdict::Critical,
        }
        .into(),
        reasons: reasons.iter().map(|from| reason(*from).into()).collect(),
        advice: match advice {
            Advice::None => pb::balance::Advice::None,
            Advice::Wait => pb::balance::Advice::Wait,
            Advice::MoveDocument => pb::balance::Advice::MoveDocument,
        }
        .into(),
        gini: *gini,
        max_over_mean: *max_over_mean,
        hot_documents: hot_documents.iter().map(hot_document).collect(),
    }
}

fn reason(from: Reason) -> pb::balance::Reason {
    match from {
        Reason::Empty => pb::balance::Reason::Empty,
        Reason::Balanced => pb::balance::Reason::Balanced,
        Reason::TooFewDocuments => pb::balance::Reason::TooFewDocuments,
        Reason::LargeDocuments => pb::balance::Reason::LargeDocuments,
        Reason::DocumentsUneven => pb::balance::Reason::DocumentsUneven,
        Reason::SizesUneven => pb::balance::Reason::SizesUneven,
    }
}

fn hot_document(from: &Document) -> pb::HotDocument {
    let Document {
        tenant,
        name,
        partition,
        other_candidate: _,
        chunks,
        text_bytes,
    } = from;
    pb::HotDocument {
        tenant: tenant.as_str().to_owned(),
        name: name.to_string(),
        partition: number(*partition),
        chunks: count(*chunks),
        text_bytes: count(*text_bytes),
    }
}

fn number(partition: u32) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}
