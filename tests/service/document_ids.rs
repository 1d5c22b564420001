//! Each file becomes a document of its own for any file name, and all interfaces accept the resulting ids.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::document_service_client::DocumentServiceClient;
use tonic::Code;

use crate::support::server::Server;
use crate::support::shell::{Shell, rows};
use crate::support::world::{
    Folder, Kept, World, in_each_store, metadata, plain, prose, spec, whole,
};

/// Pairs of paths as a user types them, each with its document id.
const PAIRS: [[(&str, &str); 2]; 11] = [
    [
        ("a/readme.md", "a~2freadme.md"),
        ("b/readme.md", "b~2freadme.md"),
    ],
    [("a b.txt", "a~20b.txt"), ("ab.txt", "ab.txt")],
    [
        (
            "\u{65E5}\u{672C}\u{8A9E}.txt",
            "\u{65E5}\u{672C}\u{8A9E}.txt",
        ),
        (
            "\u{4E2D}\u{56FD}\u{8A9E}.txt",
            "\u{4E2D}\u{56FD}\u{8A9E}.txt",
        ),
    ],
    [("x.txt", "x.txt"), ("x.txt.gz", "x.txt.gz")],
    [("x.txt.zst", "x.txt.zst"), ("x.txt.zst.gz", "x.txt.zst.gz")],
    [("a%20b.txt", "a~2520b.txt"), ("a~20b.txt", "a~7e20b.txt")],
    // The same letter, as one character and as two.
    [("caf\u{E9}", "caf\u{E9}"), ("cafe\u{301}", "cafe~cc~81")],
    [("a/b", "a~2fb"), ("a~2fb", "a~7e2fb")],
    [("..x", "..x"), ("d/../.x", ".x")],
    [("sum+1", "sum~2b1"), ("sum 1", "sum~201")],
    [
        ("\u{1F600}.md", "~f0~9f~98~80.md"),
        ("\u{1F601}.md", "~f0~9f~98~81.md"),
    ],
];

#[test]
fn each_file_is_a_document_of_its_own() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("ids.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    shell.write("d/unused", "");
    for (number, pair) in PAIRS.iter().enumerate() {
        let at = format!("pair{number}");
        for (path, _) in pair {
            let content = format!("the text of {path}");
            match path.rsplit_once('.') {
                Some((_, "gz")) => {
                    shell.write("plain", &content);
                    shell.succeeds(&format!("gzip -c plain > '{path}'"));
                }
                _ => shell.write(path, content),
            }
        }
        let [(first, _), (second, _)] = pair;
        // Uploads both files together, then the second alone: no file replaces the other.
        shell.succeeds(&format!(
            "$S upload $AT --collection {at} '{first}' '{second}'"
        ));
        shell.succeeds(&format!("$S upload $AT --collection {at} './{second}'"));
        let mut expected = pair.map(|(_, id)| id);
        expected.sort_unstable();
        assert_eq!(shell.ids(&at), expected);
        for (path, id) in pair {
            assert_eq!(shell.text(&at, id), format!("the text of {path}"));
        }
    }
}

#[test]
fn names_that_are_not_utf_8_or_too_long_have_ids_too() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("ids.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for (name, content) in [(&b"caf\xE9.txt"[..], "latin"), (b"caf\xE8.txt", "other")] {
        std::fs::write(folder.0.join(OsStr::from_bytes(name)), content).unwrap();
    }
    shell.succeeds(r"$S upload $AT --collection bytes $'caf\xe9.txt' $'caf\xe8.txt'");
    assert_eq!(shell.ids("bytes"), ["caf~e8.txt", "caf~e9.txt"]);
    assert_eq!(shell.text("bytes", "caf~e9.txt"), "latin");
    std::fs::create_dir(folder.0.join("d")).unwrap();
    std::fs::write(folder.0.join(OsStr::from_bytes(b"d/caf\xE9 1")), "below").unwrap();
    shell.succeeds("$S upload $AT --collection d d");
    assert_eq!(shell.ids("d"), ["caf~e9~201"]);
    let long = |last: &str| format!("long/{}/{}{last}", "d".repeat(200), "f".repeat(200));
    for last in ["1", "2"] {
        shell.write(&long(last), last);
        shell.succeeds(&format!("$S upload $AT --collection long {}", long(last)));
    }
    shell.succeeds("$S upload $AT --collection below long");
    let digest = |path: &str| {
        let script = format!("printf %s '{path}' | sha256sum | cut -c 1-32");
        shell.succeeds(&script).trim().to_owned()
    };
    for (at, cut) in [("long", 0), ("below", "long/".len())] {
        let mut expected = ["1", "2"].map(|last| {
            let path = &long(last)[cut..];
            let prefix = path.replace('/', "~2f");
            format!("{}~~{}", &prefix[..221], digest(path))
        });
        expected.sort_unstable();
        assert_eq!(shell.ids(at), expected);
    }
    let [one, _] = shell.ids("long").try_into().unwrap();
    assert!(["1", "2"].contains(&shell.text("long", &one).as_str()));
}

