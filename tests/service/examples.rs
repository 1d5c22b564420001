//! The tour in `grpcurl-examples`, run with the real grpcurl. Each script checks its own output.

use std::path::Path;
use std::process::Command;

use crate::support::server::Server;
use crate::support::world::Folder;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs all scripts twice, in order: the remains of a script must not disturb the next one or its own second run.
#[test]
fn every_script_of_the_tour_succeeds_twice() {
    let folder = Folder::new();
    let root = folder.0.join("root");
    std::fs::create_dir(&root).unwrap();
    let settings = [("SLUICE_IMPORT__ROOT", root.to_str().unwrap())];
    let server = Server::start_with(folder.0.join("tour.db"), &settings);
    let scripts = std::fs::read_dir(Path::new(ROOT).join("grpcurl-examples")).unwrap();
    let mut scripts = scripts
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.ends_with(".sh") && name.starts_with(|first: char| first.is_ascii_digit())
        })
        .collect::<Vec<_>>();
    scripts.sort();
    assert!(scripts.len() >= 16, "{scripts:?}");
    for script in scripts.iter().chain(&scripts) {
        let shown = Command::new(script)
            .env("ADDRESS", &server.address)
            .env("GRPCURL", format!("{ROOT}/target/tools/bin/grpcurl"))
            .env("TMPDIR", &folder.0)
            .env("IMPORT_ROOT", &root)
            .output()
            .unwrap();
        assert!(
            shown.status.success(),
            "{}\n{}\n{}",
            script.display(),
            String::from_utf8_lossy(&shown.stdout),
            String::from_utf8_lossy(&shown.stderr)
        );
        assert!(
            !shown.stdout.is_empty(),
            "{} prints nothing",
            script.display()
        );
    }
}
