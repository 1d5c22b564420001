//! Markdown: its blocks are those of another parser, and its chunks keep them.

mod blocks;
mod corpus;
mod edges;
mod oracle;
mod quality;
mod ranges;
mod sections;
mod stability;
