//! Followers over lost connections: they resume at their last position, and neither lose nor repeat anything.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crate::outages::{Running, free};
use crate::support::proxy::Proxy;
use crate::support::server::{Server, program};
use crate::support::shell::{Ended, Shell, rows};
use crate::support::world::{Folder, prose};

/// Starts a command that follows a server, and waits for its first line. The thread returns all lines: a follower that
/// waits for its reader would not see that its server is lost.
fn follow(address: &str, arguments: &[&str]) -> (Running, JoinHandle<String>) {
    let mut command = program();
    command
        .args(arguments)
        .args(["--output=json", "--server", address]);
    let mut running = Running::start(command.stdout(Stdio::piped()));
    let out = BufReader::new(running.child.stdout.take().unwrap());
    let (line_read, lines) = mpsc::channel();
    let read = thread::spawn(move || {
        let mut told = String::new();
        for line in out.lines() {
            told.push_str(&line.unwrap());
            told.push('\n');
            let _ended = line_read.send(());
        }
        told
    });
    lines.recv().unwrap();
    (running, read)
}

#[test]
fn a_watcher_and_a_follower_of_chunks_survive_a_restart() {
    let folder = Folder::new();
    let (address, store, text) = (free(), folder.0.join("restart.db"), prose(1_000_000));
    let server = Server::start_at(&address, &store);
    let id = "33333333-3333-4333-8333-333333333333";
    let mut upload = program();
    upload.args(["upload", "--server", &address, "--request-id", id]);
    upload.args(["--document-id=d", "-"]).stdout(Stdio::null());
    let mut upload = Running::start(upload.stdin(Stdio::piped()));
    let mut producer = upload.child.stdin.take().unwrap();
    producer.write_all(&text.as_bytes()[..500_000]).unwrap();
    let (server_ref, folder_ref) = (&server, &folder);
    let shell = Shell {
        server: server_ref,
        folder: folder_ref,
    };
    shell.succeeds(
        "for n in $(seq 400); do $S operations $AT --output json | jq -e 'select(.chunks > 50)' \
         && exit; sleep 0.05; done; exit 1",
    );
    let operation = format!("operations/{id}");
    let document = "collections/default/documents/d";
    let mut followers = [
        follow(&address, &["watch", &operation]),
        follow(&address, &["chunks", "--follow", document]),
    ];
    drop(server);
    for (follower, _) in &mut followers {
        let lost = follower.line();
        assert!(lost.contains(&address) && lost.contains("lost"), "{lost}");
    }
    let server = Server::start_at(&address, &store);
    for (follower, _) in &mut followers {
        assert!(follower.line().contains("is back"), "{:?}", follower.said);
    }
    producer.write_all(&text.as_bytes()[500_000..]).unwrap();
    drop(producer);
    assert_eq!(upload.end(), Some(0), "{:?}", upload.said);
    let told = followers.map(|(mut follower, read)| {
        let told = read.join().unwrap();
        assert_eq!(follower.end(), Some(0), "{:?}", follower.said);
        assert_eq!(follower.said.len(), 2, "{:?}", follower.said);
        told
    });
    let states = rows(&told[0]);
    assert!(states.is_sorted_by(|one, next| one["seq"].as_i64() < next["seq"].as_i64()));
    assert_eq!(states.last().unwrap()["state"], "SUCCEEDED");
    let chunks = rows(&told[1]);
    let ordinals = chunks.iter().map(|row| row["ordinal"].as_u64().unwrap());
    assert!(ordinals.eq(0..chunks.len() as u64));
    let whole = chunks.iter().map(|row| row["text"].as_str().unwrap());
    assert!(whole.collect::<String>() == text);
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_resume_over_connections_that_are_cut_repeatedly() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("cut.db"));
    let proxy = Proxy::before(server.address.clone()).await;
    let (server, folder) = (&server, &folder);
    let shell = Shell { server, folder };
    let text = prose(1_500_000);
    shell.write("d", &text);
    shell.succeeds("$S upload $AT d");
    let direct = shell.succeeds("$S changes $AT --output json");
    let number = direct.lines().count();
    // More bytes than the setup of a connection and a part of an answer.
    proxy.cut_down_after(300_000);
    let run = |script: &str| {
        let mut command = shell.command(script);
        command.env("PROXY", &proxy.address);
        tokio::task::block_in_place(|| Ended::of(command.output().unwrap()))
    };
    let ended =
        run("$S chunks --server $PROXY --follow --output json collections/default/documents/d");
    assert_eq!(ended.code, 0, "{ended:?}");
    let chunks = rows(&ended.out);
    let whole = chunks.iter().map(|row| row["text"].as_str().unwrap());
    assert!(whole.collect::<String>() == text);
    let script = format!("$S changes --server $PROXY --follow --output json | head -n {number}");
    let ended = run(&script);
    assert!(
        ended.out == direct,
        "{} of {number}",
        ended.out.lines().count()
    );
    let cut = proxy.cut.load(std::sync::atomic::Ordering::Relaxed);
    assert!(cut >= 4, "{cut} connections were cut");
}

#[test]
fn a_watcher_ends_if_its_operation_is_gone_when_the_server_is_back() {
    let folder = Folder::new();
    let address = free();
    let server = Server::start_at(&address, folder.0.join("one.db"));
    let mut upload = program();
    upload
        .args(["upload", "--server", &address, "-"])
        .stdout(Stdio::null());
    let mut upload = Running::start(upload.stdin(Stdio::piped()));
    let mut producer = upload.child.stdin.take().unwrap();
    producer.write_all(prose(500_000).as_bytes()).unwrap();
    let (server_ref, folder_ref) = (&server, &folder);
    let shell = Shell {
        server: server_ref,
        folder: folder_ref,
    };
    let operation = shell.succeeds(
        "for n in $(seq 400); do $S operations $AT --output json | jq -er .operation && exit; \
         sleep 0.05; done; exit 1",
    );
    let mut watch = program();
    watch.args(["watch", operation.trim(), "--server", &address]);
    let mut watch = Running::start(watch.stdout(Stdio::piped()));
    let mut out = BufReader::new(watch.child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(server);
    let lost = watch.line();
    assert!(lost.contains("lost"), "{lost}");
    upload.child.kill().unwrap();
    let _server = Server::start_at(&address, folder.0.join("other.db"));
    assert_eq!(watch.end(), Some(1), "{:?}", watch.said);
    assert!(
        watch.said.last().unwrap().contains("NotFound"),
        "{:?}",
        watch.said
    );
}
