//! The refusals of uploads: each with its status, its reason and the state of the upload afterwards.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::UploadDocumentRequest;
use tonic::{Code, Status};

use crate::support::world::{
    World, first, last, metadata, more, name_of, prose, reason, resumed, spec, whole,
};

const RUNNING: i32 = 1;
const SUCCEEDED: i32 = 2;
const FAILED: i32 = 3;

#[tokio::test]
async fn a_gap_is_refused_with_the_expected_offset() {
    let world = World::start().await;
    let spec = spec("gap");
    let refused = world
        .send(vec![first(&spec, b"0123456789"), more(11, b"x")])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::OutOfRange, "UPLOAD_OFFSET_MISMATCH")
    );
    assert_eq!(metadata(&refused, "expected_offset"), "10");
    for offset in [i64::MAX, 1] {
        let refused = world
            .send(vec![resumed(&name_of(&spec), offset, b"x")])
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "UPLOAD_OFFSET_MISMATCH", "{offset}");
    }
    let refused = world
        .send(vec![resumed(&name_of(&spec), -1, b"x")])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), metadata(&refused, "field").as_str()),
        (Code::InvalidArgument, "write_offset")
    );
    assert_eq!(
        world.get_upload(&name_of(&spec)).await.unwrap().state,
        RUNNING
    );
}

#[tokio::test]
async fn damage_in_transit_is_detected_and_can_be_repaired() {
    let world = World::start().await;
    let spec = spec("damage");
    let mut damaged = first(&spec, b"some text");
    damaged.crc32c = Some(crc32c::crc32c(b"some other text"));
    let refused = world.send(vec![damaged]).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "CONTENT_CHECKSUM_MISMATCH")
    );
    let mut mended = last(first(&spec, b"some text"));
    mended.crc32c = Some(crc32c::crc32c(b"some text"));
    assert_eq!(world.send(vec![mended]).await.unwrap().state, SUCCEEDED);
}

/// The document id, the change of the message, and the expected code and reason.
type Case = (
    &'static str,
    fn(&mut UploadDocumentRequest),
    Code,
    &'static str,
);

#[tokio::test]
async fn a_source_that_contradicts_its_declaration_fails_permanently() {
    let world = World::start().await;
    let cases: [Case; 4] = [
        (
            "digest",
            |message| message.sha256 = Some(vec![7; 32].into()),
            Code::InvalidArgument,
            "DIGEST_MISMATCH",
        ),
        (
            "longer",
            |message| message.total_size = Some(10),
            Code::OutOfRange,
            "SIZE_MISMATCH",
        ),
        (
            "shorter",
            |message| message.total_size = Some(8),
            Code::OutOfRange,
            "SIZE_MISMATCH",
        ),
        (
            "invalid",
            |message| message.content = b"text\xFF".to_vec().into(),
            Code::InvalidArgument,
            "INVALID_CONTENT",
        ),
    ];
    for (id, change, code, expected) in cases {
        let spec = spec(id);
        let mut message = last(first(&spec, b"some text"));
        change(&mut message);
        let refused = world.send(vec![message]).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (code, expected),
            "{id}"
        );
        if expected == "DIGEST_MISMATCH" {
            assert_eq!(metadata(&refused, "expected"), "07".repeat(32));
            assert_eq!(metadata(&refused, "actual").len(), 64);
        }
        let upload = world.get_upload(&name_of(&spec)).await.unwrap();
        assert_eq!(upload.state, FAILED, "{id}");
        assert_eq!(
            world.rows(&upload.document).await.unwrap_err().code(),
            Code::NotFound,
            "{id}"
        );
        let refused = world
            .send(vec![resumed(&upload.name, 0, b"some")])
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "UPLOAD_ENDED"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_fault_is_reported_with_its_byte_and_a_binary_format_by_name() {
    let world = World::start().await;
    let refused = world
        .send(vec![last(first(&spec("nul"), b"text \0"))])
        .await
        .unwrap_err();
    assert_eq!(
        (
            reason(&refused).as_str(),
            metadata(&refused, "offset").as_str()
        ),
        ("INVALID_CONTENT", "5")
    );
    let refused = world
        .send(vec![last(first(&spec("pdf"), b"%PDF-1.7 ..."))])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "UNSUPPORTED_CONTENT")
    );
    assert_eq!(metadata(&refused, "sniffed"), "a PDF document");
}

