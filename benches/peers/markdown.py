"""Compares chunkers on Markdown. `run` calls it with the built Rust chunkers and the options below."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import chunkers
import speed
from chunkers import Rust, run_rust

SLUICE = "sluice, markdown"
CHUNKERS = {
    SLUICE: Rust("markdown", is_limited=False),
    "langchain, from_language(MARKDOWN)": chunkers.langchain_markdown(),
    "langchain, MarkdownTextSplitter": chunkers.langchain_markdown_splitter(),
    "text-splitter, MarkdownSplitter": Rust("MarkdownSplitter"),
}
# A parser's pass, which is the yardstick of the speed.
PASS = "pulldown-cmark, events only"
# Longer texts are only for Sluice and the pass. The others would need minutes.
PEER_BYTES_MAX = 100_000_000

# The shares of chunks by the counts of judge.rs.
SHARES = {
    "long": "too long",
    "fence": "fence",
    "heading": "heading",
    "table": "table",
    "marker": "marker",
    "faulty": "any",
    "fitting": "fitting",
    "flagged": "flagged",
}


def documents(path):
    """Returns the texts of a file, or of all Markdown files in a directory."""
    paths = sorted(path.glob("**/*.md")) if path.is_dir() else [path]
    texts = {}
    for file in paths:
        try:
            text = file.read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        # Sluice refuses U+0000 and drops a byte order mark. Releases of a crate often have the same README.
        if text and "\0" not in text and not text.startswith("\ufeff"):
            texts[text] = None
    return list(texts)


def judged(chunker, path, texts, size, overlap):
    """Returns the counts of the chunks' faults."""
    lines = chunker.lines(path, texts, size, overlap)
    fields = run_rust("judge", size, path, lines=lines).split()
    return dict(zip(fields[::2], map(int, fields[1::2])))


def show_quality(path, texts, sizes):
    for size in sizes:
        for overlap in (0, size // 5):
            head = "".join(f"{share:>9}" for share in SHARES.values())
            title = f"% of chunks, size {size:,}, overlap {overlap:,}"
            print(f"\n{title:<36}{'chunks':>7}{'fill':>6}{head}")
            for name, chunker in CHUNKERS.items():
                counts = judged(chunker, path, texts, size, overlap)
                fill = counts["characters"] / counts["chunks"] / size
                shares = "".join(f"{100 * counts[key] / counts['chunks']:>9.2f}" for key in SHARES)
                print(f"{name:<36}{counts['chunks']:>7}{fill:>6.2f}{shares}")


def show_speed(path, counts, rounds):
    peers = [count for count in counts if count <= PEER_BYTES_MAX]
    measured = {**CHUNKERS, PASS: Rust("pulldown-cmark", is_limited=False)}
    all_counts = {name: peers for name in measured}
    all_counts[SLUICE] = all_counts[PASS] = counts
    peaks = speed.measure(measured, path, all_counts, rounds, PASS)
    for name in (SLUICE, PASS):
        print(f"peak memory for {speed.label(counts[-1])}: {peaks[name, counts[-1]]:,.0f} MB, {name}")


def numbers(text):
    return sorted(int(number.replace("_", "")) for number in text.split(",") if number)


def arguments():
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    parser = argparse.ArgumentParser(prog="benches/peers/run markdown")
    parser.add_argument("path", nargs="?", type=Path, default=home / "registry/src")
    parser.add_argument("--sizes", type=numbers, default=[300, 1_000, 3_000])
    parser.add_argument("--bytes", type=numbers, default=[100_000, 1_000_000, 10_000_000, 1_000_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args(sys.argv[2:])


def main(options):
    texts = documents(options.path)
    size = sum(len(text.encode()) for text in texts)
    print(f"{len(texts)} documents of Markdown, {size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as folder:
        separated, joined = Path(folder, "separated"), Path(folder, "joined")
        separated.write_bytes("\0".join(texts).encode())
        joined.write_bytes("\n\n".join(texts).encode())
        show_quality(separated, texts, options.sizes)
        if options.bytes:
            show_speed(joined, options.bytes, options.rounds)


if __name__ == "__main__":
    main(arguments())