/// Ids in Devanagari, Arabic, Hangul, Thai and Han: with combining marks, from right to left, and beyond U+FFFF.
const SCRIPTS: [&str; 5] = [
    "\u{915}\u{94D}\u{937}\u{93F}\u{967}.txt",
    "\u{645}\u{644}\u{641}_\u{661}",
    "\u{D55C}\u{AE00}-\u{BB38}\u{C11C}",
    "\u{E44}\u{E1F}\u{E25}\u{E4C}",
    "\u{20BB7}\u{91CE}\u{5BB6}",
];

/// Such ids work in resource names, page tokens and errors, whose message is a header.
async fn ids_of_any_script_work_in_names_page_tokens_and_errors(kept: Kept) {
    let world = World::start_in(kept, |_| {}).await;
    let text = prose(3_000);
    for id in SCRIPTS {
        let upload = world.send(whole(&spec(id), text.as_bytes(), 1_000)).await;
        let upload = upload.unwrap();
        assert_eq!(upload.document, format!("collections/c/documents/{id}"));
        let rows = world.rows(&upload.document).await.unwrap();
        assert_eq!(plain(&rows).len(), rows.len());
        assert_eq!(rows[0].name, format!("{}/chunks/0", upload.document));
    }
    let mut client = DocumentServiceClient::new(world.channel.clone());
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListDocumentsRequest {
            parent: "collections/c".to_owned(),
            page_size: 1,
            page_token,
            ..Default::default()
        };
        let page = client.list_documents(request).await.unwrap().into_inner();
        listed.extend(page.documents.into_iter().map(|document| document.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut expected = SCRIPTS.map(|id| format!("collections/c/documents/{id}"));
    expected.sort_unstable();
    assert_eq!(listed, expected);
    let name = expected[0].clone();
    let deleted = pb::DeleteDocumentRequest {
        name: name.clone(),
        etag: "\"77\"".to_owned(),
        ..Default::default()
    };
    let refused = client.delete_document(deleted).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted, "{refused:?}");
    let missing = pb::GetDocumentRequest {
        name: format!("{name}\u{915}"),
    };
    let refused = client.get_document(missing).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
    for (id, remedy) in [
        ("e\u{301}", "NFC"),
        ("a\u{200B}", "letters"),
        ("a\u{202E}", "letters"),
        ("a/b", "letters"),
        (&"\u{6C34}".repeat(86), "255 bytes"),
    ] {
        let refused = world.send(whole(&spec(id), b"text", 4)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{id:?}");
        assert_eq!(metadata(&refused, "field"), "spec.document_id");
        assert!(refused.message().contains(remedy), "{refused:?}");
    }
}

in_each_store!(ids_of_any_script_work_in_names_page_tokens_and_errors);

#[test]
fn ids_of_any_script_are_followed_audited_moved_and_deleted_at_a_shell() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("ids.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    let path = "\u{6587}\u{66F8}/\u{914D}\u{7F6E}.txt";
    shell.write(path, prose(3_000));
    shell.succeeds(&format!("$S upload $AT '{path}'"));
    let name = "collections/default/documents/\u{6587}\u{66F8}~2f\u{914D}\u{7F6E}.txt";
    let changes = rows(&shell.succeeds("$S changes $AT --output json"));
    assert!(
        changes
            .iter()
            .any(|row| row["name"].as_str().unwrap().starts_with(name))
    );
    let located = shell.succeeds(&format!("$S locate $AT '{name}' --output json"));
    assert_eq!(rows(&located)[0]["is_candidate"], true);
    shell.succeeds(&format!("$S move $AT '{name}' --wait"));
    shell.succeeds(&format!("$S rechunk $AT '{name}' --max-size 300 --wait"));
    let operation = shell.succeeds(&format!("$S delete $AT '{name}'"));
    shell.succeeds(&format!("$S watch $AT {operation}"));
    let operations = rows(&shell.succeeds("$S operations $AT --output json"));
    assert!(
        operations.iter().any(|row| row["target"] == name),
        "{operations:?}"
    );
    // The server writes audit entries after it answers.
    let audited = format!(
        "for n in $(seq 200); do $S admin audit $AT --output json | \
         grep -F '\"target\":\"{name}\"' && exit; sleep 0.1; done; exit 1"
    );
    let audited = rows(&shell.succeeds(&audited));
    assert!(!audited.is_empty());
}
