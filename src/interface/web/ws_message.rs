//! The frames of a WebSocket: one JSON object in each text frame. `docs/websocket.md` describes them all.

use serde::Serialize;
use serde_json::{Map, Value};
use tonic_types::StatusExt;

use crate::application::error::Error;
use crate::domain::identity::secret::Secret;
use crate::domain::names::uid::OperationUid;
use crate::interface::grpc::resource_name;
use crate::interface::grpc::status;
use crate::interface::web::operation_json::Snapshot;

/// Types of frames that a client can send.
pub const ASKED: [&str; 4] = ["subscribe", "unsubscribe", "cancel", "authenticate"];
/// Types of frames that the server sends.
pub const TOLD: [&str; 3] = ["state", "error", "goodbye"];

/// A client's frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClientMessage {
    /// Follow an operation, from the state after this sequence number.
    Subscribe(OperationUid, u64),
    /// Stop following an operation.
    Unsubscribe(OperationUid),
    /// Cancel an operation.
    Cancel(OperationUid),
    /// Authenticate by this token.
    Authenticate(Secret),
}

impl ClientMessage {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// Fails if the text is no JSON object, or with the field that is wrong.
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

fn operation(fields: &mut Map<String, Value>) -> Result<OperationUid, Error> {
    let given = fields.remove("operation");
    let given = given.as_ref().and_then(Value::as_str).unwrap_or_default();
    resource_name::uid("operation", "operations", given)
}

/// Reads a number, or a string as in a state's `seq`. A missing field means 0.
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

/// A frame of the server.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The current state of an operation.
    State {
        /// The whole operation.
        operation: Snapshot,
    },
    /// A request failed, or a watch ended.
    Error {
        /// The operation that it concerns, which is not followed, or not followed any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// The reason, for programs: from the same closed list as the reasons in gRPC.
        reason: String,
        /// The reason, for people.
        message: String,
        /// The field that was wrong.
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// The time until a retry may succeed, in milliseconds. `None` if it is unknown or none may.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The server will close the socket.
    Goodbye {
        /// The name of the reason.
        reason: &'static str,
        /// The time until the client should reconnect, in milliseconds: different for each client.
        reconnect_after_ms: u64,
    },
}

impl ServerMessage {
    /// Returns the frame for an error, and the operation that it concerns.
    #[must_use]
    pub fn error(operation: Option<&OperationUid>, error: &Error) -> Self {
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

    /// Returns the frame as JSON text.
    #[must_use]
    pub fn text(&self) -> String {
        // Only a map with other keys than strings would fail, and there is no such map here.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::ClientMessage;
    use crate::application::error::Error;

    const NAME: &str = "operations/018f2f6e-7b1a-7c3d-8e4f-0123456789ab";

    #[test]
    fn frames_are_read_and_the_wrong_field_is_named() {
        let read = |text: &str| ClientMessage::parse(&text.replace("NAME", NAME));
        let subscribe = read(r#"{"type":"subscribe","operation":"NAME","after_seq":"7"}"#);
        assert!(matches!(subscribe, Ok(ClientMessage::Subscribe(_, 7))));
        let subscribe = read(r#"{"operation":"NAME","type":"subscribe"}"#);
        assert!(matches!(subscribe, Ok(ClientMessage::Subscribe(_, 0))));
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
