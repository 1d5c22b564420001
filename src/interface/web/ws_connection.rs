//! One WebSocket: one task that reads from its client, forwards the states of all operations that it follows, and
//! ends.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tokio_stream::{StreamExt, StreamMap};
use tokio_tungstenite::tungstenite;
use tonic::Code;

use crate::application::audit::recorder::AuditedRequest;
use crate::application::auth::credential::Credential;
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::operations::watch::States;
use crate::application::ports::operations::Operation;
use crate::domain::identity::role::Role;
use crate::domain::limits::class::ConcurrencyLimitKind;
use crate::domain::names::uid::OperationUid;
use crate::interface::authenticated_caller::AuthenticatedCaller;
use crate::interface::grpc::resource_name;
use crate::interface::grpc::{methods, status};
use crate::interface::transport::peer::Peer;
use crate::interface::web::close_code::Close;
use crate::interface::web::paths;
use crate::interface::web::ws_message::{ClientMessage, ServerMessage};
use crate::interface::web::ws_reconnect;
use crate::interface::web::ws_shared::SocketContext;

/// The maximum number of operations that a socket follows at once.
const SUBSCRIPTIONS_MAX: usize = 100;
/// Unreadable frames in a row after which the socket is closed: a faulty program does not recover.
const FAULTS_MAX: u32 = 5;
/// The time a client without a credential in its request has to authenticate.
const AUTHENTICATED_WITHIN: Duration = Duration::from_secs(10);
/// The method behind `cancel`: a caller that may call it may send that frame.
const CANCEL: &str = "/sluice.v1.OperationService/CancelOperation";
/// The time a disconnected client has to read the reason.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

/// The resources of a socket: a permit of `web.sockets_max`, and its connection's slot.
pub(super) type SocketResources = (OwnedSemaphorePermit, Arc<Peer>);

/// A socket and its state.
pub(super) struct Socket {
    context: Arc<SocketContext>,
    held: SocketResources,
    /// The caller. `None` until its client has authenticated.
    authenticated: Option<AuthenticatedCaller>,
    wire: WebSocket,
    followed: StreamMap<OperationUid, States>,
    /// Unreadable frames in a row.
    faults: u32,
    /// Whether a frame has arrived: a token is accepted only as the first frame.
    has_sent_request: bool,
}

/// The end of a socket.
enum SocketEnd {
    /// The client is gone.
    Gone,
    /// The server closes the socket and sends the reason.
    Close(Close),
}

/// An event of a socket.
enum SocketEvent {
    Drain,
    /// The caller is no longer authenticated.
    SessionEnded(Error),
    PingDue,
    Received(Option<Result<Message, axum::Error>>),
    State(OperationUid, Result<Arc<Operation>, Error>),
}

impl Socket {
    pub(super) fn new(
        context: Arc<SocketContext>,
        held: SocketResources,
        authenticated: Option<AuthenticatedCaller>,
        wire: WebSocket,
    ) -> Box<Self> {
        Box::new(Self {
            context,
            held,
            authenticated,
            wire,
            followed: StreamMap::new(),
            faults: 0,
            has_sent_request: false,
        })
    }

    /// Serves the client until either side ends. Boxed, because a future reserves space twice for a value moved into
    /// it.
    pub(super) async fn run(mut self: Box<Self>) {
        let end = match Box::pin(self.authenticate()).await {
            Ok(authenticated) => self.serve_in_slot(authenticated).await,
            Err(end) => end,
        };
        if let SocketEnd::Close(close) = end {
            // A client that does not read gets no farewell.
            let farewell = Box::pin(self.part(close));
            let _unread = tokio::time::timeout(FAREWELL_MAX, farewell).await;
        }
    }

    /// Returns the caller, from the request or from the first frame.
    async fn authenticate(&mut self) -> Result<AuthenticatedCaller, SocketEnd> {
        if let Some(authenticated) = &self.authenticated {
            return Ok(authenticated.clone());
        }
        let received = tokio::time::timeout(AUTHENTICATED_WITHIN, self.wire.recv()).await;
        let authenticated = match received {
            Ok(Some(Ok(Message::Text(text)))) => self.authenticate_frame(&text).await,
            Ok(None | Some(Err(_))) => return Err(SocketEnd::Gone),
            Ok(Some(Ok(_))) | Err(_) => Err(Error::CredentialMissing),
        };
        match authenticated {
            Ok(authenticated) => {
                self.has_sent_request = true;
                self.authenticated = Some(authenticated.clone());
                Ok(authenticated)
            }
            Err(error) => {
                self.record(paths::WEBSOCKET, "", status::code(&error));
                let sent = self.send(&ServerMessage::error(None, &error)).await;
                Err(sent
                    .err()
                    .unwrap_or(SocketEnd::Close(Close::Unauthenticated)))
            }
        }
    }

