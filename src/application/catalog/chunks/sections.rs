//! The outline of a version: its sections, from the headings that each chunk lists.

use crate::application::caller::Caller;
use crate::application::catalog::chunks::stream::{Chunks, current};
use crate::application::error::Error;
use crate::application::ports::chunks::{HEAD_PAGE_ROWS, VersionKey};
use crate::application::response_stream::{self, ResponseReceiver, ResponseSender, StopReason};
use crate::domain::ingest::batch::Chunk;
use crate::domain::names::resource::DocumentName;
use crate::domain::structure::context::{Context, Heading};
use crate::domain::text::position::{Position, Span};

/// The most sections of a message: 450 KB with the longest titles.
const MESSAGE_SECTIONS: usize = 256;

/// A section of a version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Section {
    /// The version.
    pub version: u64,
    /// The number, from 1; 0 before the first heading.
    pub number: u64,
    /// The headings that it is under, outermost first. The last one is its own.
    pub headings: Vec<Heading>,
    /// Its text, up to the next section that is listed.
    pub span: Span,
    /// The ordinal of the chunk that it begins in.
    pub first_ordinal: u64,
    /// The ordinal of the last chunk that has text of it besides overlap.
    pub last_ordinal: u64,
    /// The number of sections that begin after it in the same chunk and are not listed.
    pub omitted: u64,
}

impl Chunks {
    /// Streams the sections of the document's current version, after the section of the number `after`.
    ///
    /// # Errors
    ///
    /// Fails if the document or a complete version of it does not exist.
    pub async fn sections(
        &self,
        caller: &Caller,
        name: &DocumentName,
        after: Option<u64>,
    ) -> Result<ResponseReceiver<Vec<Section>>, Error> {
        let document = self.document(caller, name).await?;
        let (of, version) = current(&document)?;
        let count = version.chunks;
        let (sender, receiver) = response_stream::channel(self.send_limits.clone());
        let chunks = self.clone();
        let caller = caller.clone();
        self.tasks.spawn(async move {
            let outline = Outline::new(of.version, after);
            let result = chunks
                .send_sections(&caller, of, count, outline, &sender)
                .await;
            sender.end(result);
        });
        Ok(receiver)
    }

    async fn send_sections(
        &self,
        caller: &Caller,
        mut of: VersionKey,
        count: u64,
        mut outline: Outline,
        sender: &ResponseSender<Vec<Section>>,
    ) -> Result<(), StopReason> {
        let mut from = 0;
        while from < count {
            let rows = HEAD_PAGE_ROWS;
            let page = self.store.chunk_heads(caller, of, from, rows).await?;
            // The sweep removes the first chunks of a version first.
            if page.first().is_none_or(|first| first.ordinal != from) {
                self.follow_move(caller, &mut of).await?;
                continue;
            }
            from += page.len() as u64;
            for chunk in &page {
                outline.read(chunk);
            }
            if from >= count {
                outline.end();
            }
            for message in outline.take().chunks(MESSAGE_SECTIONS) {
                sender.send(message.to_vec()).await?;
            }
        }
        Ok(())
    }
}

/// Derives sections from the chunks of a version, read in order.
struct Outline {
    version: u64,
    after: Option<u64>,
    /// The sections that are whole.
    whole: Vec<Section>,
    /// The section at the end of the chunks that were read.
    open: Option<Section>,
    /// The end of the chunks that were read, and their number.
    end: Position,
    chunks: u64,
}

impl Outline {
    fn new(version: u64, after: Option<u64>) -> Self {
        Self {
            version,
            after,
            whole: Vec::new(),
            open: None,
            end: Position::default(),
            chunks: 0,
        }
    }

    fn read(&mut self, chunk: &Chunk) {
        // A chunk's context restores the path after sections that are not listed.
        let mut context = chunk.structure.context().clone();
        let sections = chunk.structure.sections.as_deref();
        let listed = sections.map_or(&[][..], |sections| &sections.listed);
        let begins = |place: Position| place.byte == self.end.byte;
        if self.chunks == 0 && !listed.first().is_some_and(|first| begins(first.start)) {
            self.open(&Context::default(), chunk.span.start, chunk.ordinal);
        }
        for section in listed {
            // The context has the heading at its place already.
            if section.number > context.section {
                context.open(section.heading.clone());
                context.section = section.number;
            }
            self.open(&context, section.start, chunk.ordinal);
        }
        if let Some(open) = &mut self.open
            && let Some(sections) = sections
        {
            open.omitted = sections.omitted;
        }
        self.end = chunk.span.end;
        self.chunks = chunk.ordinal + 1;
    }

    /// Closes the open section, and opens the one at `start`.
    fn open(&mut self, context: &Context, start: Position, ordinal: u64) {
        self.close(start, ordinal);
        self.open = Some(Section {
            version: self.version,
            number: context.section,
            headings: context.headings.clone(),
            span: Span { start, end: start },
            first_ordinal: ordinal,
            last_ordinal: ordinal,
            omitted: 0,
        });
    }

    /// Closes the open section at `end`, which is in or at the start of the chunk of that ordinal.
    fn close(&mut self, end: Position, ordinal: u64) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        let has_text = end.byte > self.end.byte;
        open.span.end = end;
        open.last_ordinal = if has_text {
            ordinal
        } else {
            self.chunks.saturating_sub(1)
        };
        if self.after.is_none_or(|after| open.number > after) {
            self.whole.push(open);
        }
    }

    /// Closes the last section.
    fn end(&mut self) {
        self.close(self.end, self.chunks);
    }

    /// Takes the sections that are whole.
    fn take(&mut self) -> Vec<Section> {
        std::mem::take(&mut self.whole)
    }
}
