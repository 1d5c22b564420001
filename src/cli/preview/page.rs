//! Chunks on one page of HTML, which needs no other file: the specs side by side, with their numbers and the sizes of
//! their chunks.

use std::fmt::Write;

use crate::cli::preview::cut::{Document, Preview, PreviewChunk};
use crate::cli::preview::{histogram, sizes};
use crate::cli::terminal::chunk_rows;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The width and height of a histogram in its own units.
const FIGURE: [usize; 2] = [histogram::BARS * 10, 60];

/// Returns the page of a document.
pub(crate) fn rendered(document: &Document) -> String {
    let name = escaped(&document.name);
    let characters = document.text.chars().count();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{name}: chunks</title>\n\
         <style>\n{STYLE}</style>\n<header><h1>{name}</h1><p>{characters} characters. Overlaps are shaded. \
         <span class=\"bad-end\">\u{2702}</span> marks an end that is neither that of a sentence nor that of a line. \
         A click on a chunk shows its text in the other columns.</p></header>\n<main>\n"
    );
    for (at, preview) in document.previews.iter().enumerate() {
        section(&mut page, at, preview, &document.text);
    }
    page.push_str("</main>\n<script>\n");
    page.push_str(SCRIPT);
    page.push_str("</script>\n</html>\n");
    page
}

fn section(page: &mut String, at: usize, preview: &Preview, text: &str) {
    let spec = &preview.comparison.spec;
    let name = escaped(spec.strategy().name());
    let about = escaped(&sizes::of(spec));
    push(
        page,
        &format!("<section class=\"spec\"><div class=\"summary\"><h2>{name}</h2>"),
    );
    push(
        page,
        &format!("<p class=\"about\">{about}</p><dl class=\"numbers\">"),
    );
    for (term, value) in numbers(preview) {
        push(page, &format!("<div><dt>{term}</dt><dd>{value}</dd></div>"));
    }
    push(page, "</dl>");
    figure(page, preview);
    push(page, "</div><ol>\n");
    for (ordinal, chunk) in preview.chunks.iter().enumerate() {
        item(page, (at, ordinal), chunk, text);
    }
    push(page, "</ol></section>\n");
}

/// Returns the numbers of a preview with their names.
fn numbers(preview: &Preview) -> Vec<(&'static str, String)> {
    let comparison = &preview.comparison;
    let chunks = comparison.chunks;
    let count = chunks.count.max(1);
    let mut numbers = vec![
        ("chunks", chunks.count.to_string()),
        (
            "characters, least / mean / most",
            format!(
                "{} / {} / {}",
                chunks.characters_min,
                chunks.characters / count,
                chunks.characters_max
            ),
        ),
    ];
    let tokens = preview.chunks.iter().filter_map(|chunk| chunk.tokens);
    let tokens = tokens.map(u64::from).collect::<Vec<_>>();
    if let (Some(least), Some(most)) = (tokens.iter().min(), tokens.iter().max()) {
        let mean = tokens.iter().sum::<u64>() / count;
        numbers.push((
            "tokens, least / mean / most",
            format!("{least} / {mean} / {most}"),
        ));
    }
    numbers.push((
        "clean ends",
        format!("{} of {}", chunks.clean_ends, chunks.count),
    ));
    numbers.push(("repeated bytes", comparison.repeated_bytes.to_string()));
    numbers
}

/// Draws the sizes of the chunks: the number of chunks in each range of sizes.
fn figure(page: &mut String, preview: &Preview) {
    let sizes = preview.chunks.iter().map(|chunk| chunk.characters);
    let sizes = sizes.collect::<Vec<_>>();
    let bars = histogram::of(&sizes);
    let [width, height] = FIGURE;
    let highest = bars.into_iter().max().unwrap_or(0).max(1);
    push(
        page,
        &format!(
            "<figure><svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" role=\"img\">"
        ),
    );
    push(page, "<title>Numbers of chunks by size</title>");
    for (at, count) in bars.into_iter().enumerate() {
        // A bar of one chunk must be seen beside a high one.
        let tall = (count * height)
            .div_ceil(highest)
            .max(usize::from(count > 0) * 2);
        let (x, y) = (at * 10, height - tall);
        push(
            page,
            &format!("<rect x=\"{x}\" y=\"{y}\" width=\"8\" height=\"{tall}\"/>"),
        );
    }
    let most = sizes.into_iter().max().unwrap_or(0);
    let caption = format!(
        "</svg><figcaption><span>0</span><span>sizes in characters</span><span>{most}</span></figcaption></figure>"
    );
    push(page, &caption);
}

fn item(page: &mut String, (at, ordinal): (usize, usize), chunk: &PreviewChunk, text: &str) {
    let PreviewChunk { start, end, .. } = chunk;
    push(
        page,
        &format!(
            "<li class=\"chunk\" id=\"c{at}-{ordinal}\" data-start=\"{start}\" data-end=\"{end}\">"
        ),
    );
    let mut margin = format!("<b>{ordinal}</b>{} char.", chunk.characters);
    if let Some(tokens) = chunk.tokens {
        let _written = write!(margin, "<br>{tokens} tokens");
    }
    push(
        page,
        &format!("<div class=\"margin\">{margin}</div><div class=\"body\">"),
    );
    if !chunk.context.is_empty() {
        let path = chunk_rows::path(chunk.context.iter().map(String::as_str));
        push(
            page,
            &format!("<p class=\"context\">{}</p>", escaped(&path)),
        );
    }
    let (repeated, new) = chunk.parts(text);
    push(page, "<p class=\"text\">");
    if !repeated.is_empty() {
        push(
            page,
            &format!("<mark class=\"overlap\">{}</mark>", escaped(repeated)),
        );
    }
    push(page, &escaped(new));
    if !chunk.is_clean {
        push(
            page,
            "<span class=\"bad-end\" title=\"within a sentence\"> \u{2702}</span>",
        );
    }
    push(page, "</p></div></li>\n");
}

fn push(page: &mut String, part: &str) {
    page.push_str(part);
}

/// Escapes a text for HTML: it may end no element and no attribute. Controls that show text in another order stay visible
/// as their code points.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                escaped.extend(character.escape_unicode());
            }
            // HTML has no other controls (WHATWG HTML, section 13.2.3.5).
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() => escaped.extend(control.escape_default()),
            shown => escaped.push(shown),
        }
    }
    escaped
}
