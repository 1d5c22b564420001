//! A store that cannot be opened: the server reports the cause and the remedy, never damage or a password.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use sluice::infrastructure::postgres::connection;

use crate::private::postgres::Cluster;
use crate::stores::Disk;
use crate::support::server::SLUICE;
use crate::support::world::Folder;

/// A password that no message may contain.
const PASSWORD: &str = "n0t-t0-be-sh0wn";

/// Starts a server with a store, and returns its exit code and its output.
fn refused_by(mut command: Command, store: &str) -> (Option<i32>, String) {
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "warn",
        "--store",
        store,
    ]);
    let done = command.current_dir("/").output().unwrap();
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    assert!(
        !said.contains("damaged") && !said.contains(PASSWORD),
        "{store}: {said}"
    );
    (done.status.code(), said)
}

fn check(store: &str, facts: &[&str]) {
    check_code(store, facts, 1);
}

fn check_code(store: &str, facts: &[&str], expected: i32) {
    let (code, said) = refused_by(Command::new(SLUICE), store);
    assert_eq!(code, Some(expected), "{store}: {said}");
    for fact in facts {
        assert!(said.contains(fact), "{store} {fact}: {said}");
    }
}

#[test]
fn a_file_that_cannot_be_a_store_is_refused_with_its_cause() {
    let folder = Folder::new();
    let at = |name: &str| folder.0.join(name).display().to_string();
    let here = folder.0.display().to_string();
    check(
        &at("missing/sluice.db"),
        &["there is no directory", &at("missing"), "create it"],
    );
    check(&here, &["is a directory", "sluice.db"]);
    fs::write(at("text.db"), "This is no database. ".repeat(100)).unwrap();
    check(
        &at("text.db"),
        &["is not a SQLite database", "choose another file"],
    );
    fs::write(at("file"), "").unwrap();
    check(&at("file/sluice.db"), &["there is no directory"]);
    check_code("", &["must not be empty"], 2);
    for (address, scheme) in [
        (format!("mysql://user:{PASSWORD}@host/db"), "mysql://"),
        (format!("sqlite://{}", at("sluice.db")), "sqlite://"),
        (format!("postgres:user:{PASSWORD}@host/db"), "postgres:"),
    ] {
        check_code(&address, &[scheme, "store.location"], 2);
    }
}

#[test]
fn a_file_that_may_not_be_written_is_refused_with_its_cause() {
    let disk = Disk::new("16m");
    let file = disk.folder().join("sluice.db");
    let folder = disk.folder().display().to_string();
    // The program is copied to a directory from which every user may run it.
    let shared = Folder::new();
    let program = shared.0.join("sluice");
    fs::copy(SLUICE, &program).unwrap();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(disk.folder(), 0o755);
    let nobody = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&program);
        command
    };
    let denied = |path: &Path| {
        let (code, said) = refused_by(nobody(), path.to_str().unwrap());
        assert!(
            code == Some(1) && said.contains("permission denied"),
            "{said}"
        );
        assert!(
            said.contains("sluice.db") && said.contains("the server's user"),
            "{said}"
        );
    };
    denied(&file);
    fs::write(&file, "").unwrap();
    mode(&file, 0o600);
    denied(&file);
    mode(disk.folder(), 0o700);
    denied(&file);
    mode(disk.folder(), 0o755);
    mode(&file, 0o444);
    let (_, said) = refused_by(nobody(), file.to_str().unwrap());
    assert!(
        said.contains("read-only") || said.contains("permission denied"),
        "{said}"
    );
    let remounted = |how| {
        Command::new("mount")
            .args(["-o", how])
            .arg(&folder)
            .status()
            .unwrap()
    };
    assert!(remounted("remount,ro").success());
    check(file.to_str().unwrap(), &["is read-only"]);
    check(&format!("{folder}/other.db"), &["is read-only"]);
    assert!(remounted("remount,rw").success());
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_refused_with_its_cause() {
    let cluster = Cluster::start(&[]);
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let (_, name) = database.rsplit_once('/').unwrap();
    let port = cluster.port;
    let rules = cluster.folder.join("data/pg_hba.conf");
    let before = fs::read_to_string(&rules).unwrap();
    let mut file = fs::File::create(&rules).unwrap();
    let rule = "host all keyed 127.0.0.1/32 scram-sha-256\nhost all shut 127.0.0.1/32 reject\n";
    file.write_all([rule, &before].concat().as_bytes()).unwrap();
    cluster.psql(
        "postgres",
        "CREATE ROLE keyed LOGIN PASSWORD 'right'; CREATE ROLE shut LOGIN",
    );
    cluster.psql("postgres", "CREATE ROLE poor LOGIN");
    cluster.psql("postgres", "SELECT pg_reload_conf()");
    let at = |user: &str, rest: &str| format!("postgres://{user}:{PASSWORD}@127.0.0.1:{rest}");
    let here = |user: &str| at(user, &format!("{port}/{name}"));
    let nowhere = at("postgres", &format!("{port}/nowhere"));
    check(&nowhere, &["there is no database \"nowhere\"", "create it"]);
    check(&here("keyed"), &["password of \"keyed\"", "store.location"]);
    check(&here("shut"), &["\"shut\" may not log in"]);
    check(&here("poor"), &["\"poor\" lacks a privilege"]);
    check(
        &at("postgres", "1/x"),
        &["connection refused", "127.0.0.1:1"],
    );
    let unknown = format!("postgres://postgres:{PASSWORD}@no..such.host/x");
    check(&unknown, &["the host \"no..such.host\" is not known"]);
    check(&at("postgres", "port/x"), &["not of the form postgres://"]);
    let mistyped = format!("postgres://postgres@127.0.0.1:1/x?pasword={PASSWORD}");
    check(&mistyped, &["connection refused"]);
}
