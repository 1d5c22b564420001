//! Faults of a PostgreSQL server: a proxy before it, a crash, and a tablespace in a folder that the caller chooses.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::PoisonError;
use std::time::Instant;

use crate::private::postgres::{Cluster, START_MAX, end, is_root, run, spawn};
use crate::support::proxy::Proxy;

/// Starts a proxy before a database. Returns it with the database's URL through the proxy.
pub(crate) async fn proxied(cluster: &Cluster, database: &str) -> (Proxy, String) {
    let proxy = Proxy::before(format!("127.0.0.1:{}", cluster.port)).await;
    let name = database.rsplit('/').next().unwrap();
    let address = format!("postgres://postgres@{}/{name}", proxy.address);
    (proxy, address)
}

/// Ends the server as a power cut would, and restarts it.
pub(crate) fn crash(cluster: &Cluster) {
    let mut server = cluster
        .server
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    end(&mut server);
    let started = Instant::now();
    while started.elapsed() < START_MAX {
        if let Some(again) = spawn(&cluster.folder, cluster.port, &[]) {
            *server = again;
            return;
        }
    }
    unreachable!("the server did not restart");
}

/// Creates a tablespace in a new folder.
pub(crate) fn tablespace(cluster: &Cluster, name: &str, folder: &Path) {
    fs::create_dir(folder).unwrap();
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(folder));
    }
    let place = folder.display();
    let statement = format!("CREATE TABLESPACE {name} LOCATION '{place}'");
    cluster.psql("postgres", &statement);
}