    async fn authenticate_frame(&mut self, text: &str) -> Result<AuthenticatedCaller, Error> {
        let address = Some(self.held.1.address.ip());
        match (&self.context.authenticator, ClientMessage::parse(text)?) {
            (Some(authenticator), ClientMessage::Authenticate(token)) => {
                let credential = Credential::Bearer(token);
                let from = (&self.context.admission, address);
                AuthenticatedCaller::by(authenticator, credential, from).await
            }
            (None, ClientMessage::Authenticate(_)) => Ok(AuthenticatedCaller::anybody(address)),
            (
                _,
                ClientMessage::Subscribe(..)
                | ClientMessage::Unsubscribe(_)
                | ClientMessage::Cancel(_),
            ) => Err(Error::CredentialMissing),
        }
    }

    /// Serves a client while it holds a slot of its concurrency limit.
    async fn serve_in_slot(&mut self, authenticated: AuthenticatedCaller) -> SocketEnd {
        let admission = &self.context.admission;
        let slot = admission.slot(&authenticated.caller, ConcurrencyLimitKind::Sockets);
        match Box::pin(slot).await {
            Ok(_slot) => self.talk(&authenticated).await,
            Err(error) => {
                let sent = self.send(&ServerMessage::error(None, &error)).await;
                sent.err().unwrap_or(SocketEnd::Close(Close::TooMany))
            }
        }
    }

