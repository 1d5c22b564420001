//! Golden files: the chunks of a short text by each strategy, for people to read.
//!
//! `SLUICE_GOLDEN=write cargo test --test chunking golden` writes them again. The diff shows the change, and
//! `ENGINE_VERSION` has to be raised with it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;

use crate::world::documents::markdown;
use crate::world::run::chunks;

const TEXT: &str = "\
The Sluice

A sluice is a channel whose flow a gate controls. Millers cut them; so did miners. Water enters \
at the top, and what it carries settles where the current slackens.

\"Open it!\" she said. \"Now.\" He turned the wheel 3.5 times, i.e. all the way, and the pond fell
by a hand's breadth before
anybody spoke.

  - first, the grating
  - second, the gate

\u{6C34}\u{9580}\u{306F}\u{6C34}\u{306E}\u{6D41}\u{308C}\u{3092}\u{8ABF}\u{7BC0}\u{3059}\u{308B}\u{3002}\u{300C}\u{958B}\u{3051}\u{3066}\u{FF01}\u{300D}\u{3068}\u{5F7C}\u{5973}\u{306F}\u{8A00}\u{3063}\u{305F}\u{3002}\u{6C34}\u{4F4D}\u{306F}\u{4E0B}\u{304C}\u{308A}\u{3001}\u{8AB0}\u{3082}\u{8A71}\u{3055}\u{306A}\u{304B}\u{3063}\u{305F}\u{3002}

\u{0E1B}\u{0E23}\u{0E30}\u{0E15}\u{0E39}\u{0E19}\u{0E49}\u{0E33}\u{0E04}\u{0E27}\u{0E1A}\u{0E04}\u{0E38}\u{0E21}\u{0E01}\u{0E32}\u{0E23}\u{0E44}\u{0E2B}\u{0E25}\u{0E02}\u{0E2D}\u{0E07}\u{0E19}\u{0E49}\u{0E33} \u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466} e\u{301}nd
";

#[test]
fn each_strategy_cuts_as_its_golden_file_shows() {
    for strategy in Strategy::all() {
        for overlap in [0, 20] {
            let strategy = Some(strategy.clone());
            let request = Request {
                strategy,
                max_size: Some(80),
                overlap,
                ..Request::default()
            };
            let spec = Spec::new(request).unwrap();
            check(
                &spec,
                &format!("{}-overlap-{overlap}", spec.strategy().name()),
            );
        }
    }
}

#[test]
fn the_blocks_of_markdown_are_cut_as_the_golden_file_shows() {
    let spec = Spec::new(Request {
        strategy: Some(Strategy::Markdown),
        max_size: Some(300),
        ..Request::default()
    });
    let spec = spec.unwrap();
    let mut shown = format!("{spec}\n");
    for (ordinal, chunk) in chunks(&spec, &markdown().text).iter().enumerate() {
        let structure = &chunk.structure;
        let headings = structure.context().headings.iter();
        let path: Vec<&str> = headings.map(|heading| &*heading.title).collect();
        let continues = if structure.continues {
            ", continues"
        } else {
            ""
        };
        writeln!(
            shown,
            "\n#{ordinal} {}{continues}, section {}: {}",
            structure.kind.name(),
            structure.context().section,
            path.join(" > ")
        )
        .unwrap();
        if !structure.context().introduction.is_empty() {
            writeln!(
                shown,
                "  introduced by {:?}",
                structure.context().introduction
            )
            .unwrap();
        }
        write_lines(&mut shown, &chunk.text);
    }
    compare("markdown", &shown);
}

fn check(spec: &Spec, name: &str) {
    let mut shown = format!(
        "{}\n",
        spec.to_string().split(", separators").next().unwrap()
    );
    for (ordinal, chunk) in chunks(spec, TEXT).iter().enumerate() {
        let (start, end) = (chunk.span.start, chunk.span.end);
        writeln!(
            shown,
            "\n#{ordinal} bytes {}..{}, characters {}..{}, lines {}..{}",
            start.byte, end.byte, start.character, end.character, start.line, end.line
        )
        .unwrap();
        write_lines(&mut shown, &chunk.text);
    }
    compare(name, &shown);
}

fn write_lines(shown: &mut String, text: &str) {
    for line in text.split_inclusive('\n') {
        writeln!(shown, "  |{}|", line.replace('\n', "\u{21B5}")).unwrap();
    }
}

#[track_caller]
fn compare(name: &str, shown: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/chunking/golden")
        .join(format!("{name}.txt"));
    if std::env::var_os("SLUICE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, shown).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert!(golden == shown, "{name} is now\n{shown}");
}
