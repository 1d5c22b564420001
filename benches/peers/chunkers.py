"""The chunkers that are compared, in Rust and in Python, with their versions' defaults apart from sizes."""

import subprocess
import sys
import time
from itertools import accumulate

from chonkie import RecursiveChunker, SentenceChunker
from langchain_text_splitters import Language, MarkdownTextSplitter, RecursiveCharacterTextSplitter

# Short texts are cut again until this time has passed.
SECONDS_MIN = 0.5
# A limited chunker skips texts that would take longer.
SECONDS_MAX = 60


class Rust:
    """A chunker of chunkers.rs, which the first argument of the program names."""

    def __init__(self, name, is_limited=True):
        self.name, self.is_limited = name, is_limited

    def lines(self, path, texts, size, overlap):
        """Returns the chunks of the texts, which are the documents in the file, as judge.rs reads them."""
        return run_rust("spans", self.name, size, overlap, path)

    def rate(self, path, size, count):
        """Returns the megabytes a second, and the peak memory in megabytes."""
        seconds = SECONDS_MAX if self.is_limited else None
        return map(float, run_rust("rate", self.name, size, path, count, timeout=seconds).split())


class Python:
    """A chunker of a Python package. `make` returns one for a size and an overlap."""

    is_limited = True

    def __init__(self, make, spans, cut):
        self.make, self.spans, self.cut = make, spans, cut

    def lines(self, path, texts, size, overlap):
        chunker, lines = self.make(size, overlap), []
        for number, text in enumerate(texts):
            offsets = range(len(text) + 1)
            if not text.isascii():
                offsets = list(accumulate((len(one.encode()) for one in text), initial=0))
            for start, end in self.spans(chunker, text, overlap):
                lines.append(f"{number} {offsets[start]} {offsets[end]} 0 \n")
        return "".join(lines)

    def rate(self, path, size, count):
        chunker, text = self.make(size, 0), repeated(path, count)
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS_MIN:
            self.cut(chunker, text)
            done += len(text.encode())
        return done / 1e6 / (time.perf_counter() - begun), None


def langchain(kind=RecursiveCharacterTextSplitter, **options):
    def make(size, overlap):
        return kind(chunk_size=size, chunk_overlap=overlap, **options)

    def spans(splitter, text, overlap):
        # Like `add_start_index`, but a short chunk that its overlap also contains is found behind it.
        end = 0
        for chunk in splitter.split_text(text):
            start = text.find(chunk, max(end - overlap, end - len(chunk) + 1, 0))
            if start < 0 or text[end:start].strip():
                start = text.index(chunk, max(end - overlap, 0))
            end = start + len(chunk)
            yield start, end

    return Python(make, spans, lambda splitter, text: splitter.split_text(text))


def langchain_markdown():
    def make(**options):
        return RecursiveCharacterTextSplitter.from_language(Language.MARKDOWN, **options)

    return langchain(make)


def langchain_markdown_splitter():
    return langchain(MarkdownTextSplitter)


def chonkie_recursive():
    return chonkie(RecursiveChunker)


def chonkie_sentence():
    return chonkie(SentenceChunker)


def chonkie(kind):
    def spans(chunker, text, overlap):
        for chunk in chunker.chunk(text):
            yield chunk.start_index, chunk.end_index

    return Python(
        lambda size, overlap: kind(chunk_size=size), spans, lambda chunker, text: chunker.chunk(text)
    )


def run_rust(*arguments, lines="", timeout=None):
    command = [sys.argv[1], *map(str, arguments)]
    options = {"check": True, "text": True, "timeout": timeout}
    return subprocess.run(command, input=lines, stdout=subprocess.PIPE, **options).stdout


def repeated(path, count):
    """Returns the beginning of the file's text, which is repeated until it has that many bytes."""
    with open(path, "rb") as file:
        data = file.read(count)
    data *= -(-count // len(data))
    return data[:count].decode(errors="ignore")
