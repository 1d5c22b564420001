//! The listen address of a server: every accepted form, and every reason to refuse one.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::private::port;
use crate::support::server::program;
use crate::support::shell::Ended;
use crate::support::world::Folder;

/// A running server, killed when dropped, and the addresses that it prints.
struct Listening(Child, Vec<String>);

impl Listening {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let addresses = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_default();
        let addresses = addresses.split(" and ").map(str::to_owned).collect();
        Self(child, addresses)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn serve(folder: &Folder) -> Command {
    let mut command = program();
    command
        .arg("serve")
        .arg("--store")
        .arg(folder.0.join("listening.db"));
    command
}

#[test]
fn a_server_listens_at_every_form_of_an_address_of_this_machine() {
    let folder = Folder::new();
    let port = port::free().to_string();
    for address in [
        format!("localhost:{port}"),
        format!(":{port}"),
        port.clone(),
        format!("127.0.0.1:{port}"),
    ] {
        let server = Listening::start(serve(&folder).args(["--listen", &address]));
        assert_eq!(server.1[0], format!("127.0.0.1:{port}"), "{address}");
        for each in &server.1 {
            TcpStream::connect(each).unwrap();
        }
        // A client may connect to any address of a host name.
        let mut asked = program();
        asked.args(["collections", "--server", &format!("localhost:{port}")]);
        assert!(asked.output().unwrap().status.success(), "{address}");
    }
    for (name, setting) in [("SLUICE_LISTEN", "localhost:0"), ("SLUICE_LISTEN", "0")] {
        let server = Listening::start(serve(&folder).env(name, setting));
        assert!(server.1[0].starts_with("127.0.0.1:"), "{:?}", server.1);
    }
    let file = folder.0.join("sluice.toml");
    std::fs::write(&file, "listen = 'localhost:0'").unwrap();
    let server = Listening::start(serve(&folder).arg("--config").arg(&file));
    assert!(server.1[0].starts_with("127.0.0.1:"), "{:?}", server.1);
}

#[test]
fn an_unusable_listen_address_is_reported_with_the_remedy() {
    let folder = Folder::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let named = format!("localhost:{}", held.local_addr().unwrap().port());
    for (arguments, code, said) in [
        (
            vec!["--listen", &taken],
            1,
            ["another program listens there", "--listen"],
        ),
        (
            vec!["--listen", &named],
            1,
            ["another program listens there", "--listen"],
        ),
        (
            vec!["--listen", "203.0.113.1:1", "--insecure-no-auth"],
            1,
            ["does not have that address", "--listen"],
        ),
        (
            vec!["--listen", "nowhere.invalid:1"],
            2,
            ["nowhere.invalid:1", "has no address"],
        ),
        (
            vec!["--listen", "[::]:0"],
            2,
            ["other machines", "127.0.0.1"],
        ),
        (
            vec!["--listen", "http://127.0.0.1:1"],
            2,
            ["is a URL", "HOST:PORT"],
        ),
        (
            vec!["--listen", "127.0.0.1:99999"],
            2,
            ["is no port", "65535"],
        ),
    ] {
        let ended = Ended::of(serve(&folder).args(&arguments).output().unwrap());
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(ended.out, "", "{ended:?}");
        for said in said {
            assert!(ended.err.contains(said), "{said}: {ended:?}");
        }
    }
}
