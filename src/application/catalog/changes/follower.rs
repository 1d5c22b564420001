//! The changes of a collection's chunks: first a snapshot of all documents, then change by change.
//!
//! A follower whose cursor is at change `n` has, of every document, the version that was current after change `n`, or
//! nothing. Each change is therefore sent as the difference between the two versions that it names. If one of them is
//! swept already, the follower receives a reset of the document, or the whole newer version after a reset.
//! Each change begins with the document. A change of metadata is the document alone.

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::application::caller::Caller;
use crate::application::catalog::changes::change_event::ChangeEvent;
use crate::application::catalog::changes::diff_context::{DiffContext, DiffPage};
use crate::application::catalog::changes::follower_cursor::{FollowerPosition, Within, scope};
use crate::application::catalog::changes::version_diff::Difference;
use crate::application::catalog::chunks::levels::ChosenLevels;
use crate::application::catalog::default_collection;
use crate::application::error::Error;
use crate::application::events::bus::Bus;
use crate::application::memory::budget::MemoryBudget;
use crate::application::pagination::page_token::Tokens;
use crate::application::ports::changes::Change;
use crate::application::ports::clock::Clock;
use crate::application::ports::collections::Collection;
use crate::application::ports::documents::Document;
use crate::application::ports::store::Store;
use crate::application::response_stream::{
    self, ResponseReceiver, ResponseSender, SendLimits, StopReason,
};
use crate::application::store_error;
use crate::domain::names::resource::{CollectionId, DocumentName};
use crate::domain::names::uid::{CollectionUid, DocumentUid};

/// The use case of following changes.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The bus that announces changes.
    pub bus: Arc<Bus>,
    /// The source of times and uids.
    pub clock: Arc<dyn Clock>,
    /// The memory for comparing versions.
    pub budget: MemoryBudget,
    /// The tasks of followers, which a shutdown waits for.
    pub tasks: TaskTracker,
    /// The limits of a stream to a follower.
    pub send_limits: SendLimits,
    /// The codec of cursors.
    pub tokens: Tokens,
}

/// Some changes, and the cursor after them.
#[derive(Debug)]
pub struct Part {
    /// The events, in order.
    pub events: Vec<ChangeEvent>,
    /// The cursor to resume from.
    pub cursor: String,
}

impl Changes {
    /// Streams the changes of chunks of these levels since the cursor. With `follow` the stream does not end by itself.
    ///
    /// # Errors
    ///
    /// Fails if the collection does not exist, or the cursor is not valid for it and for the levels.
    pub async fn stream(
        &self,
        caller: &Caller,
        id: &CollectionId,
        levels: ChosenLevels,
        after_cursor: &str,
        follow: bool,
    ) -> Result<ResponseReceiver<Part>, Error> {
        let store = self.store.as_ref();
        let clock = self.clock.as_ref();
        let collection = default_collection::find(store, clock, caller, id).await?;
        let place = self
            .place(caller, &collection, levels, after_cursor)
            .await?;
        let (sender, receiver) = response_stream::channel(self.send_limits.clone());
        let follower = Follower {
            source: DiffContext {
                store: Arc::clone(&self.store),
                budget: self.budget.clone(),
                caller: caller.clone(),
                collection: collection.id,
                levels,
            },
            collection: collection.uid,
            bus: Arc::clone(&self.bus),
            tokens: self.tokens.clone(),
            sender,
        };
        self.tasks.spawn(async move {
            let result = follower.send_changes(place, follow).await;
            follower.sender.end(result);
        });
        Ok(receiver)
    }

    async fn place(
        &self,
        caller: &Caller,
        collection: &Collection,
        levels: ChosenLevels,
        cursor: &str,
    ) -> Result<FollowerPosition, Error> {
        if cursor.is_empty() {
            let extent = self.store.changes_extent(caller, &collection.uid).await?;
            let extent = extent.ok_or(Error::NotFound { kind: "collection" })?;
            return Ok(FollowerPosition {
                collection: collection.uid,
                seq: extent.newest,
                after: Some(DocumentUid::MIN),
                within: None,
            });
        }
        let field = "after_cursor";
        let scope = scope(&collection.id, levels);
        let place = self.tokens.open(caller, &scope, field, cursor)?;
        let place: FollowerPosition =
            serde_json::from_str(&place).map_err(|error| Error::invalid(field, error))?;
        // The cursor is of a deleted collection of the same name, whose changes are no longer sent.
        if place.collection != collection.uid {
            return Err(Error::CursorExpired);
        }
        Ok(place)
    }
}

/// A stream to one client.
struct Follower {
    source: DiffContext,
    collection: CollectionUid,
    bus: Arc<Bus>,
    tokens: Tokens,
    sender: ResponseSender<Part>,
}

