//! The output of the program for the resources of a server.

use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_width::UnicodeWidthStr;

use crate::support::server::Server;
use crate::support::shell::{Shell, rows};
use crate::support::world::{Folder, prose};

const CYRILLIC: &[u8] = b"\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0. \xCA\xE0\xEA \xE4\xE5\xEB\xE0?\n";

/// Runs `work` with a server that has two documents, and a working directory.
pub(crate) fn with_documents(folder: &Folder, work: impl FnOnce(&Shell<'_>)) {
    let server = Server::start(folder.0.join("output.db"));
    let shell = Shell {
        server: &server,
        folder,
    };
    shell.write("plain.txt", prose(5_000));
    shell.write("cyrillic.txt", CYRILLIC);
    shell.succeeds("$S upload $AT --label kind=plain plain.txt");
    shell.succeeds("$S upload $AT --charset windows-1251 --label kind=legacy cyrillic.txt");
    work(&shell);
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|time| {
        time.len() >= "2026-01-01T00:00:00Z".len() && time.ends_with('Z') && &time[10..11] == "T"
    })
}

fn is_digest(value: &Value) -> bool {
    value.as_str().is_some_and(|digest| digest.len() == 64)
}

#[test]
fn json_of_chunks_and_changes_has_every_offset_digest_and_label() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        let name = "collections/default/documents/cyrillic.txt";
        let chunk = rows(&shell.succeeds(&format!("$S chunks $AT {name} --output json"))).remove(0);
        let text = "\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43C}\u{438}\u{440}. \
                    \u{41A}\u{430}\u{43A} \u{434}\u{435}\u{43B}\u{430}?\n";
        assert_eq!(chunk["text"], text);
        assert_eq!(chunk["name"], format!("{name}/chunks/0"));
        assert_eq!(
            (&chunk["ordinal"], &chunk["version"]),
            (&0.into(), &1.into())
        );
        let ends = [
            ("byte", text.len()),
            ("character", text.chars().count()),
            ("line", 1),
            ("source", CYRILLIC.len()),
        ];
        for (unit, end) in ends {
            assert_eq!(chunk[format!("start_{unit}")], 0, "{unit}");
            assert_eq!(chunk[format!("end_{unit}")], end, "{unit}");
        }
        let digest = Sha256::digest(text);
        let digest = digest.iter().map(|byte| format!("{byte:02x}"));
        assert_eq!(chunk["sha256"], digest.collect::<String>());
        assert_eq!(chunk["labels"]["kind"], "legacy");

        let changes = rows(&shell.succeeds("$S changes $AT --output json"));
        let added = changes
            .iter()
            .find(|row| row["name"] == chunk["name"])
            .unwrap();
        for (field, value) in chunk.as_object().unwrap() {
            assert_eq!(&added[field], value, "{field}");
        }
        let complete = changes
            .iter()
            .find(|row| row["change"] == "complete" && row["document"] == name)
            .unwrap();
        assert_eq!(
            (&complete["version"], &complete["chunks"]),
            (&1.into(), &1.into())
        );
    });
}

#[test]
fn json_of_documents_and_collections_has_sizes_times_and_etags() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        let listed = shell.succeeds("$S documents $AT --output json --label kind=legacy");
        let document = rows(&listed).remove(0);
        assert_eq!(document["display_name"], "cyrillic.txt");
        assert_eq!(document["media_type"], "text/plain");
        assert_eq!(document["charset"], "windows-1251");
        assert_eq!(document["source_bytes"], CYRILLIC.len());
        assert_eq!(document["characters"], CYRILLIC.len());
        assert!(document["text_bytes"].as_u64().unwrap() > CYRILLIC.len() as u64);
        assert!(is_digest(&document["source_sha256"]));
        assert!(is_time(&document["create_time"]) && is_time(&document["update_time"]));
        assert_ne!(document["etag"], "");
        let collection = rows(&shell.succeeds("$S collections $AT --output json")).remove(0);
        assert_eq!(collection["collection"], "collections/default");
        assert!(is_time(&collection["create_time"]) && is_time(&collection["update_time"]));
        assert_ne!(collection["etag"], "");
    });
}

