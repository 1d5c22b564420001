//! Encodes an update as JSON behind an authentication code. Messages without a valid code are dropped, because other
//! programs may use the same Redis.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::application::ports::event_bus::Update;
use crate::application::ports::operations::{Operation, OperationKind};
use crate::domain::names::resource::TenantId;
use crate::domain::operation::failure::{Failure, FailureReason};
use crate::domain::operation::state::State;
use crate::domain::operation::target::Target;
use crate::domain::timestamp::Timestamp;

/// The longest message, in bytes. It fits an operation with a long target and a long failure message. Longer
/// messages are not sent.
pub(super) const MESSAGE_BYTES_MAX: usize = 8 * 1024;
/// The bytes of the HMAC-SHA-256 in a message: 128 bits are enough against forgery (RFC 2104, 5).
const TAG_BYTES: usize = 16;
/// Separates these codes from others that are made with the same key.
const PURPOSE: &[u8] = b"event bus\0";

/// Seals messages, and opens those sealed with the same key.
#[derive(Clone)]
pub(super) struct Seal(Hmac<Sha256>);

impl std::fmt::Debug for Seal {
    /// Formats the seal without its key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Seal").finish_non_exhaustive()
    }
}

/// The reason why a message is dropped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DropReason {
    /// The message was not sealed with the key.
    Forged,
    /// The message is longer than [`MESSAGE_BYTES_MAX`].
    TooLong,
    /// The contents are not known: another version of this program sent the message.
    Unknown,
}

impl DropReason {
    /// Returns the name of the fault, for metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::TooLong => "too_long",
            Self::Unknown => "unknown",
        }
    }
}

/// An update as sent in a message.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
enum Message {
    State(Box<Sent>),
    Change,
}

/// An operation as sent in a message.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    tenant: String,
    uid: u128,
    kind: String,
    seq: u64,
    state: String,
    target: String,
    committed_bytes: u64,
    chunks: u64,
    failure_reason: String,
    failure_message: String,
    created_at: i64,
    updated_at: i64,
}

impl Seal {
    /// Creates a seal with a key that all instances share.
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // HMAC uses a key of one block, and pads a shorter one with zeros (RFC 2104, 2).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// Returns the sealed message, or `None` if it would be too long.
    pub(super) fn close(&self, update: &Update) -> Option<Vec<u8>> {
        let message = match update {
            Update::State(operation) => Message::State(Box::new(sent(operation))),
            Update::Change => Message::Change,
        };
        let json = serde_json::to_vec(&message).ok()?;
        let tag = self.keyed(&json).finalize().into_bytes();
        let message = [&tag[..TAG_BYTES], &json].concat();
        (message.len() <= MESSAGE_BYTES_MAX).then_some(message)
    }

    /// Returns the update in a message.
    pub(super) fn open(&self, message: &[u8]) -> Result<Update, DropReason> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(DropReason::TooLong);
        }
        let (tag, json) = message
            .split_at_checked(TAG_BYTES)
            .ok_or(DropReason::Forged)?;
        self.keyed(json)
            .verify_truncated_left(tag)
            .map_err(|_forged| DropReason::Forged)?;
        match serde_json::from_slice(json).map_err(|_other| DropReason::Unknown)? {
            Message::State(sent) => Ok(Update::State(Arc::new(received(*sent)?))),
            Message::Change => Ok(Update::Change),
        }
    }

    fn keyed(&self, json: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(PURPOSE);
        mac.update(json);
        mac
    }
}

fn sent(operation: &Operation) -> Sent {
    let Operation {
        tenant,
        uid,
        kind,
        seq,
        state,
        target,
        committed_bytes,
        chunks,
        failure,
        created_at,
        updated_at,
    } = operation.clone();
    let failure = failure.map(|failure| (failure.reason.name().to_owned(), failure.message));
    let (failure_reason, failure_message) = failure.unwrap_or_default();
    Sent {
        tenant: tenant.as_str().to_owned(),
        uid: u128::from_be_bytes(*uid.bytes()),
        kind: kind.name().to_owned(),
        seq,
        state: state.name().to_owned(),
        target: target.to_string(),
        committed_bytes,
        chunks,
        failure_reason,
        failure_message,
        created_at: created_at.micros(),
        updated_at: updated_at.micros(),
    }
}

