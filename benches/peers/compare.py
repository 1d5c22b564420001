"""Compares chunkers on the same texts. `run` calls it with the built Rust chunkers, a text and a number of rounds."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chonkie import RecursiveChunker, SentenceChunker
from langchain_text_splitters import RecursiveCharacterTextSplitter

# As in tests/chunking/sentences.rs, which defines a misleading cut.
SIZES = [24, 32, 48, 64, 96, 128, 192, 256]
CLOSING = "\"')]}»“”’」』）¹² \u00a0"
MARKS = ".!?…。！？।॥؟"

SPEED_SIZE = 1_000
SPEED_BYTES = [100_000, 10_000_000]
# Short texts are cut again until this time has passed.
SECONDS_MIN = 0.5

MARK_SEPARATORS = ["\n\n", "\n", ". ", "! ", "? ", " ", ""]


class Rust:
    """A chunker of chunkers.rs."""

    def __init__(self, name):
        self.name = name

    def ends(self, text, size):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            lines = run_rust("spans", self.name, size, file.name).splitlines()
        data = text.encode()
        for line in lines:
            start, end = map(int, line.split())
            start, end = len(data[:start].decode()), len(data[:end].decode())
            yield start, end

    def rate(self, path, size):
        return [float(run_rust("rate", self.name, size, path, count)) for count in SPEED_BYTES]


class Python:
    """A chunker of a Python package: `make` returns one for a size."""

    def __init__(self, make, spans, cut):
        self.make, self.spans, self.cut = make, spans, cut

    def ends(self, text, size):
        return self.spans(self.make(size), text)

    def rate(self, path, size):
        chunker = self.make(size)
        return [self.rate_of(chunker, text) for text in beginnings(path)]

    def rate_of(self, chunker, text):
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS_MIN:
            self.cut(chunker, text)
            done += len(text.encode())
        return done / 1e6 / (time.perf_counter() - begun)


def langchain(**options):
    def make(size):
        return RecursiveCharacterTextSplitter(
            chunk_size=size, chunk_overlap=0, add_start_index=True, **options
        )

    def spans(splitter, text):
        for chunk in splitter.create_documents([text]):
            start = chunk.metadata["start_index"]
            yield start, start + len(chunk.page_content)

    return Python(make, spans, lambda splitter, text: splitter.split_text(text))


def chonkie(kind):
    def spans(chunker, text):
        for chunk in chunker.chunk(text):
            yield chunk.start_index, chunk.end_index

    return Python(lambda size: kind(chunk_size=size), spans, lambda chunker, text: chunker.chunk(text))


CHUNKERS = {
    "sluice, recursive": Rust("recursive"),
    "sluice, sentence": Rust("sentence"),
    "langchain, RecursiveCharacterTextSplitter": langchain(),
    "the same with `. `, `! ` and `? `": langchain(separators=MARK_SEPARATORS, keep_separator="end"),
    "chonkie, RecursiveChunker": chonkie(RecursiveChunker),
    "chonkie, SentenceChunker": chonkie(SentenceChunker),
    "text-splitter, TextSplitter": Rust("TextSplitter"),
    "text-splitter, MarkdownSplitter": Rust("MarkdownSplitter"),
}


def run_rust(*arguments):
    command = [RUST, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


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
            for start, end in chunker.ends(text, size):
                # White space between two chunks belongs to either, or is dropped.
                cut = len(text) - len(text[end:].lstrip())
                if cut == len(text):
                    continue
                cuts += 1
                clean += cut in ends
                misleading += cut not in ends and looks_ended(text[:cut])
                long += end - start > size
    return cuts, *(100 * count / cuts for count in (misleading, clean, long))


def shown(rate):
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.2g}"


def beginnings(path):
    data = Path(path).read_bytes()
    return [data[:count].decode(errors="ignore") for count in SPEED_BYTES]


def main(path, rounds):
    print(f"{'cuts in the table of sentences':<42} {'cuts':>6} {'mislead %':>9} {'clean %':>8} {'too long %':>10}")
    for name, chunker in CHUNKERS.items():
        cuts, misleading, clean, long = judge(chunker)
        print(f"{name:<42} {cuts:>6} {misleading:>9.2f} {clean:>8.1f} {long:>10.1f}")
    if path is None:
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rates = {name: [] for name in CHUNKERS}
    for _ in range(rounds):
        for name, chunker in CHUNKERS.items():
            rates[name].append(chunker.rate(path, SPEED_SIZE))
    print(f"\n{'MB/s, medians of ' + str(rounds) + ' interleaved rounds':<42} {'100 KB':>8} {'10 MB':>8}")
    for name, rounds_of in rates.items():
        small, large = (statistics.median(column) for column in zip(*rounds_of))
        print(f"{name:<42} {shown(small):>8} {shown(large):>8}")


if __name__ == "__main__":
    RUST = sys.argv[1]
    main(sys.argv[2] if len(sys.argv) > 2 else None, int(sys.argv[3]) if len(sys.argv) > 3 else 3)