#[test]
fn json_of_operations_has_the_reason_of_a_failure() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        shell.write("bad.txt", b"fine until\xFFhere");
        let ended = shell.run("$S upload $AT bad.txt --output json");
        assert_eq!(ended.code, 1, "{ended:?}");
        let failed = rows(&ended.out).remove(0);
        assert_eq!(failed["outcome"], "refused");
        assert_eq!(failed["source"], "bad.txt");
        assert!(
            failed["error"].as_str().unwrap().contains("byte 10"),
            "{failed}"
        );
        let operations = rows(&shell.succeeds("$S operations $AT --output json"));
        let failed = operations
            .iter()
            .find(|row| row["state"] == "FAILED")
            .unwrap();
        let name = failed["operation"].as_str().unwrap();
        let watched = rows(&shell.succeeds(&format!("$S watch $AT {name} --output json")));
        for told in [failed, watched.last().unwrap()] {
            assert_ne!(told["failure_reason"], "", "{told}");
            assert!(
                told["failure_message"]
                    .as_str()
                    .unwrap()
                    .contains("byte 10")
            );
            assert_eq!(told["kind"], "UPLOAD");
            assert!(is_time(&told["create_time"]) && is_time(&told["update_time"]));
        }
    });
}

#[test]
fn an_upload_prints_the_charset_that_was_chosen() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        let text = "\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442}".encode_utf16();
        let wide = text.flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        shell.write("wide.txt", [b"\xFF\xFE".as_slice(), &wide].concat());
        let said = shell.succeeds("$S upload $AT --charset auto wide.txt");
        assert!(said.ends_with(": 1 chunks, charset UTF-16LE\n"), "{said}");
        let several = "$S upload $AT --output json --charset auto wide.txt cyrillic.txt plain.txt";
        let mut uploads = rows(&shell.succeeds(several));
        uploads.sort_by_key(|upload| upload["source"].to_string());
        assert_eq!(uploads.len(), 3);
        assert_eq!(uploads[2]["charset"], "UTF-16LE");
        assert_eq!(uploads[1]["charset"], "UTF-8");
        for upload in &uploads {
            assert_eq!(
                (&upload["outcome"], &upload["state"]),
                (&"uploaded".into(), &"SUCCEEDED".into())
            );
            assert!(upload["upload"].as_str().unwrap().starts_with("uploads/"));
            assert!(
                upload["operation"]
                    .as_str()
                    .unwrap()
                    .starts_with("operations/")
            );
            assert!(is_time(&upload["create_time"]) && is_digest(&upload["committed_sha256"]));
        }
        shell.write("docs/a.txt", "text");
        let synced = rows(&shell.succeeds("$S sync $AT --output json docs handbook"));
        assert_eq!(
            (&synced[0]["outcome"], &synced[0]["charset"]),
            (&"uploaded".into(), &"UTF-8".into())
        );
        let again = rows(&shell.succeeds("$S sync $AT --output json docs handbook"));
        assert_eq!(again[0]["outcome"], "unchanged");
        assert_eq!(again[0]["document"], "collections/handbook/documents/a.txt");
        let said =
            shell.succeeds("touch docs/a.txt; echo more > docs/a.txt; $S sync $AT docs handbook");
        assert!(said.contains(": 1 chunks, charset UTF-8\n"), "{said}");
    });
}

#[test]
fn a_command_that_starts_an_operation_prints_it_as_json() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        let name = "collections/default/documents/plain.txt";
        for (command, kind) in [
            (format!("rechunk {name} --max-size 300"), "RECHUNK_DOCUMENT"),
            (
                format!("rechunk {name} --max-size 400 --wait"),
                "RECHUNK_DOCUMENT",
            ),
            (format!("move {name} --wait"), "MOVE_DOCUMENT"),
            (format!("delete {name}"), "DELETE_DOCUMENT"),
        ] {
            let begun = rows(&shell.succeeds(&format!("$S {command} $AT --output json")));
            assert_eq!(
                (begun.len(), &begun[0]["kind"]),
                (1, &kind.into()),
                "{command}"
            );
            assert_eq!(begun[0]["target"], name);
            if command.contains("--wait") {
                assert_eq!(begun[0]["state"], "SUCCEEDED", "{command}");
            } else {
                let operation = begun[0]["operation"].as_str().unwrap();
                shell.succeeds(&format!("$S watch $AT {operation}"));
            }
        }
    });
}

