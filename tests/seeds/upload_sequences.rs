//! Any sequence of messages, streams, kills and cancellations: a simple model predicts each answer, and the stored
//! chunks equal those of a source that arrives whole.

use std::mem::{replace, take};

use sluice::application::caller::Caller;
use sluice::application::error::Error;
use sluice::application::ports::uploads::Upload;
use sluice::application::uploads::upload_stream::{UploadNotifier, UploadStream};
use sluice::domain::operation::state::State;
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::settings::{self, settings};
use crate::store::Store;
use crate::upload_model::{Answer, Model, at_once};

/// Enough bytes for several batches.
const SOURCE_BYTES_MAX: usize = 300 * 1024;
/// The number of runs after which a new store is created, because a store becomes slow as it grows.
const RUNS_MAX: u64 = 500;

/// A store, and the number of uploads in it and its predecessors.
pub(crate) struct Uploads {
    store: Store,
    runs: u64,
}

impl Uploads {
    pub(crate) async fn new() -> Self {
        let (store, runs) = (Store::new(0).await, 0);
        Self { store, runs }
    }

    /// Closes the store. A fuzzer ends without a call of it.
    #[cfg(test)]
    pub(crate) async fn close(self) {
        self.store.close().await;
    }

    /// Checks an input: the settings, the number of repetitions of the source, the number of operations, three bytes
    /// for each operation, and the source.
    pub(crate) async fn check(&mut self, bytes: &[u8]) {
        let Some((chosen, rest)) = bytes.split_first_chunk::<{ settings::BYTES }>() else {
            return;
        };
        let Some((&[times, operations], rest)) = rest.split_first_chunk() else {
            return;
        };
        let Some((spec, decoding)) = settings(*chosen) else {
            return;
        };
        let (operations, body) = rest.split_at(rest.len().min(3 * usize::from(operations % 64)));
        let mut source = body.repeat(usize::from(times));
        source.truncate(SOURCE_BYTES_MAX);
        self.runs += 1;
        if self.runs.is_multiple_of(RUNS_MAX) {
            let new = Store::new(self.runs).await;
            replace(&mut self.store, new).close().await;
        }
        let mut model = Model::new(self.runs, &spec, decoding, &source);
        self.play(&mut model, operations.as_chunks().0).await;
    }

    async fn play(&self, model: &mut Model<'_>, operations: &[[u8; 3]]) {
        for operation in operations {
            let Some(answer) = model.operate(*operation) else {
                continue;
            };
            let upload = self.stream(model, answer).await;
            if answer == Answer::Cancelled && upload.state == State::Running {
                let (caller, uid) = (Caller::anonymous(), upload.uid);
                self.store.uploads.cancel(&caller, &uid).await.unwrap();
            }
            let upload = self.get(model).await.unwrap();
            if upload.state != State::Running {
                return self.ended(model, &upload).await;
            }
            model.attach(upload.committed_offset, operation[2].is_multiple_of(2));
        }
        let answer = model.rest();
        let upload = self.stream(model, answer).await;
        assert_ne!(upload.state, State::Running);
        self.ended(model, &upload).await;
    }

    /// Sends the stream, and compares its end with the model's.
    async fn stream(&self, model: &mut Model<'_>, answer: Answer) -> Upload {
        let (caller, drain) = (Caller::anonymous(), CancellationToken::new());
        let stream = UploadStream {
            uploads: &self.store.uploads,
            caller: &caller,
            drain: &drain,
        };
        let before = self.get(model).await;
        let messages = tokio_stream::iter(take(&mut model.messages));
        if let Answer::Killed { turns } = answer {
            let endless = messages.chain(tokio_stream::pending());
            tokio::select! {
                biased;
                _ended = stream.run(endless, UploadNotifier::default()) => {}
                () = pass(turns) => {}
            }
            self.store.settle().await;
            if self.get(model).await.is_none() {
                // The upload was dropped before it was stored, so it is started again.
                model.attach(0, true);
                let messages = tokio_stream::iter(take(&mut model.messages));
                stream
                    .run(messages, UploadNotifier::default())
                    .await
                    .unwrap();
            }
        } else {
            let ended = stream.run(messages, UploadNotifier::default()).await;
            self.store.settle().await;
            model.judge(answer, ended.err(), &self.get(model).await.unwrap());
        }
        let upload = self.get(model).await.unwrap();
        let before = before.map_or(0, |upload| upload.committed_offset);
        assert!(
            before <= upload.committed_offset,
            "the committed offset never decreases"
        );
        upload
    }

    /// Checks that an ended upload does not change, and that its chunks equal those of the whole source.
    async fn ended(&self, model: &mut Model<'_>, upload: &Upload) {
        let has_succeeded = upload.state == State::Succeeded;
        assert_eq!(self.store.is_seen(upload).await, has_succeeded);
        if has_succeeded {
            let length = usize::try_from(upload.committed_offset).unwrap();
            let stored = self.store.chunks(upload).await.into_iter();
            let stored = stored.map(|chunk| (chunk.chunk.span, chunk.text));
            let whole = at_once(&model.new, &model.source[..length]);
            assert_eq!(Some(stored.collect()), whole, "exactly once");
        }
        model.attach(upload.committed_offset, false);
        let (caller, drain) = (Caller::anonymous(), CancellationToken::new());
        let stream = UploadStream {
            uploads: &self.store.uploads,
            caller: &caller,
            drain: &drain,
        };
        let messages = tokio_stream::iter(take(&mut model.messages));
        let again = stream.run(messages, UploadNotifier::default()).await;
        assert_eq!(again.is_ok(), has_succeeded);
        if has_succeeded {
            // A repeated request is accepted with the same source only.
            let length = usize::try_from(upload.committed_offset).unwrap();
            let mut source = model.source[..length].to_vec();
            let repeat = async |source: &[u8]| {
                let messages = tokio_stream::iter(model.again(source));
                stream.run(messages, UploadNotifier::default()).await
            };
            repeat(&source).await.unwrap();
            source.push(b'!');
            let refused = repeat(&source).await.unwrap_err();
            assert!(
                matches!(refused, Error::RequestIdReused { .. }),
                "{refused}"
            );
            source[0] ^= 1;
            let refused = repeat(&source[..length]).await;
            assert_eq!(
                refused.is_err(),
                length > 0,
                "a source with another first byte is refused"
            );
        }
        assert_eq!(
            self.get(model).await.as_ref(),
            Some(upload),
            "an ended upload does not change"
        );
    }

    async fn get(&self, model: &Model<'_>) -> Option<Upload> {
        let got = self
            .store
            .uploads
            .get(&Caller::anonymous(), &model.new.uid)
            .await;
        got.ok()
    }
}

/// Ends after a number of turns of the runtime, so that a concurrent future is dropped at any point.
async fn pass(turns: usize) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}
