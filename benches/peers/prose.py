"""Compares chunkers on prose. `run` calls it with the built Rust chunkers, a text and a number of rounds."""

import sys
import tempfile
from pathlib import Path

import chunkers
import speed
from chunkers import Rust

# As in tests/chunking/sentences.rs, which defines a misleading cut.
SIZES = [24, 32, 48, 64, 96, 128, 192, 256]
CLOSING = "\"')]}»“”’』」）¹² \u00a0"
MARKS = ".!?…。！？।॥؟"

SPEED_BYTES = [100_000, 1_000_000, 10_000_000]

MARK_SEPARATORS = ["\n\n", "\n", ". ", "! ", "? ", " ", ""]

CHUNKERS = {
    "sluice, recursive": Rust("recursive"),
    "sluice, sentence": Rust("sentence"),
    "langchain, RecursiveCharacterTextSplitter": chunkers.langchain(),
    "the same with `. `, `! ` and `? `": chunkers.langchain(separators=MARK_SEPARATORS, keep_separator="end"),
    "chonkie, RecursiveChunker": chunkers.chonkie_recursive(),
    "chonkie, SentenceChunker": chunkers.chonkie_sentence(),
    "text-splitter, TextSplitter": Rust("TextSplitter"),
    "text-splitter, MarkdownSplitter": Rust("MarkdownSplitter"),
}


def languages():
    """Yields the text and the ends of the sentences of each file."""
    folder = Path(__file__).resolve().parents[2] / "tests/chunking/sentences"
    for path in sorted(folder.glob("*.txt")):
        text, ends = "", set()
        for passage in path.read_text(encoding="utf-8").splitlines():
            sentences = passage.split("¦")
            for index, sentence in enumerate(sentences):
                text += sentence + (" " if index + 1 == len(sentences) else "")
                ends.add(len(text))
        yield text, ends


def spans(chunker, text, size):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        lines = chunker.lines(file.name, [text], size, 0).splitlines()
    data = text.encode()
    for line in lines:
        start, end = map(int, line.split()[1:3])
        yield len(data[:start].decode()), len(data[:end].decode())


def looks_ended(text):
    text = text.rstrip()
    before, bracket, reference = text.rpartition("[")
    if bracket and reference.endswith("]"):
        text = before
    return text.rstrip(CLOSING).endswith(tuple(MARKS))


def judge(chunker):
    """Returns the number of cuts, and the shares that mislead, end sentences, and follow too long a chunk."""
    cuts = misleading = clean = long = 0
    for text, ends in languages():
        for size in SIZES:
            for start, end in spans(chunker, text, size):
                # White space between two chunks belongs to either, or is dropped.
                cut = len(text) - len(text[end:].lstrip())
                if cut == len(text):
                    continue
                cuts += 1
                clean += cut in ends
                misleading += cut not in ends and looks_ended(text[:cut])
                long += end - start > size
    return cuts, *(100 * count / cuts for count in (misleading, clean, long))


def main(path=None, rounds=3):
    print(f"{'cuts in the table of sentences':<42} {'cuts':>6} {'mislead %':>9} {'clean %':>8} {'too long %':>10}")
    for name, chunker in CHUNKERS.items():
        cuts, misleading, clean, long = judge(chunker)
        print(f"{name:<42} {cuts:>6} {misleading:>9.2f} {clean:>8.1f} {long:>10.1f}")
    if path is not None:
        speed.measure(CHUNKERS, path, dict.fromkeys(CHUNKERS, SPEED_BYTES), int(rounds))


if __name__ == "__main__":
    main(*sys.argv[2:])
