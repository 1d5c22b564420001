//! `sluice preview`: shows people where a document is cut.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, Parser};

use crate::bootstrap::tokenizers;
use crate::cli::arguments::spec::{Chunking, Decoding};
use crate::cli::preview::{cut, page, screen};
use crate::cli::terminal::output::{self, WrongArguments};
use crate::cli::uploads::source::Source;
use crate::config::terminal;
use crate::domain::chunking::spec::checked::Spec;

/// The largest document, in bytes: a person reads no more, and a browser shows no more at once.
const DOCUMENT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The most specs that are compared, as in CompareStrategies.
const SPECS_MAX: usize = 8;

/// Show where a document is cut: overlaps shaded, sizes in the margin, headings above. Nothing is stored, and no server is
/// needed.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// File of at most 4 MiB, or `-` for the standard input.
    path: PathBuf,
    #[command(flatten)]
    chunking: Chunking,
    #[command(flatten)]
    decoding: Decoding,
    /// Show also the chunks of another spec, given as arguments without dashes: `--compare 'strategy=sentence
    /// max-size=400'`. May be repeated.
    #[arg(long, value_name = "SPEC")]
    compare: Vec<String>,
    /// Directory of tokenizer.json files and SentencePiece models for --tokenizer.
    #[arg(long, value_name = "FOLDER")]
    tokenizers: Option<PathBuf>,
    /// Write one page of HTML, with the specs side by side, instead of showing the chunks here.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The arguments of a compared spec.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Compared {
    #[command(flatten)]
    chunking: Chunking,
}

/// Shows the chunks of a document by each spec.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let decoding = arguments.decoding.decoding().context(WrongArguments)?;
    ensure!(
        arguments.compare.len() < SPECS_MAX,
        "--compare: at most {SPECS_MAX} specs are shown, the first one included"
    );
    let mut specs = vec![arguments.chunking.spec().context(WrongArguments)?];
    for compared in &arguments.compare {
        let spec = compared_spec(compared).with_context(|| format!("--compare {compared:?}"));
        specs.push(spec.context(WrongArguments)?);
    }
    let folder = arguments.tokenizers.as_deref();
    let specs = specs
        .into_iter()
        .map(|spec| tokenizers::loaded(spec, folder));
    let specs = specs
        .collect::<Result<Vec<_>, _>>()
        .context(WrongArguments)?;
    let (name, content) = content(arguments)?;
    let document = cut::document(name, specs, decoding, &content)?;
    match &arguments.html {
        Some(path) => {
            let name = path.display();
            fs::write(path, page::rendered(&document)).with_context(|| format!("{name}"))?;
            output::note(&format!("wrote {name}"));
            Ok(())
        }
        None => output::write(&screen::rendered(&document, style())),
    }
}

/// Parses the spec of a comparison.
fn compared_spec(compared: &str) -> anyhow::Result<Spec> {
    let arguments = compared.split_whitespace().map(|argument| {
        let argument = argument.trim_start_matches('-');
        format!("--{argument}")
    });
    let parsed = Compared::try_parse_from(arguments);
    // The first line names the argument at fault; the others repeat the usage of the command.
    let parsed = parsed.map_err(|error| {
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default();
        anyhow::anyhow!("{}", first.trim_start_matches("error: "))
    })?;
    parsed.chunking.spec()
}

/// Reads the document. Returns its name and its bytes.
fn content(arguments: &Arguments) -> anyhow::Result<(String, Vec<u8>)> {
    let source = if arguments.path.as_os_str() == "-" {
        Source::standard_input()
    } else {
        Source::named(&arguments.path)
    };
    let name = source.name();
    let opened = source.open().with_context(|| name.clone())?;
    let mut content = Vec::new();
    let mut limited = std::io::Read::take(opened.bytes, DOCUMENT_BYTES_MAX + 1);
    std::io::Read::read_to_end(&mut limited, &mut content).with_context(|| name.clone())?;
    ensure!(
        content.len() as u64 <= DOCUMENT_BYTES_MAX,
        "{name} has more than {DOCUMENT_BYTES_MAX} bytes: use `sluice chunk`, or preview a part of it"
    );
    Ok((name, content))
}

/// Returns the style of the terminal. Without one, text is not wrapped and has no colours.
fn style() -> screen::Style {
    let columns = output::columns();
    screen::Style {
        columns,
        has_colours: columns.is_some() && terminal::takes_colour(),
    }
}
