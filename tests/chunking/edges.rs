//! Lines, pages, white space and brackets at the edges of chunks.

use sluice::domain::chunking::separator_levels::SeparatorLevels;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::{Kind, Strategy};

use crate::world::documents::corpus;
use crate::world::run::chunks;

fn spec(kind: Kind, (min_size, max_size): (usize, usize)) -> Spec {
    let request = Request {
        strategy: Some(Strategy::of(kind)),
        min_size: Some(min_size),
        max_size: Some(max_size),
        ..Request::default()
    };
    Spec::new(request).unwrap()
}

fn texts(spec: &Spec, text: &str) -> Vec<String> {
    chunks(spec, text)
        .into_iter()
        .map(|chunk| chunk.text)
        .collect()
}

#[test]
fn indentation_begins_its_line() {
    let yaml = "server:\n  listen: one\n  limits:\n    size: 5\n    rate: 7\n".repeat(60);
    for kind in [Kind::Recursive, Kind::Sentence] {
        let chunks = texts(&spec(kind, (60, 120)), &yaml);
        for pair in chunks.windows(2) {
            assert!(pair[0].ends_with('\n'), "{kind:?}: {pair:?}");
        }
    }
}

#[test]
fn a_form_feed_ends_a_page_and_a_page_is_preferred_to_a_paragraph() {
    let page = format!("{}\n\n{}\n", "a".repeat(40), "b".repeat(30));
    let text = format!("{page}\u{C}").repeat(5);
    let expected = format!("{page}\u{C}");
    for chunk in texts(&spec(Kind::Recursive, (40, 100)), &text) {
        assert_eq!(chunk, expected);
    }
}

#[test]
fn every_line_end_ends_lines_and_paragraphs() {
    for end in ["\n", "\r\n", "\r", "\u{85}", "\u{2028}"] {
        let text = format!("A line that says little{end}").repeat(9);
        for kind in [Kind::Recursive, Kind::Sentence] {
            let chunks = chunks(&spec(kind, (30, 60)), &text);
            assert!(
                chunks.iter().all(|chunk| chunk.text.ends_with(end)),
                "{kind:?} {end:?}"
            );
            assert_eq!(chunks.last().unwrap().span.end.line, 9, "{end:?}");
        }
    }
    let own = Strategy::Recursive(SeparatorLevels::new(vec![vec!["\n\n".to_owned()]]).unwrap());
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("One line.{end}Another.{end}{end}").repeat(9);
        let request = Request {
            strategy: Some(own.clone()),
            min_size: Some(15),
            max_size: Some(40),
            ..Request::default()
        };
        let chunks = texts(&Spec::new(request).unwrap(), &text);
        let paragraph = end.repeat(2);
        assert!(
            chunks.iter().all(|chunk| chunk.ends_with(&paragraph)),
            "{end:?}: {chunks:?}"
        );
    }
}

#[test]
fn a_sentence_end_beats_the_end_of_a_wrapped_line() {
    let text = "It rained all day in the hills above the old mill, and the\n\
        water rose. Nobody had seen the like of it since the year in\n\
        which the bridge went down. The miller opened every gate and\n\
        stood by the wheel until night came. Then he went to bed, but\n";
    let text = text.repeat(20);
    for kind in [Kind::Recursive, Kind::Sentence] {
        let chunks = texts(&spec(kind, (150, 300)), &text);
        let (_, chunks) = chunks.split_last().unwrap();
        for chunk in chunks {
            assert!(chunk.trim_end().ends_with('.'), "{kind:?}: {chunk:?}");
        }
    }
    // A list has short lines, a log has lines that begin alike.
    let log =
        "2026-11-23 12:00:07 INFO a request of the client took 12 ms. All is well\n".repeat(40);
    let list = "Deer and roe\nOaks. Beeches\nA pond\nThe mill. The wheel\n".repeat(40);
    for text in [log, list] {
        let chunks = texts(&spec(Kind::Recursive, (150, 300)), &text);
        assert!(chunks.iter().all(|chunk| chunk.ends_with('\n')));
    }
}

/// Lines of a page from which tags were removed differ in length.
#[test]
fn a_sentence_end_beats_the_end_of_an_uneven_line() {
    let text = "When a client connects to the old server, it\n\
        specifies which of the databases in the cluster it wants to connect\n\
        to and under which name. The server checks that name first. As soon as the\n\
        list of allowed hosts is present in it,\n\
        Postgres reads the list again for each connection that is accepted by\n\
        one of the processes. Then it answers.\n";
    let japanese = "\u{6C34}\u{9580}\u{306F}\u{5DDD}\u{306E}\u{6C34}\u{306E}\u{6D41}\u{308C}\u{3092}\u{8ABF}\u{7BC0}\u{3059}\u{308B}\u{304C}\u{3001}\n\
        Sluice \u{3068}\u{547C}\u{3070}\u{308C}\u{308B}\u{3002}\u{6C34}\u{4F4D}\u{306F}\u{4E0B}\u{304C}\u{308B}\u{3002}\n";
    for (text, end) in [(text, '.'), (japanese, '\u{3002}')] {
        let text = text.repeat(20);
        let chunks = texts(&spec(Kind::Recursive, (150, 300)), &text);
        for chunk in chunks {
            assert!(chunk.trim_end().ends_with(end), "{chunk:?}");
        }
    }
    let help = "  clone   copy a repository into a new directory of this machine\n  \
        init    create an empty repository\n  add     store the changes of some files for the next commit\n";
    let columns = "  total numeric NOT NULL CHECK (total > 0 AND total < 100),\n  \
        name text NOT NULL DEFAULT 'the name of the row',\n  kind text,\n";
    for text in [help, columns] {
        let chunks = texts(&spec(Kind::Recursive, (150, 300)), &text.repeat(20));
        assert!(
            chunks.iter().all(|chunk| chunk.ends_with('\n')),
            "{chunks:?}"
        );
    }
}