/// The refusal does not depend on the size of the messages, on the charset or on a resumption.
#[tokio::test]
async fn a_binary_source_is_refused_for_every_cut_and_charset() {
    let world = World::start().await;
    let mut image = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".to_vec();
    image.resize(2_000, 7);
    let archive = b"\x1F\x8B\x08\0\0\0\0\0\0\x03text".to_vec();
    let sources = [(image, "a PNG image"), (archive, "a gzip archive")];
    let is_refused = |refused: &Status, format: &str| {
        assert_eq!(
            (refused.code(), reason(refused).as_str()),
            (Code::InvalidArgument, "UNSUPPORTED_CONTENT")
        );
        assert_eq!(metadata(refused, "sniffed"), format);
        assert!(refused.message().contains("extract its text"), "{refused}");
    };
    for (source, format) in &sources {
        for charset in ["", "auto", "windows-1252"] {
            for piece in [1, 100, 2_000] {
                let decoding = pb::DecodingPolicy {
                    charset: Some(charset.to_owned()),
                    invalid: Some(pb::FaultPolicy::Replace.into()),
                    nul: Some(pb::FaultPolicy::Replace.into()),
                    ..pb::DecodingPolicy::default()
                };
                let spec = pb::UploadSpec {
                    decoding: Some(decoding),
                    ..spec("d")
                };
                let refused = world.send(whole(&spec, source, piece)).await.unwrap_err();
                is_refused(&refused, format);
                let upload = world.get_upload(&name_of(&spec)).await.unwrap();
                assert_eq!(upload.state, FAILED);
            }
        }
        let resumed_later = spec("d");
        world
            .send(vec![first(&resumed_later, &source[..2])])
            .await
            .unwrap();
        let rest = whole(&resumed_later, source, 2_000);
        is_refused(&world.send(rest).await.unwrap_err(), format);
    }
    let text = b"GIF89a is a format, and so is BMP.";
    let spec = spec("d");
    assert_eq!(
        world.send(whole(&spec, text, 1)).await.unwrap().state,
        SUCCEEDED
    );
}

#[tokio::test]
async fn messages_out_of_order_are_refused() {
    let world = World::start().await;
    let spec = spec("order");
    let refused = world.send(vec![more(0, b"no target")]).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "INVALID_FIELD")
    );
    assert_eq!(metadata(&refused, "field"), "target");
    let refused = world.send(vec![]).await.unwrap_err();
    assert_eq!(metadata(&refused, "field"), "target");
    let refused = world
        .send(vec![first(&spec, b"a"), first(&spec, b"b")])
        .await
        .unwrap_err();
    assert_eq!(metadata(&refused, "field"), "target");
    let refused = world
        .send(vec![last(first(&spec, b"a")), more(1, b"b")])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "WRITE_AFTER_FINISH")
    );
    let text = prose(50_000);
    let end = i64::try_from(text.len()).unwrap();
    let followed = vec![last(first(&spec, text.as_bytes())), more(end, b"b")];
    let refused = world.send(followed).await.unwrap_err();
    assert_eq!(reason(&refused), "WRITE_AFTER_FINISH");
    let open = world.get_upload(&name_of(&spec)).await.unwrap();
    assert!(
        open.committed_offset > 40_000,
        "decided chunks are committed"
    );
    let refused = world
        .send(vec![first(&spec, &vec![b'a'; 262_145])])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::ResourceExhausted, "MESSAGE_TOO_LARGE")
    );
    assert_eq!(
        world.get_upload(&name_of(&spec)).await.unwrap().state,
        RUNNING
    );
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn a_wrong_spec_is_refused_by_its_field_before_any_byte_is_accepted() {
    use sluice::interface::grpc::pb::{ChunkingSpec, DecodingPolicy, UploadSpec};

    let world = World::start().await;
    let chunking = |chunking: ChunkingSpec| UploadSpec {
        chunking: Some(chunking),
        ..spec("x")
    };
    let sized = |min_size, max_size, overlap| {
        chunking(ChunkingSpec {
            min_size,
            max_size: Some(max_size),
            overlap: Some(overlap),
            ..ChunkingSpec::default()
        })
    };
    let decoding = DecodingPolicy {
        charset: Some("utf-9".to_owned()),
        ..DecodingPolicy::default()
    };
    let values = (0..33).map(|n| (n.to_string(), String::new())).collect();
    let labels = Some(pb::Labels { values });
    let cases = [
        (
            "spec.request_id",
            UploadSpec {
                request_id: "one".to_owned(),
                ..spec("x")
            },
        ),
        ("spec.document_id", spec("../../etc/passwd")),
        ("spec.document_id", spec("%2e%2e%2f")),
        (
            "spec.collection",
            UploadSpec {
                collection: "c".to_owned(),
                ..spec("x")
            },
        ),
        (
            "spec.display_name",
            UploadSpec {
                display_name: "x".repeat(1_025),
                ..spec("x")
            },
        ),
        (
            "spec.labels",
            UploadSpec {
                labels,
                ..spec("x")
            },
        ),
        ("chunking.max_size", sized(None, 0, 0)),
        ("chunking.min_size", sized(Some(101), 100, 0)),
        ("chunking.overlap", sized(None, 100, 100)),
        (
            "chunking.strategy",
            chunking(ChunkingSpec {
                strategy: Some(99),
                ..ChunkingSpec::default()
            }),
        ),
        (
            "decoding.charset",
            UploadSpec {
                decoding: Some(decoding),
                ..spec("x")
            },
        ),
    ];
    for (field, wrong) in cases {
        let refused = world.send(vec![first(&wrong, b"text")]).await.unwrap_err();
        assert_eq!(
            (refused.code(), metadata(&refused, "field").as_str()),
            (Code::InvalidArgument, field)
        );
    }
    let elsewhere = UploadSpec {
        collection: "collections/none".to_owned(),
        ..spec("x")
    };
    let refused = world
        .send(vec![first(&elsewhere, b"text")])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), metadata(&refused, "kind").as_str()),
        (Code::NotFound, "collection")
    );
}
