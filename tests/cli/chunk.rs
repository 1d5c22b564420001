//! `sluice chunk`.

use std::process::Output;

use serde_json::Value;

use crate::world::{Folder, sluice};

const TEXT: &str = "One sentence. Another one.\n\nA second paragraph, \u{6C34}\u{9580}.\n";

fn lines(output: &Output) -> Vec<Value> {
    let text = str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn json_lines_carry_every_offset_and_the_slice_is_the_text() {
    let output = sluice(&["chunk", "--max-size", "20"], TEXT.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let lines = lines(&output);
    let mut joined = String::new();
    for (ordinal, line) in lines.iter().enumerate() {
        let offset = |name: &str| usize::try_from(line[name].as_u64().unwrap()).unwrap();
        let text = line["text"].as_str().unwrap();
        assert_eq!(offset("ordinal"), ordinal);
        assert_eq!(&TEXT[offset("start_byte")..offset("end_byte")], text);
        assert_eq!(
            &TEXT.as_bytes()[offset("start_source")..offset("end_source")],
            text.as_bytes()
        );
        assert_eq!(
            TEXT[..offset("start_byte")].chars().count(),
            offset("start_character")
        );
        assert_eq!(
            TEXT[..offset("end_byte")].matches('\n').count(),
            offset("end_line")
        );
        assert_eq!(line["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(line["document"], "-");
        joined.push_str(text);
    }
    assert_eq!(joined, TEXT);
}

#[test]
fn a_table_is_for_people_and_escapes_terminal_controls() {
    let output = sluice(&["chunk", "--output", "table"], b"red \x1B[31m alert");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("CHUNK") && table.contains(r"red \u{1b}[31m alert"),
        "{table}"
    );
    assert!(!table.contains('\x1B'));
    let output = sluice(&["chunk", "--output", "table", "--no-text"], b"secret");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("secret"));
}

#[test]
fn directories_are_walked_in_order_and_one_bad_file_does_not_stop_the_others() {
    let folder = Folder::new();
    folder.file("b/last.txt", "last");
    folder.file("a/first.txt", "first");
    let bad = folder.file("a/second.bin", b"fine until\xFFhere");
    let output = sluice(&["chunk", folder.path().to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(1));
    let texts = lines(&output)
        .iter()
        .map(|line| line["text"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(texts, ["first", "last"]);
    let errors = errors(&output);
    assert!(
        errors.contains(&format!("{bad}: byte 10 begins no character of UTF-8")),
        "{errors}"
    );
    assert!(
        errors.contains("--invalid replace") && errors.contains("1 of 3 documents failed"),
        "{errors}"
    );
}

#[test]
fn a_fault_names_the_file_the_byte_and_the_remedy_and_the_remedy_works() {
    let folder = Folder::new();
    let nul = folder.file("nul.txt", b"a\0b");
    let output = sluice(&["chunk", &nul], b"");
    let said = errors(&output);
    assert!(
        said.contains(&nul) && said.contains("byte 1 is a NUL") && said.contains("--nul replace"),
        "{said}"
    );
    let output = sluice(&["chunk", "--nul", "replace", &nul], b"");
    assert_eq!(lines(&output)[0]["text"], "a\u{FFFD}b");
    let latin = folder.file("latin.txt", b"caf\xE9 au lait, s'il vous pla\xEEt");
    assert_eq!(sluice(&["chunk", &latin], b"").status.code(), Some(1));
    let output = sluice(&["chunk", "--charset", "windows-1252", &latin], b"");
    assert_eq!(
        lines(&output)[0]["text"],
        "caf\u{E9} au lait, s'il vous pla\u{EE}t"
    );
    assert_eq!(lines(&output)[0]["end_source"], 29);
    let output = sluice(&["chunk", "--charset", "auto", &latin], b"");
    assert_eq!(
        lines(&output)[0]["text"],
        "caf\u{E9} au lait, s'il vous pla\u{EE}t"
    );
    let missing = sluice(&["chunk", "/does/not/exist"], b"");
    assert!(errors(&missing).contains("/does/not/exist: cannot be opened"));
}

#[test]
fn wrong_arguments_are_refused_by_name_before_anything_is_read() {
    let cases: [(&[&str], &str); 9] = [
        (&["--max-size", "0"], "max_size is 0"),
        (
            &["--max-size", "100", "--min-size", "101"],
            "min_size is 101",
        ),
        (&["--max-size", "100", "--overlap", "51"], "overlap is 51"),
        (&["--max-bytes", "1"], "max_bytes is 1"),
        (&["--level=- ", "--overlap", "501"], "overlap is 501"),
        (&["--charset", "utf-9"], "`utf-9` is not supported"),
        (&["--level", ""], "separators has one of 0 bytes"),
        (&["--level", r"\x"], "not an escape"),
        (&["--strategy", "magic"], "invalid value 'magic'"),
    ];
    for (arguments, message) in cases {
        let output = sluice(&[&["chunk"], arguments].concat(), b"text");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(
            errors(&output).contains(message),
            "{arguments:?}: {}",
            errors(&output)
        );
    }
}

#[test]
fn every_choice_of_strategy_measure_packing_and_separators_runs() {
    for strategy in ["fixed", "recursive", "sentence"] {
        for measure in ["characters", "bytes", "words"] {
            for packing in ["stable", "full"] {
                let arguments = [
                    "chunk",
                    "--strategy",
                    strategy,
                    "--measure",
                    measure,
                    "--packing",
                    packing,
                ];
                let sizes = ["--max-size", "24", "--overlap", "5"];
                let output = sluice(&[arguments.as_slice(), &sizes].concat(), TEXT.as_bytes());
                assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
                assert!(!lines(&output).is_empty());
            }
        }
    }
    for separators in [
        ["--separators", "latin"],
        ["--separators", "cjk"],
        ["--level", ", |. "],
    ] {
        let arguments = [["chunk", "--max-size"].as_slice(), &["24"], &separators].concat();
        let output = sluice(&arguments, TEXT.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    }
}

#[test]
fn a_level_of_your_own_can_begin_the_next_chunk() {
    let text = "One line.\r\n\r\n## A heading\r\nText.\r\n\r\n## Another\r\nMore.\r\n";
    let arguments = [
        "chunk",
        "--max-size",
        "36",
        "--min-size",
        "5",
        "--level",
        r"\n## ",
    ];
    let starts = |keep: &[&str]| {
        let output = sluice(&[&arguments, keep].concat(), text.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let chunks = lines(&output);
        chunks[1]["text"].as_str().unwrap().to_owned()
    };
    assert!(starts(&["--keep", "after"]).starts_with("## "));
    assert!(starts(&["--keep", "before"]).starts_with('A'));
    assert_eq!(starts(&[]), starts(&["--keep", "before"]));
    let refused = sluice(&["chunk", "--keep", "after"], text.as_bytes());
    assert_eq!(refused.status.code(), Some(2));
}

/// The output grows faster than the program reads it, so that reading it would never end.
#[test]
fn the_output_is_not_read_as_a_document() {
    let folder = Folder::new();
    folder.file("a.txt", "text");
    let command = format!(
        "cd {} && {} chunk . > out.jsonl",
        folder.path().display(),
        crate::world::SLUICE
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &command])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("out.jsonl: is also the output file"),
        "{}",
        errors(&output)
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join("out.jsonl"))
            .unwrap()
            .lines()
            .count(),
        1
    );
}

#[test]
fn output_that_cannot_be_written_is_no_fault_of_the_arguments() {
    let command = format!("echo text | {} chunk > /dev/full", crate::world::SLUICE);
    let output = std::process::Command::new("bash")
        .args(["-c", &command])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
}

/// Chunks are written while the pipe is open.
#[test]
fn a_pipe_is_answered_before_it_ends() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    let mut child = Command::new(crate::world::SLUICE)
        .args(["chunk", "--max-size", "100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all("Some words. ".repeat(200).as_bytes())
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.contains("\"ordinal\":0"));
    drop(input);
    assert!(child.wait().unwrap().success());
}

/// A reader such as `head` that closes the output is not a failure.
#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let folder = Folder::new();
    let file = folder.file("long.txt", "a line of text\n".repeat(100_000));
    let command = format!(
        "{} chunk {file} | head -n 1; exit ${{PIPESTATUS[0]}}",
        crate::world::SLUICE
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &command])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(errors(&output), "");
    assert_eq!(lines(&output).len(), 1);
}

/// The same list as the server's, for every charset. A document that only begins like a format is text.
#[test]
fn a_binary_document_is_refused_by_its_name_and_the_others_are_chunked() {
    let folder = Folder::new();
    let files = [
        folder.file("a.pdf", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n"),
        folder.file("b.png", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR"),
        folder.file("c.db", b"SQLite format 3\0\x10\0"),
        folder.file("d.docx", b"PK\x03\x04\x14\0\x06\0\x08\0"),
        folder.file("e.txt", b"BMW and GIF89a are no images."),
    ];
    let formats = [
        "a PDF document",
        "a PNG image",
        "a SQLite database",
        "a ZIP archive or an Office document",
    ];
    for charset in ["utf-8", "auto", "windows-1252"] {
        let options = [
            "chunk",
            "--charset",
            charset,
            "--nul",
            "replace",
            "--invalid",
            "replace",
        ];
        let files = files.iter().map(String::as_str).collect::<Vec<_>>();
        let output = sluice(&[&options[..], &files].concat(), b"");
        assert_eq!(output.status.code(), Some(1));
        let said = errors(&output);
        for format in formats {
            assert!(
                said.contains(&format!("{format}, not text; extract")),
                "{said}"
            );
        }
        let lines = lines(&output);
        assert_eq!(lines.len(), 1, "{said}");
        assert_eq!(lines[0]["text"], "BMW and GIF89a are no images.");
    }
    let output = sluice(&["chunk", "-"], b"\x7FELF\x02\x01\x01\0");
    assert!(
        errors(&output).contains("a program, not text"),
        "{}",
        errors(&output)
    );
}
