//! A proxy that counts what clients send, and cuts their connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is passed on at once.
const PIECE_BYTES: usize = 16 * 1024;

/// Between clients and a server, until it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: String,
    /// Bytes that clients have sent.
    pub(crate) sent: Arc<AtomicU64>,
    /// Connections that were cut.
    pub(crate) cut: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Before the server at `target`. The first `cuts` connections that send more than `after` bytes
    /// are cut there.
    pub(crate) async fn start(target: String, cuts: u64, after: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sent, cut) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, cutting) = (Arc::clone(&sent), Arc::clone(&cut));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, sent, cut) =
                    (target.clone(), Arc::clone(&counted), Arc::clone(&cutting));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(target).await {
                        pass(client, server, &sent, &cut, cuts, after).await;
                    }
                });
            }
        });
        Self {
            address,
            sent,
            cut,
            accepting,
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes bytes both ways until one side ends, or the connection is cut: then both ends are dropped.
async fn pass(
    client: TcpStream,
    server: TcpStream,
    sent: &AtomicU64,
    cut: &AtomicU64,
    cuts: u64,
    after: u64,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let (mut piece, mut passed) = (vec![0; PIECE_BYTES], 0);
        loop {
            let read = match from_client.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(read) => read,
            };
            sent.fetch_add(read as u64, Ordering::Relaxed);
            passed += read as u64;
            let is_cut = passed > after
                && cut
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                        (n < cuts).then_some(n + 1)
                    })
                    .is_ok();
            if is_cut || to_server.write_all(&piece[..read]).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        let mut piece = vec![0; PIECE_BYTES];
        while let Ok(read @ 1..) = from_server.read(&mut piece).await {
            if to_client.write_all(&piece[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}
