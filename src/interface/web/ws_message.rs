//! What goes over a WebSocket: one JSON object a text frame. `docs/websocket.md` has all of it.

use serde::Serialize;
use serde_json::{Map, Value};
use tonic_types::StatusExt;

use crate::application::error::Error;
use crate::application::ports::clock::Uid;
use crate::domain::identity::secret::Secret;
use crate::interface::grpc::resource_name;
use crate::interface::grpc::status;
use crate::interface::web::operation_json::Snapshot;

/// What a client can send.
pub const ASKED: [&str; 4] = ["subscribe", "unsubscribe", "cancel", "authenticate"];
/// What it is told.
pub const TOLD: [&str; 3] = ["state", "error", "goodbye"];

/// A client's frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Asked {
    /// Follow an operation, from the state after that one.
    Subscribe(Uid, u64),
    /// Do not follow it any more.
    Unsubscribe(Uid),
    /// Cancel it.
    Cancel(Uid),
    /// Be that token's caller.
    Authenticate(Secret),
}

impl Asked {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// Fails if it is no JSON object, and with the field that is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
            return Err(Error::MessageUnreadable);
        };
        let kind = fields.remove("type");
        let asked = match kind.as_ref().and_then(Value::as_str) {
            Some("subscribe") => Self::Subscribe(operation(&mut fields)?, after_seq(&mut fields)?),
            Some("unsubscribe") => Self::Unsubscribe(operation(&mut fields)?),
            Some("cancel") => Self::Cancel(operation(&mut fields)?),
            Some("authenticate") => Self::Authenticate(token(&mut fields)?),
            Some(_) | None => {
                let kinds = format!("must be one of {}", ASKED.join(", "));
                return Err(Error::invalid("type", kinds));
            }
        };
        if fields.is_empty() {
            Ok(asked)
        } else {
            Err(Error::invalid("frame", "has a field that its type has not"))
        }
    }
}

fn operation(fields: &mut Map<String, Value>) -> Result<Uid, Error> {
    let given = fields.remove("operation");
    let given = given.as_ref().and_then(Value::as_str).unwrap_or_default();
    resource_name::uid("operation", "operations", given)
}

/// A number, or a string as a state's `seq` is; none is 0.
fn after_seq(fields: &mut Map<String, Value>) -> Result<u64, Error> {
    let seq = match fields.remove("after_seq") {
        None => Some(0),
        Some(Value::String(seq)) => seq.parse().ok(),
        Some(seq) => seq.as_u64(),
    };
    seq.ok_or_else(|| Error::invalid("after_seq", "must be a whole number from 0"))
}

fn token(fields: &mut Map<String, Value>) -> Result<Secret, Error> {
    match fields.remove("token") {
        Some(Value::String(token)) => Ok(Secret::new(token)),
        Some(_) | None => Err(Error::invalid("token", "must be a string")),
    }
}

/// A frame of the server's.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Told {
    /// An operation as it is.
    State {
        /// All of it.
        operation: Snapshot,
    },
    /// Something could not be done.
    Error {
        /// The operation that it concerns, which is not followed (any more).
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// Why, for programs: of the same closed list as gRPC's reasons.
        reason: String,
        /// The same for people.
        message: String,
        /// The field that was wrong.
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// When it may be tried again, if it may.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The server will close the socket.
    Goodbye {
        /// Why.
        reason: &'static str,
        /// When to come back: another time for each client.
        reconnect_after_ms: u64,
    },
}

impl Told {
    /// An error, and the operation that it concerns.
    #[must_use]
    pub fn error(operation: Option<&Uid>, error: &Error) -> Self {
        let status = status::of(error);
        let details = status.get_error_details();
        let info = details.error_info();
        let retry = details.retry_info().and_then(|retry| retry.retry_delay);
        Self::Error {
            operation: operation.map(|uid| resource_name::of_uid("operations", uid)),
            reason: info.map_or_else(String::new, |info| info.reason.clone()),
            message: status.message().to_owned(),
            field: info.and_then(|info| info.metadata.get("field").cloned()),
            retry_after_ms: retry.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// As it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        // Maps with other keys than strings would fail, which it has not.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;
    use crate::application::error::Error;

    const NAME: &str = "operations/018f2f6e-7b1a-7c3d-8e4f-0123456789ab";

    #[test]
    fn frames_are_read_and_what_is_wrong_is_named() {
        let read = |text: &str| Asked::parse(&text.replace("NAME", NAME));
        let subscribe = read(r#"{"type":"subscribe","operation":"NAME","after_seq":"7"}"#);
        assert!(matches!(subscribe, Ok(Asked::Subscribe(_, 7))));
        let subscribe = read(r#"{"operation":"NAME","type":"subscribe"}"#);
        assert!(matches!(subscribe, Ok(Asked::Subscribe(_, 0))));
        for text in ["", "{", "[]", "1", "null", "\"subscribe\""] {
            let refused = read(text);
            assert!(matches!(refused, Err(Error::MessageUnreadable)), "{text}");
        }
        let wrong = [
            (r"{}", "type"),
            (r#"{"type":1}"#, "type"),
            (r#"{"type":"follow"}"#, "type"),
            (r#"{"type":"subscribe"}"#, "operation"),
            (r#"{"type":"cancel","operation":"uploads/x"}"#, "operation"),
            (
                r#"{"type":"subscribe","operation":"NAME","after_seq":-1}"#,
                "after_seq",
            ),
            (
                r#"{"type":"subscribe","operation":"NAME","after":1}"#,
                "frame",
            ),
            (r#"{"type":"authenticate"}"#, "token"),
        ];
        for (text, named) in wrong {
            match read(text) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, named, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
