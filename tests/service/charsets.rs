//! Charsets over the wire: responses show the chosen charset, and errors name the field to set.

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use tonic::Status;

use crate::chunk_stream::piece;
use crate::support::world::{World, prose, reason, spec, whole};

fn charset(label: &str) -> pb::DecodingPolicy {
    pb::DecodingPolicy {
        charset: label.to_owned().into(),
        ..Default::default()
    }
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Returns a Latin-1 source and its text. More bytes precede its first accent than the detection holds.
fn latin() -> (Vec<u8>, String) {
    let ascii = prose(100_000).replace(|one: char| !one.is_ascii(), "-");
    let source = [ascii.as_bytes(), b"caf\xE9 au lait"].concat();
    (source, format!("{ascii}caf\u{E9} au lait"))
}

async fn preview(
    world: &World,
    label: &str,
    content: &[u8],
) -> Result<(String, pb::SourceSummary), Status> {
    let request = pb::PreviewRequest {
        content: content.to_vec().into(),
        decoding: Some(charset(label)),
        ..Default::default()
    };
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let answer = client.preview(request).await?.into_inner();
    let text = answer.chunks.iter().map(|chunk| chunk.text.as_str());
    Ok((text.collect(), answer.summary.unwrap()))
}

#[tokio::test]
async fn previews_and_streams_show_the_chosen_charset() {
    let world = World::start().await;
    let (source, text) = latin();
    let (found, summary) = preview(&world, "auto", &source).await.unwrap();
    assert!(found == text);
    assert_eq!(summary.charset, "windows-1252");
    assert_eq!(
        summary.end.unwrap().source,
        i64::try_from(source.len()).unwrap()
    );
    let wide = utf_16("A gate.\n");
    let (found, summary) = preview(&world, "auto", &wide).await.unwrap();
    assert_eq!(
        (found.as_str(), summary.charset.as_str()),
        ("A gate.\n", "UTF-16LE")
    );
    let (_, summary) = preview(&world, "", b"ASCII").await.unwrap();
    assert_eq!(summary.charset, "UTF-8");

    let start = pb::ChunkStreamRequest {
        spec: Some(pb::ChunkStreamSpec {
            decoding: Some(charset("auto")),
            ..Default::default()
        }),
        ..piece(&source[..50_000], false)
    };
    let pieces = tokio_stream::iter([start, piece(&source[50_000..], true)]);
    let mut client = ChunkingServiceClient::new(world.channel.clone());
    let mut answers = client.chunk_stream(pieces).await.unwrap().into_inner();
    let (mut found, mut chosen) = (String::new(), String::new());
    while let Some(answer) = answers.message().await.unwrap() {
        found.extend(answer.chunks.iter().map(|chunk| chunk.text.as_str()));
        chosen = answer.summary.map_or(chosen, |summary| summary.charset);
    }
    assert!(found == text);
    assert_eq!(chosen, "windows-1252");
}

#[tokio::test]
async fn a_first_accent_at_the_end_of_an_upload_decides_its_charset() {
    let world = World::start().await;
    let (source, text) = latin();
    let spec = pb::UploadSpec {
        decoding: Some(charset("auto")),
        ..spec("latin")
    };
    let upload = world.send(whole(&spec, &source, 7_000)).await.unwrap();
    let rows = world.rows(&upload.document).await.unwrap();
    let found = rows.iter().map(|row| row.text.as_str());
    assert!(found.collect::<String>() == text);
    let stored = world.ask("SELECT charset FROM versions").await;
    assert_eq!(stored, ["windows-1252"]);
}

#[tokio::test]
async fn decoding_errors_name_the_field_and_value_to_set() {
    let world = World::start().await;
    let cases: [(&str, &[u8], &str); 5] = [
        (
            "",
            &utf_16("A gate."),
            "set decoding.charset to utf-16le or auto",
        ),
        (
            "",
            b"caf\xE9",
            "set decoding.charset to the charset of the source or auto",
        ),
        ("auto", b"one line\0", "set decoding.nul to replace"),
        (
            "auto",
            b"\x1B$B?eLg\x1B(B",
            "`iconv -f ISO-2022-JP -t UTF-8`",
        ),
        ("iso-2022-kr", b"", "`iconv -f iso-2022-kr -t UTF-8`"),
    ];
    for (label, source, remedy) in cases {
        let refused = preview(&world, label, source).await.unwrap_err();
        assert!(refused.message().contains(remedy), "{}", refused.message());
        let expected = if source.is_empty() {
            "INVALID_FIELD"
        } else {
            "INVALID_CONTENT"
        };
        assert_eq!(reason(&refused), expected);
    }
}