#[test]
fn the_label_of_a_caption_stays_with_its_title() {
    let text = "The gates of the mill\n\n      Table 2.18. List of the gates of the old mill\n\n   \
        Chapter 3. The wheels and the gears of it\n\n";
    for kind in [Kind::Recursive, Kind::Sentence] {
        for max_size in [40, 50, 60, 70] {
            for chunk in texts(&spec(kind, (max_size / 2, max_size)), &text.repeat(20)) {
                let shown = chunk.trim();
                assert!(
                    !shown.ends_with("2.18.") && !shown.ends_with("3."),
                    "{chunk:?}"
                );
            }
        }
    }
}

/// A comment and a lone bracket look like the markers of a heading and of an item.
#[test]
fn lines_of_a_program_keep_their_brackets() {
    let text =
        "if the gate is open {\n    # close it\n    close(gate) [\n    now\n    ] [later]\n}\n";
    let text = text.repeat(30);
    for max_size in [40, 60, 80] {
        for chunk in texts(&spec(Kind::Recursive, (max_size / 2, max_size)), &text) {
            let shown = chunk.trim();
            assert!(
                !shown.ends_with(['{', '[']) && !shown.starts_with([']', '}']),
                "{chunk:?}"
            );
        }
    }
}

#[test]
fn no_chunk_is_blank_where_its_white_space_fits_elsewhere() {
    let word = "word ".repeat(30);
    let blank = "\n".repeat(40);
    for text in [
        format!("{word}{blank}{word}{blank}"),
        format!("{blank}{word}"),
        format!("{}{}", "x".repeat(98), "\n".repeat(60)),
    ] {
        for kind in [Kind::Fixed, Kind::Recursive, Kind::Sentence] {
            for chunk in texts(&spec(kind, (50, 100)), &text) {
                assert!(!chunk.trim().is_empty(), "{kind:?}: {chunk:?} of {text:?}");
            }
        }
    }
}

#[test]
fn brackets_quotation_marks_and_list_markers_stay_with_their_text() {
    let text = "He came (on foot, they say [it was far]) and said: \u{201E}Ja.\u{201C} Then \u{AB} rien \u{BB} was heard?! \
        It ended...[4] \u{BF}Qui\u{E9}n? (a) one, (b) two and (c) three. 1. Open it. 2. Close it. ";
    let text = text.repeat(20);
    for kind in [Kind::Recursive, Kind::Sentence] {
        for max_size in [30, 40, 50, 70] {
            let chunks = texts(&spec(kind, (max_size / 4, max_size)), &text);
            for chunk in chunks {
                let shown = chunk.trim();
                assert!(
                    !shown.ends_with(['(', '[', '\u{AB}', '\u{201E}', '\u{BF}']),
                    "{shown:?}"
                );
                assert!(
                    !shown.starts_with([')', ']', '\u{BB}', '\u{201C}', '!', '?', '.']),
                    "{shown:?}"
                );
                assert!(
                    !shown.starts_with("[4]") && !shown.ends_with("(a)") && !shown.ends_with("2."),
                    "{shown:?}"
                );
            }
        }
    }
}

/// With an overlap of half a chunk, a quarter of the chunk is left for the choice of its end.
#[test]
fn a_large_overlap_cuts_no_words() {
    let prose = corpus()
        .into_iter()
        .find(|document| document.name == "latin-english")
        .unwrap();
    for kind in [Kind::Recursive, Kind::Sentence] {
        let request = Request {
            strategy: Some(Strategy::of(kind)),
            overlap: 500,
            ..Request::default()
        };
        let spec = Spec::new(request).unwrap();
        let chunks = texts(&spec, &prose.text);
        assert!(chunks.len() > 3);
        for chunk in &chunks[..chunks.len() - 1] {
            assert!(chunk.ends_with(char::is_whitespace), "{kind:?}: {chunk:?}");
        }
    }
    let request = Request {
        overlap: 501,
        ..Request::default()
    };
    let refused = Spec::new(request).unwrap_err().to_string();
    assert_eq!(
        refused,
        "overlap is 501, but must be at most two thirds of min_size, 500"
    );
}

#[test]
fn no_chunk_separates_a_base_from_its_vowels() {
    let leading = "\u{E40}\u{E41}\u{E42}\u{E43}\u{E44}\u{EC0}\u{EC1}\u{EC2}\u{EC3}\u{EC4}";
    let following = "\u{E30}\u{E32}\u{E33}\u{EB0}\u{EB2}\u{EB3}\u{102B}\u{102C}\u{1038}";
    for name in ["thai", "khmer", "myanmar-burmese"] {
        let document = corpus()
            .into_iter()
            .find(|document| document.name == name)
            .unwrap();
        for kind in [Kind::Fixed, Kind::Recursive, Kind::Sentence] {
            for chunk in texts(&spec(kind, (20, 40)), &document.text) {
                assert!(!chunk.ends_with(|one| leading.contains(one)), "{chunk:?}");
                assert!(
                    !chunk.starts_with(|one| following.contains(one)),
                    "{chunk:?}"
                );
                assert!(!chunk.ends_with(['\u{17D2}', '\u{1039}']), "{chunk:?}");
            }
        }
    }
}
