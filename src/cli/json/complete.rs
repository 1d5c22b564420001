//! Tests that JSON output has every field of the protos.

use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;

use crate::cli::json::{
    admin, chunks, collections, documents, limits, operations, partitions, uploads,
};
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::change::Change;

/// Returns the names of a message's fields in JSON. `renamed` lists the fields that have another name there.
fn names(message: &str, renamed: &[(&str, &str)]) -> BTreeSet<String> {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let message = pool
        .get_message_by_name(&format!("sluice.v1.{message}"))
        .unwrap();
    let names = message.fields().flat_map(|field| {
        let name = field.name().to_owned();
        let kind = field.kind();
        let inner = kind.as_message();
        if let Some(place) = inner.filter(|inner| inner.name() == "Position") {
            let units = place.fields().map(|unit| format!("{name}_{}", unit.name()));
            return units.collect::<Vec<_>>();
        }
        if let Some(structure) = inner.filter(|inner| inner.name() == "ChunkStructure") {
            return structure
                .fields()
                .map(|one| one.name().to_owned())
                .collect();
        }
        let other = renamed.iter().find(|(field, _)| *field == name);
        vec![other.map_or(name, |(_, other)| (*other).to_owned())]
    });
    names.collect()
}

fn check(message: &str, renamed: &[(&str, &str)], also: &[&str], written: &Object) {
    let mut expected = names(message, renamed);
    expected.extend(also.iter().map(|name| (*name).to_owned()));
    let written = written.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(written, expected, "{message}");
}

#[test]
fn every_field_of_a_resource_is_written() {
    let named = |kind| [("name", kind)];
    let collection = collections::collection(pb::Collection::default());
    check("Collection", &named("collection"), &[], &collection);
    let document = documents::document(pb::Document::default());
    check("Document", &named("document"), &[], &document);
    let operation = operations::operation(pb::Operation::default());
    check("Operation", &named("operation"), &[], &operation);
    check(
        "Upload",
        &named("upload"),
        &[],
        &uploads::upload(pb::Upload::default()),
    );
    let tenant = pb::Tenant {
        usage: Some(pb::Usage::default()),
        ..pb::Tenant::default()
    };
    let tenant = admin::tenant(tenant);
    check("Tenant", &named("tenant"), &[], &tenant);
    check("Quotas", &[], &[], tenant["quotas"].as_object().unwrap());
    check("Usage", &[], &[], tenant["usage"].as_object().unwrap());
    check(
        "ApiKey",
        &named("key"),
        &["shows"],
        &admin::key(pb::ApiKey::default()),
    );
    let event = admin::audit_event(pb::AuditEvent::default());
    check("AuditEvent", &[], &[], &event);
    let server = admin::server(pb::GetServerInfoResponse::default());
    let uptime = [("uptime", "uptime_seconds")];
    check("GetServerInfoResponse", &uptime, &[], &server);
    let full = [("full_after", "full_after_ms")];
    check(
        "LimitUsage",
        &full,
        &[],
        &limits::usage(pb::LimitUsage::default()),
    );
}

#[test]
fn every_field_of_a_chunk_and_of_a_change_is_written() {
    let chunk = pb::Chunk::default;
    check("Chunk", &[], &[], &chunks::chunk(chunk()));
    let change = |change| {
        chunks::change(pb::Change {
            change: Some(change),
            ..pb::Change::default()
        })
        .unwrap()
    };
    let also = ["change", "is_text_kept"];
    check("Chunk", &[], &also, &change(Change::Added(chunk())));
    let section = chunks::section(pb::Section::default());
    check("Section", &[], &[], &section);
    let gone = change(Change::Removed(pb::ChunkRemoved::default()));
    check("ChunkRemoved", &[], &["change", "name"], &gone);
    let version = change(Change::Complete(pb::VersionComplete::default()));
    check("VersionComplete", &[], &["change", "name"], &version);
}

#[test]
fn every_field_of_a_partition_is_written() {
    let partition = partitions::partition(pb::PartitionHealth::default());
    check("PartitionHealth", &[], &[], &partition);
    check(
        "Balance",
        &[],
        &[],
        &partitions::balance(pb::Balance::default()),
    );
    let hot = partitions::hot_document(pb::HotDocument::default());
    check("HotDocument", &[("name", "document")], &[], &hot);
    let located = partitions::located(pb::LocateDocumentResponse::default());
    check("LocateDocumentResponse", &[], &[], &located);
}
