//! Connecting to a server: the accepted forms of its address, and the messages if it cannot be reached.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::certificates::{Authority, Pair};
use crate::support::server::{Server, program};
use crate::support::shell::Ended;
use crate::support::world::Folder;

/// Commands that send one request to a server.
const COMMANDS: [&[&str]; 6] = [
    &["documents"],
    &["collections"],
    &["operations"],
    &["chunks", "collections/default/documents/d"],
    &["watch", "operations/33333333-3333-4333-8333-333333333333"],
    &["changes", "--follow"],
];

fn run(command: &mut Command) -> Ended {
    Ended::of(command.output().unwrap())
}

fn documents(arguments: &[&str]) -> Ended {
    run(program()
        .args(["collections", "--output=json"])
        .args(arguments))
}

#[test]
fn a_server_is_found_by_every_form_of_its_address() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("forms.db"));
    let (_, port) = server.address.rsplit_once(':').unwrap();
    for address in [
        server.address.clone(),
        format!("localhost:{port}"),
        format!(":{port}"),
        port.to_owned(),
        format!("http://localhost:{port}"),
        format!("HTTP://127.0.0.1:{port}/"),
    ] {
        let ended = documents(&["--server", &address]);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{address}");
    }
    let named = || {
        let mut command = program();
        command
            .arg("collections")
            .env("SLUICE_SERVER", &server.address);
        command
    };
    assert_eq!(run(&mut named()).code, 0);
    // A flag takes precedence over the environment.
    let ended = run(named().args(["--server", "127.0.0.1:1"]));
    assert!(ended.err.contains("http://127.0.0.1:1"), "{ended:?}");
    let ended = run(program().arg("collections").env("SLUICE_SERVER", "ftp://a"));
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("SLUICE_SERVER: "), "{ended:?}");
    // The variable is no setting of a server.
    let checked = run(program()
        .args(["serve", "--check-config"])
        .env("SLUICE_SERVER", "a:1"));
    assert_eq!(checked.code, 0, "{checked:?}");
}

#[test]
fn an_invalid_server_address_is_refused_with_the_remedy() {
    for (address, said) in [
        ("", "is empty"),
        ("ftp://127.0.0.1:1", "write http:// or https://"),
        ("127.0.0.1:1/path", "has a path"),
        ("http://127.0.0.1:1/?query", "has a query"),
        ("http://user:open@127.0.0.1:1", "--key-file"),
        ("127.0.0.1:port", "is no port"),
        ("127.0.0.1:0", "port 0"),
        ("two hosts", "is no name of a host"),
    ] {
        let ended = documents(&["--server", address]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{address}");
        assert!(
            ended.err.contains("--server: ") && ended.err.contains(said),
            "{ended:?}"
        );
        assert!(!ended.err.contains("open@"), "{ended:?}");
    }
}

/// Starts a listener that handles each connection with `answer`, until the process of the test ends.
fn listener(answer: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

fn http_1(mut stream: TcpStream) {
    let _gone = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    thread::sleep(Duration::from_secs(5));
}

/// Behaves like a host behind a firewall that drops packets.
fn silent(stream: TcpStream) {
    thread::sleep(Duration::from_mins(1));
    drop(stream);
}

#[test]
fn no_command_prints_anything_before_the_first_answer() {
    for arguments in COMMANDS {
        let ended = run(program().args(arguments).args(["--server", "127.0.0.1:1"]));
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{arguments:?}");
        let [line] = ended.err.lines().collect::<Vec<_>>()[..] else {
            panic!("one line: {ended:?}");
        };
        for said in ["http://127.0.0.1:1", "refused", "`sluice serve`"] {
            assert!(line.contains(said), "{line}");
        }
    }
}

#[test]
fn an_endpoint_that_is_no_server_is_reported_with_address_and_cause() {
    for (address, said) in [
        (listener(http_1), "does not speak HTTP/2"),
        (listener(drop), "was closed before an answer"),
        (listener(silent), "does not answer in time"),
        ("nowhere.invalid:1".to_owned(), "the host is unknown"),
    ] {
        let ended = documents(&["--server", &address]);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
        let url = format!("cannot reach http://{address}: ");
        assert!(
            ended.err.contains(&url) && ended.err.contains(said),
            "{ended:?}"
        );
    }
}

/// Starts a server with a certificate.
fn private(folder: &Folder, name: &str, pair: &Pair) -> Server {
    let path = |end: &str| folder.0.join(format!("{name}.{end}"));
    std::fs::write(path("pem"), &pair.certificate).unwrap();
    std::fs::write(path("key"), &pair.key).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (certificate, key) = (text(&path("pem")), text(&path("key")));
    let settings = [
        ("SLUICE_TLS__CERTIFICATE_FILE", certificate.as_str()),
        ("SLUICE_TLS__KEY_FILE", key.as_str()),
    ];
    Server::start_with(path("db"), &settings)
}

#[test]
fn tls_mistakes_are_reported_in_both_directions() {
    let folder = Folder::new();
    let (authority, other) = (Authority::new(), Authority::new());
    let file = |name: &str, text: &str| {
        let path = folder.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ca = file("ca.pem", &authority.pem);
    let wrong_ca = file("wrong.pem", &other.pem);
    let no_pem = file("no.pem", "no certificate");
    let good = private(&folder, "good", &authority.certify("127.0.0.1"));
    let elsewhere = private(&folder, "elsewhere", &authority.certify("sluice.example"));
    let expired = private(
        &folder,
        "expired",
        &authority.certify_until("127.0.0.1", 2020),
    );
    let plain = Server::start(folder.0.join("plain.db"));

    let https = format!("https://{}", good.address);
    assert_eq!(documents(&["--server", &https, "--ca-file", &ca]).code, 0);
    // The flag applies to https only, so an address without a scheme means https.
    assert_eq!(
        documents(&["--server", &good.address, "--ca-file", &ca]).code,
        0
    );
    let trusted = run(program()
        .args(["collections", "--server", &https])
        .env("SSL_CERT_FILE", &ca));
    assert_eq!(
        trusted.code, 0,
        "the system trusts the authority: {trusted:?}"
    );

    let with = |server: &Server| format!("https://{}", server.address);
    for (address, more, code, said) in [
        (format!("http://{}", good.address), None, 1, "https://"),
        (with(&plain), Some(&ca), 1, "http://"),
        (https.clone(), None, 1, "--ca-file"),
        (
            https.clone(),
            Some(&wrong_ca),
            1,
            "an authority that is not trusted",
        ),
        (with(&elsewhere), Some(&ca), 1, "for another host"),
        (with(&expired), Some(&ca), 1, "has expired"),
        (https.clone(), Some(&no_pem), 2, "no certificate in PEM"),
        (https, Some(&"/nowhere.pem".to_owned()), 2, "/nowhere.pem"),
        (
            format!("http://{}", good.address),
            Some(&ca),
            2,
            "write https://",
        ),
    ] {
        let mut arguments = vec!["--server", &address];
        if let Some(file) = more {
            arguments.extend(["--ca-file", file]);
        }
        let ended = documents(&arguments);
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{ended:?}");
        assert!(ended.err.contains(said), "{said}: {ended:?}");
        assert!(code == 2 || ended.err.contains(&address), "{ended:?}");
        if code == 1 {
            // Waiting does not help, so an upload does not retry.
            let upload = run(program().args(["upload", &ca]).args(&arguments));
            assert_eq!(upload.code, 1, "{upload:?}");
            assert!(upload.err.contains(said), "{upload:?}");
        }
    }
}
