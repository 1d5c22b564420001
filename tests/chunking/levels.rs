//! Law 11: every chunk lies in its parents, and the chunks of a parent cover it.

use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::spec::levels::Levels;
use sluice::domain::chunking::spec::limits::MAX_BYTES_CEILING;
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::ingest::digest::sha256;
use sluice::domain::ingest::engine::{BATCH_BYTES_MIN, Engine, Step};
use sluice::domain::ingest::parents::{Parent, Parents};
use sluice::domain::text::encoding::decoding::{ByteOrderMark, Decoding, Fault, Policy};

use crate::world::documents::{corpus, graphemes, markdown, pathological};
use crate::world::run::{Ingested, ingest};
use crate::world::sizes::size_of;
use crate::world::specs::{in_levels, specs};
use crate::world::tokenizers::loaded;

const LENIENT: Decoding = Decoding {
    charset: Some(sluice::domain::text::encoding::charset::Charset::UTF_8),
    invalid: Policy::Replace,
    nul: Policy::Replace,
    byte_order_mark: ByteOrderMark::Keep,
};

fn run(spec: &Spec, text: &str) -> Ingested {
    let mut engine = Engine::new(&loaded(spec), LENIENT, BATCH_BYTES_MIN);
    ingest(&mut engine, text.as_bytes(), 5_000, || false, usize::MAX)
}

/// Returns the parents of each level, coarse to fine.
fn parents(ingested: &Ingested, levels: usize) -> Vec<Vec<Parent>> {
    let mut parents = vec![Vec::new(); levels];
    for ended in ingested.parents.iter().flatten().flat_map(|all| &all.ended) {
        parents[ended.level].push(ended.clone());
    }
    parents
}

/// Checks the levels of a text against its chunks.
fn check(spec: &Spec, text: &str, name: &str) {
    let ingested = run(spec, text);
    let levels = spec.parents().len();
    let rows = &ingested.rows;
    let is_decoded_alike = !text.contains('\0');
    for (level, parents) in parents(&ingested, levels).iter().enumerate() {
        let limits = &spec.parents()[level];
        let mut next_byte = 0;
        let mut next_ordinal = 0;
        for (number, parent) in parents.iter().enumerate() {
            assert_eq!(parent.number, number as u64, "{name}: {spec}");
            assert_eq!(parent.span.start.byte, next_byte, "{name}: {spec}");
            assert_eq!(parent.first_ordinal, next_ordinal, "{name}: {spec}");
            let first = usize::try_from(parent.first_ordinal).unwrap();
            let children = rows[first..]
                .iter()
                .take_while(|row| row.1.end.byte <= parent.span.end.byte);
            let children = children.collect::<Vec<_>>();
            assert_eq!(children[0].1.start, parent.span.start, "{name}: {spec}");
            assert_eq!(children[children.len() - 1].1.end, parent.span.end);
            let numbers = ingested.parents[first..][..children.len()].iter();
            for all in numbers {
                assert_eq!(all.as_ref().unwrap().numbers[level], parent.number);
            }
            next_byte = parent.span.end.byte;
            next_ordinal = (first + children.len()) as u64;
            if is_decoded_alike {
                let [start, end] = [parent.span.start, parent.span.end]
                    .map(|place| usize::try_from(place.byte).unwrap());
                let own = &text[start..end];
                assert_eq!(parent.sha256, sha256(own.as_bytes()), "{name}: {spec}");
                let size = size_of(spec, own);
                assert!(
                    size <= limits.max_size(),
                    "{name} has a parent too large: {spec}"
                );
                let counted = spec.tokenizer().map(|_| u32::try_from(size).unwrap());
                assert_eq!(parent.tokens, counted, "{name}: {spec}");
            }
        }
        let end = ingested.summary.unwrap().end.byte;
        assert_eq!(next_byte, end, "{name}: parents cover the text: {spec}");
        assert_eq!(next_ordinal, rows.len() as u64, "{name}: {spec}");
    }
}

#[test]
fn chunks_lie_in_their_parents_and_cover_them() {
    let mut documents = corpus();
    documents.extend(pathological(3_000));
    documents.extend([graphemes(), markdown()]);
    for spec in specs(100, &[30]) {
        if spec.parents().is_empty() {
            continue;
        }
        for document in &documents {
            let document = document.head(6_000);
            check(&spec, &document.text, &document.name);
        }
    }
}

