//! A proxy before Redis that disturbs published messages: it drops some, duplicates some, and delays some until after
//! the next message. It forwards all other data unchanged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::kills::random;

/// A running proxy between subscribers and a Redis. It stops accepting connections on drop.
pub(crate) struct PubSubProxy {
    pub(crate) port: u16,
    /// The number of messages that were dropped, duplicated or delayed.
    pub(crate) disturbed: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl PubSubProxy {
    pub(crate) async fn before(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let disturbed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&disturbed);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let disturbed = Arc::clone(&counter);
                tokio::spawn(async move {
                    let server = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
                    let (mut from_client, to_client) = client.into_split();
                    let (from_server, mut to_server) = server.into_split();
                    tokio::select! {
                        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                        () = pass(from_server, to_client, &disturbed) => {}
                    }
                });
            }
        });
        Self {
            port,
            disturbed,
            accepting,
        }
    }
}

impl Drop for PubSubProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Forwards the server's output, value by value.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, disturbed: &AtomicU64) {
    let (mut read, mut late, mut seen) = (Vec::new(), Vec::new(), 0);
    while from.read_buf(&mut read).await.is_ok_and(|bytes| bytes > 0) {
        let mut passed = Vec::new();
        while let Some(bytes) = value_bytes(&read) {
            let value = read.drain(..bytes).collect::<Vec<_>>();
            if !value.starts_with(b">3\r\n$7\r\nmessage\r\n") {
                passed.extend(value);
                continue;
            }
            seen += 1;
            let was_late = !late.is_empty();
            match random(seen, 4) {
                0 => {}
                1 => passed.extend([value.as_slice(), &value].concat()),
                2 if !was_late => late = value,
                _ => {
                    passed.extend(value);
                    passed.append(&mut late);
                    if !was_late {
                        continue;
                    }
                }
            }
            disturbed.fetch_add(1, Ordering::Relaxed);
        }
        if to.write_all(&passed).await.is_err() {
            return;
        }
    }
}

/// Returns the length of the first RESP 3 value in bytes. `None` means that the value is incomplete.
fn value_bytes(read: &[u8]) -> Option<usize> {
    let line = read.windows(2).position(|end| end == b"\r\n")? + 2;
    let count = || {
        let digits = std::str::from_utf8(&read[1..line - 2]).unwrap();
        usize::try_from(digits.parse::<i64>().unwrap()).unwrap_or(0)
    };
    let parts = match read[0] {
        b'$' if read[1] == b'-' => 0,
        b'$' | b'=' | b'!' => {
            let whole = line + count() + 2;
            return (read.len() >= whole).then_some(whole);
        }
        b'*' | b'~' | b'>' => count(),
        b'%' | b'|' => 2 * count(),
        _ => 0,
    };
    let mut whole = line;
    for _ in 0..parts {
        whole += value_bytes(read.get(whole..)?)?;
    }
    Some(whole)
}