    async fn talk(&mut self, authenticated: &AuthenticatedCaller) -> SocketEnd {
        let context = Arc::clone(&self.context);
        // Created once, not for each event: thousands of sockets may have an event at the same time.
        let mut drain = pin!(context.drain.cancelled());
        let mut ended = pin!(authenticated.session_ended());
        let mut ping_timer = pin!(tokio::time::sleep(context.bounds.ping_every));
        let mut is_pong_due = false;
        loop {
            let event = tokio::select! {
                () = &mut drain => SocketEvent::Drain,
                error = &mut ended => SocketEvent::SessionEnded(error),
                () = &mut ping_timer => SocketEvent::PingDue,
                received = self.wire.recv() => SocketEvent::Received(received),
                Some((uid, state)) = self.followed.next() => SocketEvent::State(uid, state),
            };
            let done = match event {
                SocketEvent::Drain => Err(SocketEnd::Close(Close::Draining)),
                SocketEvent::SessionEnded(error) => {
                    let sent = self.send(&ServerMessage::error(None, &error)).await;
                    sent.and(Err(SocketEnd::Close(Close::Unauthenticated)))
                }
                SocketEvent::PingDue if is_pong_due => Err(SocketEnd::Close(Close::Silent)),
                SocketEvent::PingDue => {
                    is_pong_due = true;
                    restart(ping_timer.as_mut(), context.bounds.pong_max);
                    self.write(Message::Ping(Bytes::new())).await
                }
                SocketEvent::Received(Some(Ok(Message::Pong(_)))) => {
                    is_pong_due = false;
                    restart(ping_timer.as_mut(), context.bounds.ping_every);
                    Ok(())
                }
                // Boxed, like all rare paths: each socket would otherwise reserve space for it all its life.
                SocketEvent::Received(received) => Box::pin(self.receive(received)).await,
                SocketEvent::State(uid, state) => self.forward(&uid, state).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn receive(
        &mut self,
        received: Option<Result<Message, axum::Error>>,
    ) -> Result<(), SocketEnd> {
        let asked = match received {
            None => return Err(SocketEnd::Gone),
            Some(Err(error)) => return Err(self.broken(error).await),
            // The library answers pings and the client's close; nothing arrives after a close.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => Err(Error::MessageUnreadable),
            Some(Ok(Message::Text(text))) => ClientMessage::parse(&text),
        };
        let is_first = !std::mem::replace(&mut self.has_sent_request, true);
        let (uid, done) = match asked {
            Err(error) => {
                self.faults += 1;
                self.send(&ServerMessage::error(None, &error)).await?;
                let is_enough = self.faults >= FAULTS_MAX;
                return if is_enough {
                    Err(SocketEnd::Close(Close::Unreadable))
                } else {
                    Ok(())
                };
            }
            Ok(ClientMessage::Subscribe(uid, after)) => {
                (Some(uid), self.subscribe(uid, after).await)
            }
            Ok(ClientMessage::Unsubscribe(uid)) => (Some(uid), self.unsubscribe(&uid)),
            Ok(ClientMessage::Cancel(uid)) => return self.cancel(&uid).await,
            Ok(ClientMessage::Authenticate(_)) => (None, self.is_authenticated(is_first)),
        };
        self.faults = 0;
        match done {
            Ok(()) => Ok(()),
            Err(error) => self.send(&ServerMessage::error(uid.as_ref(), &error)).await,
        }
    }

    /// Returns the end after a failed read, and reports unreadable bytes to the client if it can still receive.
    async fn broken(&mut self, error: axum::Error) -> SocketEnd {
        match error.into_inner().downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => SocketEnd::Close(Close::TooLarge),
            Some(tungstenite::Error::Utf8(_) | tungstenite::Error::Protocol(_)) => {
                let unreadable = ServerMessage::error(None, &Error::MessageUnreadable);
                let sent = self.send(&unreadable).await;
                sent.err().unwrap_or(SocketEnd::Close(Close::Unreadable))
            }
            Some(_) | None => SocketEnd::Gone,
        }
    }

    /// Follows an operation. If the socket follows it already, the watch starts again.
    async fn subscribe(&mut self, uid: OperationUid, after_seq: u64) -> Result<(), Error> {
        self.followed.remove(&uid);
        if self.followed.len() >= SUBSCRIPTIONS_MAX {
            return Err(Error::TooManySubscriptions {
                most: SUBSCRIPTIONS_MAX,
            });
        }
        let watching = &self.context.watching;
        let states = watching.watch(self.caller()?, uid, after_seq).await?;
        self.followed.insert(uid, states);
        Ok(())
    }

    /// Accepts a token only as the first frame of a client that needs none; any other comes too late.
    fn is_authenticated(&self, is_first: bool) -> Result<(), Error> {
        if is_first && self.context.authenticator.is_none() {
            return Ok(());
        }
        let message = "authenticate must be the first frame, of a request without a credential";
        Err(Error::invalid("type", message))
    }

    fn caller(&self) -> Result<&Caller, Error> {
        let authenticated = self
            .authenticated
            .as_ref()
            .ok_or(Error::CredentialMissing)?;
        Ok(&authenticated.caller)
    }

    fn unsubscribe(&mut self, uid: &OperationUid) -> Result<(), Error> {
        let kind = "subscription";
        let removed = self.followed.remove(uid);
        removed.map(drop).ok_or(Error::NotFound { kind })
    }

    /// Cancels an operation. A socket that follows it receives its last state that way.
    async fn cancel(&mut self, uid: &OperationUid) -> Result<(), SocketEnd> {
        let cancelled = self.cancelled(uid).await.map(Arc::new);
        let code = cancelled.as_ref().err().map_or(Code::Ok, status::code);
        self.record(CANCEL, &resource_name::of_uid("operations", uid), code);
        match cancelled {
            Ok(_) if self.followed.contains_key(uid) => Ok(()),
            cancelled => self.forward(uid, cancelled).await,
        }
    }

    /// Records the client's action in the audit log.
    fn record(&self, method: &str, target: &str, code: Code) {
        self.context.recorder.record(AuditedRequest {
            caller: self.caller().ok(),
            source: Some(self.held.1.address.ip()),
            method,
            target,
            result: status::name(code),
        });
    }

    async fn cancelled(&mut self, uid: &OperationUid) -> Result<Operation, Error> {
        let caller = self.caller()?;
        let needed = methods::at(CANCEL).map_or(Role::Operator, |method| method.role);
        if caller.role < needed {
            let needed = needed.name();
            return Err(Error::RoleTooLow { needed });
        }
        self.context.operations.cancel(caller, uid).await
    }

    async fn forward(
        &mut self,
        uid: &OperationUid,
        state: Result<Arc<Operation>, Error>,
    ) -> Result<(), SocketEnd> {
        match state {
            Ok(state) => {
                let frame = self.context.frames.of(&state);
                self.write(Message::Text(frame)).await
            }
            Err(Error::Draining) => Err(SocketEnd::Close(Close::Draining)),
            Err(error) => self.send(&ServerMessage::error(Some(uid), &error)).await,
        }
    }

    async fn send(&mut self, message: &ServerMessage) -> Result<(), SocketEnd> {
        self.write(Message::Text(message.text().into())).await
    }

    /// Sends a message to the last byte. Ends the socket if the client reads too slowly or the server stops.
    async fn write(&mut self, message: Message) -> Result<(), SocketEnd> {
        let slow = self.context.bounds.slow_reader_max;
        tokio::select! {
            biased;
            sent = self.wire.send(message) => sent.map_err(|_broken| SocketEnd::Gone),
            () = self.context.drain.cancelled() => Err(SocketEnd::Close(Close::Draining)),
            () = tokio::time::sleep(slow) => {
                metrics::counter!("sluice_watch_slow_closed_total", "transport" => "websocket")
                    .increment(1);
                Err(SocketEnd::Close(Close::Slow))
            }
        }
    }

    /// Closes the socket, and waits for the client's close. Otherwise data that the client sent meanwhile would reset
    /// the connection before the client has read the reason.
    async fn part(&mut self, close: Close) {
        if close == Close::Draining {
            let goodbye = ServerMessage::Goodbye {
                reason: close.name(),
                reconnect_after_ms: ws_reconnect::after_ms(self.context.clock.new_secret()),
            };
            // The next send shows whether the client is gone.
            let _gone = self.wire.send(Message::Text(goodbye.text().into())).await;
        }
        let frame = CloseFrame {
            code: close.code(),
            reason: close.name().into(),
        };
        let mut is_open = self.wire.send(Message::Close(Some(frame))).await.is_ok();
        while is_open {
            is_open = matches!(self.wire.recv().await, Some(Ok(_)));
        }
    }
}

fn restart(ping_timer: Pin<&mut Sleep>, time: Duration) {
    ping_timer.reset(Instant::now() + time);
}
