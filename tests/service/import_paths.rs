//! An import reads only regular files below the root, for any path, any content of the folder, and any concurrent
//! change.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sluice::application::ports::import_root::ImportRoot;
use sluice::config::sections::import::HardLinks;
use sluice::domain::names::path::PathName;
use sluice::infrastructure::import_root;
use tonic::Code;

use crate::imports::{Root, import, request};
use crate::logs;
use crate::methods::raw;
use crate::path_names::HOSTILE;
use crate::rechunks::{SUCCEEDED, ended, said};
use crate::support::server::program;
use crate::support::world::{Folder, connect, create_collection, metadata, reason};

/// The time for which links swap places with a folder and a file.
const RACE: Duration = Duration::from_secs(10);

/// A part of requested paths. Neither an answer nor a log may contain it.
const NEEDLE: &str = "needle-in-a-path";

#[tokio::test]
async fn hostile_paths_are_refused_and_no_path_is_repeated_or_logged() {
    let (root, folder) = (Root::new(), Folder::new());
    root.write(NEEDLE, "text");
    root.write(&format!("changed-{NEEDLE}"), b"some \xFF text");
    let log = folder.0.join("log");
    let mut server = program()
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "debug",
            "--store",
        ])
        .arg(folder.0.join("paths.db"))
        .env("SLUICE_IMPORT__ROOT", &root.0.0)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let printed = server.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(printed), &mut line).unwrap();
    let channel = connect(&format!(
        "http://{}",
        line.trim().rsplit(' ').next().unwrap()
    ));
    create_collection(&channel).await;
    for hostile in HOSTILE {
        for path in [(*hostile).to_owned(), format!("{hostile}/{NEEDLE}")] {
            let refused = import(&channel, request("d", &path)).await.unwrap_err();
            assert_eq!(
                (refused.code(), metadata(&refused, "field").as_str()),
                (Code::InvalidArgument, "path"),
                "{path:?}"
            );
            let told = "path must be a relative path of plain names parted by /";
            assert_eq!(refused.message(), told, "{path:?}");
            let details = String::from_utf8_lossy(refused.details()).into_owned();
            assert!(!details.contains(NEEDLE), "{path:?}");
        }
    }
    let missing = format!("none/{NEEDLE}");
    let refused = import(&channel, request("d", &missing)).await.unwrap_err();
    assert_eq!(refused.message(), "there is no file of that name");
    for path in [NEEDLE.to_owned(), format!("changed-{NEEDLE}")] {
        let begun = import(&channel, request("d", &path)).await.unwrap();
        let ended = ended(&channel, &begun.name).await;
        assert!(!format!("{ended:?}").contains(NEEDLE));
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("ImportDocument"), "no call was logged");
    assert!(!logged.contains(NEEDLE), "{logged}");
    logged.lines().for_each(logs::look);
    logs::assert_clean();
    for hostile in HOSTILE.iter().filter(|hostile| hostile.len() > 12) {
        assert!(!logged.contains(hostile), "{hostile:?}");
    }
}

/// Overlong forms of a dot and a slash are not valid UTF-8, so no string of a message can contain them.
#[tokio::test]
async fn overlong_utf_8_never_becomes_a_path() {
    let world = Root::new().world().await;
    let frames: [&[u8]; 3] = [
        b"\x00\x00\x00\x00\x07\x1a\x05\xc0\xae\xc0\xae/",
        b"\x00\x00\x00\x00\x06\x1a\x04\xc0\xafab",
        b"\x00\x00\x00\x00\x07\x1a\x05\xe0\x80\xaf.a",
    ];
    for frame in frames {
        let told = raw(&world, "DocumentService/ImportDocument", &[], frame).await;
        assert_eq!(
            (told.code(), reason(&told).as_str()),
            (Code::InvalidArgument, "MESSAGE_UNREADABLE")
        );
    }
}

#[tokio::test]
async fn only_regular_files_are_opened_and_a_pipe_does_not_block() {
    let (root, outside) = (Root::new(), Root::new());
    root.write("folder/f.txt", "inside");
    outside.write("f.txt", "outside");
    let made = Command::new("mkfifo").arg(root.path("pipe")).status();
    assert!(made.unwrap().success());
    let made = Command::new("mknod")
        .arg(root.path("device"))
        .args(["c", "1", "5"])
        .status();
    assert!(made.unwrap().success(), "the tests run as root");
    let _socket = UnixListener::bind(root.path("socket")).unwrap();
    symlink(outside.path("f.txt"), root.path("out.txt")).unwrap();
    symlink(&outside.0.0, root.path("out")).unwrap();
    symlink("/etc", root.path("etc")).unwrap();
    symlink("folder", root.path("in")).unwrap();
    symlink("folder/f.txt", root.path("in.txt")).unwrap();
    symlink("loop", root.path("loop")).unwrap();
    let world = root.world().await;
    let names = [
        "folder",
        "pipe",
        "device",
        "socket",
        "out.txt",
        "out/f.txt",
        "etc/passwd",
        "in/f.txt",
        "in.txt",
        "loop",
        "loop/f.txt",
    ];
    for name in names {
        let refused = import(&world.channel, request("d", name)).await;
        let refused = refused.expect_err(name);
        assert_eq!(
            (refused.code(), metadata(&refused, "kind").as_str()),
            (Code::NotFound, "file"),
            "{name}"
        );
    }
    let begun = import(&world.channel, request("d", "folder/f.txt")).await;
    let ended = ended(&world.channel, &begun.unwrap().name).await;
    assert_eq!(ended.state, SUCCEEDED, "{ended:?}");
}