impl Follower {
    async fn send_changes(
        &self,
        mut place: FollowerPosition,
        follow: bool,
    ) -> Result<(), StopReason> {
        let mut subscription = self.bus.changes();
        loop {
            if let Some(after) = place.after {
                place = self.send_next_document(place, after).await?;
                continue;
            }
            let store = &self.source.store;
            let uid = &self.collection;
            let extent = store.changes_extent(&self.source.caller, uid).await?;
            let extent = extent.ok_or(Error::NotFound { kind: "collection" })?;
            if extent.forgotten > place.seq {
                return Err(Error::CursorExpired.into());
            }
            match store
                .change_after(&self.source.caller, uid, place.seq)
                .await?
            {
                // Retention removed the changes between since the extent was read.
                Some(change) if change.seq != place.seq + 1 => {
                    return Err(Error::CursorExpired.into());
                }
                Some(change) => place = self.send_change(place, &change).await?,
                None if !follow => return Ok(()),
                None => tokio::select! {
                    () = subscription.wait() => {}
                    stop_reason = self.sender.stopped() => return Err(stop_reason),
                },
            }
        }
    }

    /// Sends the next document of the snapshot, in the version that was current at the change `place.seq`.
    async fn send_next_document(
        &self,
        place: FollowerPosition,
        after: DocumentUid,
    ) -> Result<FollowerPosition, StopReason> {
        let store = &self.source.store;
        let uid = &self.collection;
        let Some(document) = store
            .document_after(&self.source.caller, uid, &after)
            .await?
        else {
            let place = FollowerPosition {
                after: None,
                within: None,
                ..place
            };
            self.send(vec![], place).await?;
            return Ok(place);
        };
        let next = FollowerPosition {
            after: Some(document.uid),
            within: None,
            ..place
        };
        let later = store
            .version_at(&self.source.caller, &document.uid, place.seq)
            .await?;
        let current = document.current.as_ref().map(|current| current.version);
        match later.or(current) {
            // The document had no version at that change. A later change reports it.
            None | Some(0) => self.send(vec![], next).await?,
            Some(version) => {
                let within = place
                    .within
                    .filter(|within| within.document == document.uid);
                let within = within.unwrap_or(Within {
                    document: document.uid,
                    before: 0,
                    version,
                    ordinal: 0,
                    removed: 0,
                });
                self.send_document(document, within, place, next).await?;
            }
        }
        Ok(next)
    }

    async fn send_change(
        &self,
        place: FollowerPosition,
        change: &Change,
    ) -> Result<FollowerPosition, StopReason> {
        let next = FollowerPosition {
            seq: change.seq,
            after: None,
            within: None,
            ..place
        };
        let store = &self.source.store;
        let document = store
            .document_of(&self.source.caller, &change.document)
            .await?;
        let Some((document, version)) = document.zip(change.after) else {
            let name = DocumentName {
                collection: self.source.collection.clone(),
                document: change.id.clone(),
            };
            self.send(vec![ChangeEvent::Reset(name)], next).await?;
            return Ok(next);
        };
        if change.is_of_metadata() {
            let collection = self.source.collection.clone();
            let event = ChangeEvent::Document(collection, Box::new(document));
            self.send(vec![event], next).await?;
            return Ok(next);
        }
        let within = place
            .within
            .filter(|within| within.document == change.document);
        let within = within.unwrap_or_else(|| Within {
            document: change.document,
            before: change.before.unwrap_or_default(),
            version,
            ordinal: 0,
            removed: 0,
        });
        self.send_document(document, within, place, next).await?;
        Ok(next)
    }

    /// Sends a version as the difference to the version before.
    async fn send_document(
        &self,
        document: Document,
        within: Within,
        place: FollowerPosition,
        next: FollowerPosition,
    ) -> Result<(), StopReason> {
        let mut difference = Difference::new(&self.source, document, within).await?;
        loop {
            match difference.next().await? {
                DiffPage::Part(events, within) => {
                    let within = Some(within);
                    self.send(events, FollowerPosition { within, ..place })
                        .await?;
                }
                DiffPage::Last(events) => return self.send(events, next).await,
            }
        }
    }

    async fn send(
        &self,
        events: Vec<ChangeEvent>,
        place: FollowerPosition,
    ) -> Result<(), StopReason> {
        let caller = &self.source.caller;
        let scope = scope(&self.source.collection, self.source.levels);
        let place = serde_json::to_string(&place).map_err(|error| store_error::Error::Damaged {
            what: "a cursor that cannot be written",
            source: Some(error.into()),
        })?;
        let cursor = self.tokens.seal(caller, &scope, &place);
        self.sender.send(Part { events, cursor }).await
    }
}
