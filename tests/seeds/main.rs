//! Runs the targets of `scripts/fuzz` on the seeds in `fuzz/corpus`. Each seed has shown a fault or a special case.
//!
//! To add a target: a module here with `check`, a test below, its program in `fuzz/fuzz_targets` and
//! `fuzz/Cargo.toml`, and seeds in `fuzz/corpus`. Inputs that a fuzzer finds become seeds.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod config;
mod content_frames;
mod decoder_and_chunkers;
mod names;
mod page_tokens;
mod path_names;
mod settings;
mod store;
#[path = "../private/tokenizers.rs"]
mod tokenizers;
mod upload_model;
mod upload_sequences;
mod websocket_frames;

use std::fs;
use std::path::Path;

/// Returns the seeds of a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(corpus)
        .unwrap()
        .map(|file| file.unwrap().path());
    let seeds = files
        .map(|file| fs::read(file).unwrap())
        .collect::<Vec<_>>();
    assert!(seeds.len() > 2, "{target} has seeds");
    seeds
}

#[test]
fn any_bytes_cut_and_stopped_anywhere_keep_the_laws() {
    for seed in seeds("decoder_and_chunkers") {
        decoder_and_chunkers::check(&seed);
    }
}

#[test]
fn an_accepted_name_is_written_back_unchanged() {
    for seed in seeds("names") {
        names::check(&seed);
    }
}

#[test]
fn an_accepted_path_name_leads_below_the_root() {
    for seed in seeds("path_names") {
        path_names::check(&seed);
    }
}

#[test]
fn an_accepted_frame_means_the_same_as_its_json() {
    for seed in seeds("websocket_frames") {
        websocket_frames::check(&seed);
    }
}

#[test]
fn only_sealed_page_tokens_are_accepted() {
    for seed in seeds("page_tokens") {
        page_tokens::check(&seed);
    }
}

#[test]
fn compressed_content_is_bounded_and_exact() {
    for seed in seeds("content_frames") {
        content_frames::check(&seed);
    }
}

#[test]
fn any_text_as_a_configuration_shows_no_password() {
    for seed in seeds("config") {
        config::check(&seed);
    }
}

#[tokio::test]
async fn any_sequence_of_messages_is_answered_as_the_model_says() {
    let mut uploads = upload_sequences::Uploads::new().await;
    for seed in seeds("upload_sequences") {
        uploads.check(&seed).await;
    }
    uploads.close().await;
}
