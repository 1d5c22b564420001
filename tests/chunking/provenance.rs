//! Laws 2 and 3: every chunk is its slice of the text, every offset is right in every unit, and
//! nothing is lost.

use sluice::domain::chunking::spec::checked::Spec;
use sluice::domain::text::position::Position;

use crate::world::documents::{Document, corpus, graphemes, pathological};
use crate::world::run::{Chunk, chunks};
use crate::world::specs::specs;

#[test]
fn every_chunk_is_its_slice_of_the_text_and_nothing_is_lost() {
    let documents = corpus()
        .into_iter()
        .chain(pathological(20_000))
        .chain([graphemes()])
        .collect::<Vec<_>>();
    for spec in specs(1_000, &[200]).into_iter().chain(specs(60, &[20, 30])) {
        for document in &documents {
            check(&spec, document);
        }
    }
}

#[test]
fn an_empty_document_has_no_chunks() {
    for spec in specs(10, &[5]) {
        assert_eq!(chunks(&spec, ""), []);
    }
}

fn check(spec: &Spec, document: &Document) {
    let chunks = chunks(spec, &document.text);
    let context = || format!("{}: {spec}", document.name);
    let (mut covered, mut starts_after) = (0, None);
    let mut walk = Walk {
        text: &document.text,
        place: Position::default(),
    };
    for Chunk { span, text, .. } in &chunks {
        let (start, end) = (
            usize::try_from(span.start.byte).unwrap(),
            usize::try_from(span.end.byte).unwrap(),
        );
        assert_eq!(&document.text[start..end], text, "{}", context());
        assert!(
            starts_after.is_none_or(|last| last < start),
            "starts increase, {}",
            context()
        );
        assert!(
            start <= covered && covered < end,
            "no gap, and ends increase, {}",
            context()
        );
        if spec.limits().overlap() == 0 {
            assert_eq!(start, covered, "without overlap chunks join, {}", context());
        }
        assert_eq!(span.start, walk.to(start), "{}", context());
        assert_eq!(span.end, walk.clone().to(end), "{}", context());
        (covered, starts_after) = (end, Some(start));
    }
    assert_eq!(
        covered,
        document.text.len(),
        "everything is covered, {}",
        context()
    );
}

/// Counts characters and lines one by one, the plain way.
#[derive(Clone)]
struct Walk<'a> {
    text: &'a str,
    place: Position,
}

impl Walk<'_> {
    fn to(&mut self, byte: usize) -> Position {
        let from = usize::try_from(self.place.byte).unwrap();
        let mut characters = self.text[from..byte].chars().peekable();
        while let Some(character) = characters.next() {
            self.place.character += 1;
            let is_end = match character {
                '\r' => characters.peek() != Some(&'\n'),
                '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
                _ => false,
            };
            self.place.line += u64::from(is_end);
        }
        self.place.byte = byte as u64;
        // UTF-8 without faults: the text is the source.
        self.place.source = self.place.byte;
        self.place
    }
}
