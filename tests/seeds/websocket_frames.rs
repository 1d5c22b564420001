//! Any text as a frame of a client: an accepted frame means the same as a plain reading of its JSON.

use serde_json::{Map, Value};
use sluice::domain::identity::secret::Secret;
use sluice::interface::grpc::resource_name;
use sluice::interface::web::ws_message::{ClientMessage, ServerMessage};

/// Checks a text as a frame.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match ClientMessage::parse(text) {
        Ok(asked) => assert_eq!(read(text, &asked), Some(asked)),
        Err(error) => {
            let told = ServerMessage::error(None, &error).text();
            let told = serde_json::from_str::<Map<String, Value>>(&told).unwrap();
            assert_eq!(told["type"], "error");
            assert!(
                told["reason"]
                    .as_str()
                    .is_some_and(|reason| !reason.is_empty())
            );
            assert!(
                told["message"].as_str().unwrap().len() < 1_000,
                "the message does not repeat the frame"
            );
        }
    }
}

/// Reads the frame again, from the fields that it must have.
fn read(text: &str, like: &ClientMessage) -> Option<ClientMessage> {
    let fields = serde_json::from_str::<Map<String, Value>>(text).ok()?;
    let operation = || {
        resource_name::uid(
            "operation",
            "operations",
            fields.get("operation")?.as_str()?,
        )
        .ok()
    };
    let kind = fields.get("type")?.as_str()?;
    let (expected, count, asked) = match like {
        ClientMessage::Subscribe(..) => {
            let seq = fields.get("after_seq");
            let number = seq.map_or(Some(0), |seq| match seq {
                Value::String(seq) => seq.parse().ok(),
                Value::Number(seq) => seq.as_u64(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            });
            let count = 2 + usize::from(seq.is_some());
            (
                "subscribe",
                count,
                ClientMessage::Subscribe(operation()?, number?),
            )
        }
        ClientMessage::Unsubscribe(_) => {
            ("unsubscribe", 2, ClientMessage::Unsubscribe(operation()?))
        }
        ClientMessage::Cancel(_) => ("cancel", 2, ClientMessage::Cancel(operation()?)),
        ClientMessage::Authenticate(_) => {
            let token = fields.get("token")?.as_str()?.to_owned();
            (
                "authenticate",
                2,
                ClientMessage::Authenticate(Secret::new(token)),
            )
        }
    };
    (kind == expected && fields.len() == count).then_some(asked)
}
