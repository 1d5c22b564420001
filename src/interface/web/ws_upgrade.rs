//! The WebSocket of watchers: many operations on one socket, whole states, the terminal one last.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};

use crate::application::error::Error;
use crate::interface::authenticated_caller::AuthenticatedCaller;
use crate::interface::transport::peer::Peer;
use crate::interface::web::error_response;
use crate::interface::web::paths;
use crate::interface::web::ws_connection::Socket;
use crate::interface::web::ws_shared::SocketContext;

/// The read buffer that each socket keeps all its life: requests have about a hundred bytes.
const READ_BUFFER_BYTES: usize = 1024;
/// The maximum number of unsent bytes: enough for about a hundred states, although at most one is queued.
const WRITE_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// The largest frame of a client, and the largest message of several.
const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Upgrades a request to a WebSocket.
pub async fn open(
    State(context): State<Arc<SocketContext>>,
    authenticated: Option<Extension<AuthenticatedCaller>>,
    Extension(peer): Extension<Arc<Peer>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if context.drain.is_cancelled() {
        return error_response::of(&Error::Draining);
    }
    let Ok(permit) = Arc::clone(&context.sockets).try_acquire_owned() else {
        let most = context.bounds.sockets_max;
        return error_response::of(&Error::TooManySockets { most });
    };
    let authenticated = authenticated.map(|Extension(authenticated)| authenticated);
    upgrade
        .protocols([paths::PROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_message_size(FRAME_BYTES_MAX)
        .on_upgrade(move |socket| {
            let tasks = context.tasks.clone();
            // A separate task: the task of the upgrade is twice as large.
            tasks.spawn(Socket::new(context, (permit, peer), authenticated, socket).run());
            std::future::ready(())
        })
}