fn received(sent: Sent) -> Result<Operation, DropReason> {
    let Sent {
        tenant,
        uid,
        kind,
        seq,
        state,
        target,
        committed_bytes,
        chunks,
        failure_reason,
        failure_message,
        created_at,
        updated_at,
    } = sent;
    let kind = OperationKind::ALL
        .into_iter()
        .find(|known| known.name() == kind);
    let state = State::ALL.into_iter().find(|known| known.name() == state);
    Ok(Operation {
        tenant: TenantId::parse(&tenant).map_err(|_other| DropReason::Unknown)?,
        uid: uid.to_be_bytes().into(),
        kind: kind.ok_or(DropReason::Unknown)?,
        seq,
        state: state.ok_or(DropReason::Unknown)?,
        target: Target::parse(&target).map_err(|_other| DropReason::Unknown)?,
        committed_bytes,
        chunks,
        failure: failure(&failure_reason, failure_message)?,
        created_at: Timestamp::from_micros(created_at),
        updated_at: Timestamp::from_micros(updated_at),
    })
}

/// Returns a failure. An empty reason means that there is none.
fn failure(reason: &str, message: String) -> Result<Option<Failure>, DropReason> {
    if reason.is_empty() {
        return Ok(None);
    }
    let reason = FailureReason::named(reason).ok_or(DropReason::Unknown)?;
    Ok(Some(Failure { reason, message }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{DropReason, MESSAGE_BYTES_MAX, Seal};
    use crate::application::ports::event_bus::Update;
    use crate::application::ports::operations::{Operation, OperationKind};
    use crate::domain::names::resource::TenantId;
    use crate::domain::names::uid::OperationUid;
    use crate::domain::operation::failure::{Failure, FailureReason};
    use crate::domain::operation::state::State;
    use crate::domain::operation::target::Target;
    use crate::domain::timestamp::Timestamp;

    fn failure(message: String) -> Failure {
        Failure {
            reason: FailureReason::MoveIncomplete,
            message,
        }
    }

    fn update() -> Update {
        Update::State(Arc::new(Operation {
            tenant: TenantId::parse("tenant").unwrap(),
            uid: OperationUid::MAX,
            kind: OperationKind::MoveDocument,
            seq: u64::MAX,
            state: State::Failed,
            target: Target::parse("collections/c/documents/\u{6C34}").unwrap(),
            committed_bytes: 1,
            chunks: 2,
            failure: Some(failure("why\n".to_owned())),
            created_at: Timestamp::MIN,
            updated_at: Timestamp::from_micros(4),
        }))
    }

    #[test]
    fn a_sealed_message_opens_to_its_update_and_any_other_is_refused() {
        let seal = Seal::new(&[7; 32]);
        for update in [update(), Update::Change] {
            let message = seal.close(&update).unwrap();
            assert_eq!(seal.open(&message), Ok(update));
            let other = Seal::new(&[8; 32]).open(&message);
            assert_eq!(other, Err(DropReason::Forged), "another key");
            for at in 0..message.len() {
                let mut tampered = message.clone();
                tampered[at] ^= 1;
                assert_eq!(seal.open(&tampered), Err(DropReason::Forged), "at {at}");
                assert_eq!(
                    seal.open(&message[..at]),
                    Err(DropReason::Forged),
                    "to {at}"
                );
            }
        }
        let long = vec![0; MESSAGE_BYTES_MAX + 1];
        assert_eq!(seal.open(&long), Err(DropReason::TooLong));
    }

    #[test]
    fn a_message_that_is_too_long_is_not_sent() {
        let Update::State(operation) = update() else {
            unreachable!()
        };
        let failure = Some(failure("x".repeat(MESSAGE_BYTES_MAX)));
        let long = Update::State(Arc::new(Operation {
            failure,
            ..Operation::clone(&operation)
        }));
        assert_eq!(Seal::new(&[7; 32]).close(&long), None);
    }
}
