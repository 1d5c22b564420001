//! A TCP proxy that counts the bytes of clients and injects network faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The largest piece that is forwarded at once.
const PIECE_BYTES: usize = 16 * 1024;
/// A transaction's end, as a database client sends it.
const COMMIT: &[u8] = b"COMMIT\0";

/// A running proxy between clients and a server. On drop it cuts all connections.
pub(crate) struct Proxy {
    pub(crate) address: String,
    /// The number of bytes that clients sent.
    pub(crate) sent: Arc<AtomicU64>,
    /// The number of connections that the proxy cut because of a fault.
    pub(crate) cut: Arc<AtomicU64>,
    /// The number of connections accepted.
    pub(crate) accepted: Arc<AtomicU64>,
    faults: Arc<Faults>,
    accepting: JoinHandle<()>,
}

/// The faults to inject.
struct Faults {
    sent: Arc<AtomicU64>,
    cut: Arc<AtomicU64>,
    /// The number of connections to cut once a client sent more than `after` bytes.
    cuts: u64,
    after: u64,
    /// The number of answers to COMMIT still to be lost.
    commits: AtomicU64,
    /// The delay of each piece from a client.
    delay_micros: AtomicU64,
    /// The number of bytes from the server after which a connection is cut. 0 means never.
    down_after: AtomicU64,
    /// Whether forwarding is paused.
    is_stalled: watch::Sender<bool>,
    /// Increased to cut all open connections.
    generation: watch::Sender<u64>,
}

impl Proxy {
    /// Starts a proxy before the server at `target`. It cuts the first `cuts` connections that send more than `after`
    /// bytes.
    pub(crate) async fn start(target: String, cuts: u64, after: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sent, cut) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let faults = Arc::new(Faults {
            sent: Arc::clone(&sent),
            cut: Arc::clone(&cut),
            cuts,
            after,
            commits: AtomicU64::new(0),
            delay_micros: AtomicU64::new(0),
            down_after: AtomicU64::new(0),
            is_stalled: watch::Sender::new(false),
            generation: watch::Sender::new(0),
        });
        let (shared, accepted) = (Arc::clone(&faults), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&accepted);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let (target, faults) = (target.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(target).await {
                        faults.pass(client, server).await;
                    }
                });
            }
        });
        Self {
            address,
            sent,
            cut,
            accepted,
            faults,
            accepting,
        }
    }

    /// Starts a proxy before the server at `target`, without faults.
    pub(crate) async fn before(target: String) -> Self {
        Self::start(target, 0, 0).await
    }

    /// Cuts all open connections.
    pub(crate) fn cut_all(&self) {
        self.faults.generation.send_modify(|number| *number += 1);
    }

    /// Pauses or resumes forwarding in both directions.
    pub(crate) fn stall(&self, is_stalled: bool) {
        self.faults.is_stalled.send_replace(is_stalled);
    }

    /// Loses the answers to the next `number` commits: forwards each commit, then cuts its connection.
    pub(crate) fn lose_commits(&self, number: u64) {
        self.faults.commits.store(number, Ordering::Relaxed);
    }

    /// Cuts each connection after `bytes` bytes from the server.
    pub(crate) fn cut_down_after(&self, bytes: u64) {
        self.faults.down_after.store(bytes, Ordering::Relaxed);
    }

    /// Delays each piece that a client sends.
    pub(crate) fn slow(&self, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap();
        self.faults.delay_micros.store(micros, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_all();
    }
}

impl Faults {
    /// Forwards bytes in both directions until one side ends or the connection is cut, then drops both ends.
    async fn pass(&self, client: TcpStream, server: TcpStream) {
        // Database protocols send small messages: Nagle's algorithm would delay them.
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let mut generation = self.generation.subscribe();
        tokio::select! {
            () = self.up(from_client, to_server) => {}
            () = self.down(from_server, to_client) => {}
            _ = generation.changed() => {}
        }
    }

    async fn up(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let (mut piece, mut passed) = (vec![0; PIECE_BYTES], 0);
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            self.sent.fetch_add(read as u64, Ordering::Relaxed);
            passed += read as u64;
            if passed > self.after && take(&self.cut, |n| (n < self.cuts).then_some(n + 1)) {
                return;
            }
            self.hold_up().await;
            if to.write_all(&piece[..read]).await.is_err() {
                return;
            }
            let commits = piece[..read].ends_with(COMMIT);
            if commits && take(&self.commits, |n| n.checked_sub(1)) {
                self.cut.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    }

    async fn down(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let (mut piece, mut passed) = (vec![0; PIECE_BYTES], 0);
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            self.stalled().await;
            let after = self.down_after.load(Ordering::Relaxed);
            let left = after.checked_sub(passed).filter(|_| after > 0);
            let whole = left.is_none_or(|left| left > read as u64);
            let passing = if whole {
                read
            } else {
                usize::try_from(left.unwrap_or_default()).unwrap()
            };
            passed += passing as u64;
            if to.write_all(&piece[..passing]).await.is_err() || !whole {
                self.cut.fetch_add(u64::from(!whole), Ordering::Relaxed);
                return;
            }
        }
    }

    async fn hold_up(&self) {
        let delay = self.delay_micros.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_micros(delay)).await;
        }
        self.stalled().await;
    }

    async fn stalled(&self) {
        let mut is_stalled = self.is_stalled.subscribe();
        let _gone = is_stalled.wait_for(|stalled| !stalled).await;
    }
}

/// Changes a counter unless `change` returns `None`. Returns whether it changed.
fn take(counter: &AtomicU64, change: impl Fn(u64) -> Option<u64>) -> bool {
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change)
        .is_ok()
}
