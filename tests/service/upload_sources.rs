//! Every source is opened once and read to its end: files, pipes, devices, slow producers.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::support::proxy::Proxy;
use crate::support::server::Server;
use crate::support::shell::{Ended, Shell, rows};
use crate::support::world::{Folder, prose};

#[test]
fn pipes_and_devices_are_read_once_and_completely() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("pipes.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    let text = prose(1_000_000);
    shell.write("text", &text);
    shell.succeeds("mkfifo fifo; gzip -k text; zstd -q text");
    let named = [
        ("fifo", "cat text > fifo & $S upload $AT fifo"),
        // The writer opens the pipe late, and pauses while it writes.
        (
            "late",
            "(sleep 0.3; (head -c 9 text; sleep 0.6; tail -c +10 text) > fifo) & \
                  $S upload $AT --document-id late fifo",
        ),
        (
            "substituted",
            "$S upload $AT --document-id substituted <(cat text)",
        ),
        ("~2fdev~2fstdin", "$S upload $AT /dev/stdin < text"),
        (
            "piped",
            "cat text | $S upload $AT --document-id piped /dev/stdin",
        ),
        ("stdin", "cat text | $S upload $AT -"),
        (
            "redirected",
            "$S upload $AT --document-id redirected - < text",
        ),
        (
            "packed",
            "cat text.gz | $S upload $AT --document-id packed -",
        ),
        (
            "packed2",
            "$S upload $AT --document-id packed2 <(cat text.zst)",
        ),
        ("text.gz", "$S upload $AT text.gz"),
    ];
    for (id, script) in named {
        shell.succeeds(script);
        assert!(shell.text("default", id) == text, "{id}");
    }
    // Several pipes at once, named by their own ids, next to a file.
    shell.succeeds("mkfifo one two; echo 1 > one & echo 2 > two & $S upload $AT one text two");
    assert_eq!(shell.text("default", "one"), "1\n");
    assert_eq!(shell.text("default", "two"), "2\n");
    shell.succeeds("$S upload $AT --document-id none /dev/null");
    assert_eq!(shell.text("default", "none"), "");
}

/// The server allows one second of silence, and measures rates over one second.
#[test]
fn a_slow_producer_keeps_its_upload_alive() {
    let folder = Folder::new();
    let settings = [
        ("SLUICE_UPLOADS__IDLE_SECONDS_MAX", "1"),
        ("SLUICE_UPLOADS__RATE_WINDOW_SECONDS", "1"),
    ];
    let server = Server::start_with(folder.0.join("slow.db"), &settings);
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    for (id, script) in [
        ("silent", "(echo a; sleep 3; echo b)"),
        ("late", "(sleep 3; echo a; echo b)"),
        ("ended", "(echo a; echo b; sleep 3)"),
        (
            "trickle",
            "(for line in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $line; sleep 0.2; done)",
        ),
    ] {
        shell.succeeds(&format!("{script} | $S upload $AT --document-id {id} -"));
        let expected = match id {
            "trickle" => "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
            _ => "a\nb\n",
        };
        assert_eq!(shell.text("default", id), expected, "{id}");
    }
}

/// Chunks are available while the producer is silent.
#[test]
fn written_bytes_are_uploaded_while_the_producer_waits() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("waiting.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    let upload = "$S upload $AT --max-size 100 --document-id d -";
    let mut uploading = shell.command(upload);
    let mut uploading = uploading.stdin(Stdio::piped()).spawn().unwrap();
    let mut producer = uploading.stdin.take().unwrap();
    producer.write_all(prose(1_000).as_bytes()).unwrap();
    let follow = "for n in $(seq 400); do \
                  $S chunks $AT collections/default/documents/d --follow --output json && exit; \
                  sleep 0.05; done 2>/dev/null; exit 1";
    let mut following = shell.command(follow);
    let mut following = following.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut followed = BufReader::new(following.stdout.take().unwrap());
    followed.read_line(&mut first).unwrap();
    assert_eq!(rows(&first)[0]["ordinal"], 0);
    drop(producer);
    assert!(uploading.wait().unwrap().success());
    assert!(following.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_survives_lost_connections() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("cut.db"));
    let proxy = Proxy::start(server.address.clone(), 4, 700_000).await;
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    let text = prose(6_000_000);
    shell.write("text", &text);
    let script = "cat text | $S upload --server=http://$PROXY --document-id d -";
    let mut command = shell.command(script);
    command.env("PROXY", &proxy.address);
    let ended = tokio::task::spawn_blocking(move || Ended::of(command.output().unwrap()));
    let ended = ended.await.unwrap();
    assert_eq!(ended.code, 0, "{ended:?}");
    let cut = proxy.cut.load(std::sync::atomic::Ordering::Relaxed);
    assert!(cut >= 4, "{cut} connections were cut");
    assert!(shell.text("default", "d") == text);
}

/// A pipe resumes the upload of another process if the bytes are the same.
#[test]
fn a_pipe_resumes_an_upload_only_with_the_same_bytes() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("resumed.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    let text = prose(2_000_000);
    shell.write("text", &text);
    shell.write("other", text.replacen("Sentence", "Paragraph", 1));
    let id = "33333333-3333-4333-8333-333333333333";
    let upload = format!("$S upload $AT --document-id d --request-id {id} -");
    let mut begun = shell.command(&format!("exec {upload}"));
    let mut begun = begun.stdin(Stdio::piped()).spawn().unwrap();
    let mut producer = begun.stdin.take().unwrap();
    producer.write_all(&text.as_bytes()[..1_500_000]).unwrap();
    let committed = "for n in $(seq 400); do \
                     $S operations $AT --output json | jq -e 'select(.chunks > 1000)' && exit; \
                     sleep 0.05; done; exit 1";
    shell.succeeds(committed);
    begun.kill().unwrap();
    begun.wait().unwrap();
    let ended = shell.run(&format!("cat other | {upload}"));
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("has changed since"), "{ended:?}");
    shell.succeeds(&format!("cat text | {upload}"));
    assert!(shell.text("default", "d") == text);
}

#[test]
fn an_unreadable_source_is_reported_once_with_its_cause() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("faults.db"));
    let shell = Shell {
        server: &server,
        folder: &folder,
    };
    shell.write("good", "good");
    shell.write("bad", b"bad \xFF");
    shell.succeeds(
        "ln -s nowhere broken; python3 -c \"import socket; \
                    socket.socket(socket.AF_UNIX).bind('socket')\"",
    );
    let ended = shell.run("$S upload $AT missing broken socket bad good");
    assert_eq!(ended.code, 1, "{ended:?}");
    let lines = ended.err.lines().collect::<Vec<_>>();
    let expected = [
        "bad: ",
        "broken: cannot be opened",
        "missing: cannot be opened",
        "socket: cannot be opened",
    ];
    assert_eq!(lines.len(), expected.len(), "{ended:?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("sluice: {expected}")), "{line}");
        let (_, cause) = line.rsplit_once(": ").unwrap();
        assert_eq!(line.matches(cause).count(), 1, "{line}");
    }
    assert!(
        ended.out.ends_with("1 uploaded, 1 refused, 3 failed\n"),
        "{ended:?}"
    );
    assert_eq!(shell.text("default", "good"), "good");
    let single = shell.run("$S upload $AT missing");
    assert_eq!((single.code, single.out.as_str()), (1, ""));
    assert_eq!(single.err.lines().count(), 1, "{single:?}");
}