/// Files with several hard links are imported by default, because folders of backups contain them. If they are refused,
/// the error is that of an absent file.
#[tokio::test]
async fn files_with_several_hard_links_are_imported_unless_refused_by_setting() {
    let (root, outside) = (Root::new(), Root::new());
    outside.write("f.txt", "outside");
    root.write("own.txt", "inside");
    fs::hard_link(outside.path("f.txt"), root.path("linked.txt")).unwrap();
    let allowing = root.world().await;
    let begun = import(&allowing.channel, request("d", "linked.txt")).await;
    let ended_well = ended(&allowing.channel, &begun.unwrap().name).await;
    assert_eq!(ended_well.state, SUCCEEDED, "{ended_well:?}");
    let refusing = root.world_with(|config| config.import.hard_links = HardLinks::Refuse);
    let refusing = refusing.await;
    let refused = import(&refusing.channel, request("d", "linked.txt")).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), metadata(&refused, "kind").as_str()),
        (Code::NotFound, "file")
    );
    let begun = import(&refusing.channel, request("d", "own.txt")).await;
    let ended_well = ended(&refusing.channel, &begun.unwrap().name).await;
    assert_eq!(ended_well.state, SUCCEEDED, "{ended_well:?}");
}

/// Swaps a folder and a file of the root with links to outside, until `stop` is set. Returns the number of swaps.
fn swap(root: &Root, outside: &Root, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<u64> {
    let (base, away) = (root.0.0.clone(), outside.0.0.clone());
    let stop = Arc::clone(stop);
    symlink(&away, base.join("link")).unwrap();
    symlink(away.join("f.txt"), base.join("link.txt")).unwrap();
    std::thread::spawn(move || {
        let mut swaps = 0;
        let turn = |name: &str, link: &str, aside: &str| {
            fs::rename(base.join(name), base.join(aside)).unwrap();
            fs::rename(base.join(link), base.join(name)).unwrap();
            fs::rename(base.join(name), base.join(link)).unwrap();
            fs::rename(base.join(aside), base.join(name)).unwrap();
        };
        while !stop.load(Ordering::Relaxed) {
            turn("x", "link", "aside");
            turn("y.txt", "link.txt", "aside.txt");
            swaps += 1;
        }
        swaps
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn swapping_in_links_never_leads_an_import_outside() {
    let (root, outside) = (Root::new(), Root::new());
    for name in ["x/f.txt", "y.txt"] {
        root.write(name, "inside");
    }
    outside.write("f.txt", "outside");
    let world = root.world().await;
    let source = import_root::Root::open(&root.0.0, import_root::HardLinks::Allow).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = swap(&root, &outside, &stop);
    let (begun, mut opened, mut absent) = (Instant::now(), 0, 0);
    let mut imported = vec![];
    while begun.elapsed() < RACE {
        for name in ["x/f.txt", "y.txt"] {
            for _ in 0..100 {
                // A link that was just swapped in reads as absent, not as an error.
                match source.open(&PathName::parse(name).unwrap()).await.unwrap() {
                    Some(file) => {
                        assert_eq!(&file.read(0).await.unwrap().0[..], b"inside");
                        opened += 1;
                    }
                    None => absent += 1,
                }
            }
            let id = format!("d{}", imported.len());
            if let Ok(operation) = import(&world.channel, request(&id, name)).await {
                // The import opens the file again to read it, and may then find a link.
                let ended = ended(&world.channel, &operation.name).await;
                imported.push((id, ended.state == SUCCEEDED));
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    let swaps = swapping.join().unwrap();
    let all = imported.len();
    imported.retain(|(_, has_succeeded)| *has_succeeded);
    let read = imported.len();
    let tally = format!("{swaps} {opened} {absent} {all} {read}");
    assert!(swaps > 1_000 && opened > 100 && absent > 100, "{tally}");
    assert!(all > 0, "{tally}");
    for (id, _) in imported {
        let chunks = said(&world.channel, &id).await;
        assert_eq!(chunks[0].text, "inside", "{tally}");
    }
    let at_rest = import(&world.channel, request("at-rest", "x/f.txt")).await;
    let ended = ended(&world.channel, &at_rest.unwrap().name).await;
    assert_eq!(ended.state, SUCCEEDED, "{ended:?}");
}
