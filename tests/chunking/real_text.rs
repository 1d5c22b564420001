//! A gigabyte of real text in eight languages, from Debian's documentation packages.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::chunking::splitter::Splitter;
use sluice::domain::text::encoding::decoding::Decoding;

use crate::stability;
use crate::world::tokenizers::loaded;

const GIGABYTE: u64 = 1_000_000_000;

/// Less than the packages have, so that no text is repeated.
const DISTINCT_BYTES: u64 = 30_000_000;

/// A file that is removed when dropped.
struct RealText(PathBuf);

impl RealText {
    fn new(bytes: u64) -> Self {
        let path =
            std::env::temp_dir().join(format!("sluice-real-text-{bytes}-{}", std::process::id()));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/real-text");
        let status = Command::new(script)
            .arg(bytes.to_string())
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success(), "{script} failed");
        Self(path)
    }
}

impl Drop for RealText {
    fn drop(&mut self) {
        let _absent = fs::remove_file(&self.0);
    }
}

/// The chunks are compared with a second reading of the same file, byte by byte.
#[test]
fn every_chunk_of_a_gigabyte_equals_its_slice_of_the_source() {
    let file = RealText::new(GIGABYTE);
    let spec = Spec::default();
    let mut splitter = Splitter::new(loaded(&spec).chunker(), Decoding::default());
    let (mut source, mut again) = (File::open(&file.0).unwrap(), File::open(&file.0).unwrap());
    let mut buffer = vec![0; 65_536];
    let (mut covered, mut slice) = (0, Vec::new());
    let (mut fed, mut read) = (0, 0);
    while !splitter.is_done() {
        while let Some(cut) = splitter.next_chunk().unwrap() {
            assert_eq!(
                (cut.span.start.source, cut.span.start.byte),
                (covered, covered)
            );
            slice.resize(cut.text.len(), 0);
            again.read_exact(&mut slice).unwrap();
            assert!(slice == cut.text.as_bytes(), "at {covered}");
            covered = cut.span.end.source;
        }
        if fed < read {
            fed += splitter.feed(&buffer[fed..read]);
            continue;
        }
        (fed, read) = (0, source.read(&mut buffer).unwrap());
        if read == 0 {
            splitter.finish();
        }
    }
    assert_eq!(
        covered,
        fs::metadata(&file.0).unwrap().len(),
        "nothing is lost"
    );
}

#[test]
fn a_sentence_inserted_into_real_documents_changes_at_most_one_chunk_in_fifty() {
    let file = RealText::new(DISTINCT_BYTES);
    let text = fs::read_to_string(&file.0).unwrap();
    let documents = stability::slices(&text);
    stability::check(&documents);
}