/// Parents end where chunks of their size would end without levels: the levels below decide nothing.
#[test]
fn parents_are_the_chunks_of_a_spec_of_their_size() {
    let text = corpus().into_iter().map(|document| document.text);
    let text = text.chain([markdown().text]).collect::<String>();
    for strategy in Strategy::all() {
        let request = |max_size, levels| Request {
            strategy: Some(strategy.clone()),
            measure: Measure::Characters,
            max_size: Some(max_size),
            max_bytes: Some(MAX_BYTES_CEILING),
            levels,
            ..Request::default()
        };
        let levels = Levels::new(vec![1_000, 100]).unwrap();
        let nested = run(&Spec::new(request(100, levels)).unwrap(), &text);
        let alone = run(
            &Spec::new(request(1_000, Levels::default())).unwrap(),
            &text,
        );
        let coarse = parents(&nested, 1).remove(0);
        let spans = coarse.iter().map(|parent| parent.span);
        let alone_spans = alone.rows.iter().map(|row| row.1);
        assert!(spans.eq(alone_spans), "{}", strategy.name());
        let digests = coarse.iter().map(|parent| parent.sha256);
        assert!(digests.eq(alone.rows.iter().map(|row| row.2)));
    }
}

#[test]
fn small_documents_have_one_parent_in_each_level() {
    let spec = in_levels(Request::default(), 1_000);
    for text in ["", "a", "Two words.", "A parent of two chunks. "] {
        let text = text.repeat(if text.len() > 10 { 60 } else { 1 });
        let ingested = run(&spec, &text);
        let parents = parents(&ingested, 2);
        let expected = usize::from(!text.is_empty());
        assert_eq!(
            [parents[0].len(), parents[1].len()],
            [expected; 2],
            "{text}"
        );
        check(&spec, &text, "a small document");
    }
}

#[test]
fn parents_of_equal_text_have_equal_keys_and_other_numbers() {
    let text = "One sentence of the text. ".repeat(4) + "\n\n";
    let spec = in_levels(Request::default(), text.len());
    let ingested = run(&spec, &text.repeat(30));
    let fine = &parents(&ingested, 2)[1];
    assert!(fine.len() > 4);
    assert!(
        fine[1..fine.len() - 1]
            .windows(2)
            .all(|pair| pair[0].key == pair[1].key)
    );
    assert!(
        fine.windows(2)
            .all(|pair| pair[0].number + 1 == pair[1].number)
    );
}

/// A client may resume with other bytes than before. The engine then refuses them, or all parents end with the text.
#[test]
fn another_rest_of_the_source_is_refused_unless_its_parents_end() {
    let spec = in_levels(Request::default(), 100);
    let text = "Some words of a sentence. ".repeat(300);
    let mut engine = Engine::new(&loaded(&spec), LENIENT, BATCH_BYTES_MIN);
    let mut begun = &text.as_bytes()[..3_000];
    while let Step::Feed = engine.step().unwrap() {
        let taken = engine.feed(begun);
        begun = &begun[taken..];
        if begun.is_empty() {
            break;
        }
    }
    engine.step().unwrap();
    let checkpoint = engine.flush().unwrap().digested().checkpoint;
    assert!(
        checkpoint
            .parents
            .levels
            .iter()
            .any(|level| level.open.is_some())
    );
    let from = usize::try_from(checkpoint.place.position.source).unwrap();
    let others = ["", "x", "\u{436}", "\u{1F30A} ", "no end "];
    let others = others.map(|rest| rest.repeat(4_000));
    let mut refused = 0;
    for rest in others.iter().map(String::as_str).chain([&text[from..]]) {
        let engine = Engine::resume(&loaded(&spec), LENIENT, BATCH_BYTES_MIN, &checkpoint);
        match finished(engine.unwrap(), rest.as_bytes()) {
            Ok(last) => assert_eq!(
                last.map(|parents| parents.ended.len()),
                Some(2),
                "{rest:.20}"
            ),
            Err(fault) => {
                assert!(matches!(fault, Fault::Changed { .. }) && rest != &text[from..]);
                refused += 1;
            }
        }
    }
    assert!(
        refused >= 2,
        "an empty rest, and one whose characters are cut"
    );
}

/// Returns the parents of the last chunk.
fn finished(mut engine: Engine, mut rest: &[u8]) -> Result<Option<Parents>, Fault> {
    let mut last = None;
    loop {
        match engine.step()? {
            Step::Feed if rest.is_empty() => engine.finish(),
            Step::Feed => rest = &rest[engine.feed(rest)..],
            Step::Store(batch) => last = batch.digested().chunks.pop().unwrap().parents,
            Step::Done(_) => return Ok(last),
        }
    }
}