#[test]
fn json_of_tenants_keys_limits_and_the_audit_log_is_complete() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        let json =
            |command: &str| rows(&shell.succeeds(&format!("$S {command} $AT --output json")));
        let tenant = json("admin tenants --create acme").remove(0);
        assert!(
            is_time(&tenant["create_time"]) && tenant["quotas"].is_object(),
            "{tenant}"
        );
        let made = json("admin create-key acme ada --role reader --days 3").remove(0);
        assert!(
            made["secret"]
                .as_str()
                .unwrap()
                .starts_with(made["prefix"].as_str().unwrap())
        );
        let key = json("admin keys acme").remove(0);
        assert_eq!(
            (&key["key"], &key["role"]),
            (&made["key"], &"READER".into())
        );
        assert!(is_time(&key["create_time"]) && is_time(&key["expire_time"]));
        assert_eq!(key["revoke_time"], Value::Null);
        let revoked = json(&format!(
            "admin revoke-key {}",
            key["key"].as_str().unwrap()
        ))
        .remove(0);
        assert!(is_time(&revoked["revoke_time"]));
        let limit = json("limits").remove(0);
        assert_eq!(limit["backend"], "ALONE");
        let partitions = json("partitions").remove(0);
        assert_eq!(partitions["partitions"].as_array().unwrap().len(), 100);
        let info = json("admin info").remove(0);
        assert!(
            is_time(&info["start_time"]) && info["source_bytes_max"].is_u64(),
            "{info}"
        );
        let log = "for n in $(seq 200); do $S admin audit $AT --output json | grep -m 1 CreateApiKey \
                   && exit; sleep 0.05; done; exit 1";
        let event = rows(&shell.succeeds(log)).remove(0);
        assert!(
            is_time(&event["event_time"]) && is_digest(&event["sha256"]),
            "{event}"
        );
    });
}

#[test]
fn tables_show_whole_ids_in_aligned_columns() {
    let folder = Folder::new();
    with_documents(&folder, |shell| {
        let long = "i".repeat(100);
        let wide = "\u{6C34}\u{9580}".repeat(10);
        for id in [&format!("{long}1"), &format!("{long}2"), &wide] {
            shell.succeeds(&format!("$S upload $AT --document-id {id} plain.txt"));
        }
        let table = shell.succeeds("$S documents $AT");
        let head = table.lines().next().unwrap();
        let at = |line: &str, part: &str| line[..line.rfind(part).unwrap()].width();
        let charset = at(head, "CHARSET");
        assert_eq!(table.lines().count(), 6, "{table}");
        for line in table.lines().skip(1).filter(|line| line.contains("UTF-8")) {
            assert_eq!(at(line, "UTF-8"), charset, "{table}");
        }
        for id in [
            "cyrillic.txt",
            &format!("{long}1"),
            &format!("{long}2"),
            &wide,
        ] {
            assert!(
                table
                    .lines()
                    .any(|line| line.starts_with(&format!("{id} "))),
                "{table}"
            );
        }
        let table = shell.succeeds("$S changes $AT");
        let row = table
            .lines()
            .find(|line| line.starts_with("added"))
            .unwrap();
        let cells = row.split_whitespace().collect::<Vec<_>>();
        let [_, name, digest, cursor] = cells[..] else {
            panic!("{row}");
        };
        assert!(
            !name.starts_with("collections/") && digest.len() == 64,
            "{row}"
        );
        shell.succeeds(&format!("$S changes $AT --after={cursor}"));
        let table = shell.succeeds("$S operations $AT");
        let row = table.lines().nth(1).unwrap();
        let operation = row.split_whitespace().next().unwrap();
        shell.succeeds(&format!("$S watch $AT {operation}"));
    });
}
