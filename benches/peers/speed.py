"""The speed of chunkers on one core, in interleaved rounds."""

import math
import os
import statistics
import subprocess

from chunkers import SECONDS_MAX

CHUNK_SIZE = 1_000


def measure(chunkers, path, counts, rounds, yardstick=None):
    """Prints the medians for texts of so many bytes, of which each chunker has a list. Returns the peak memories."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rates = {(name, count): [] for name in chunkers for count in counts[name]}
    peaks, ended = {}, set()
    for _ in range(rounds):
        for name, chunker in chunkers.items():
            for count in counts[name]:
                known = {size: rates[name, size] for size in counts[name] if size <= count}
                if (name, count) in ended or chunker.is_limited and seconds(known, count) > SECONDS_MAX:
                    continue
                try:
                    rate, peaks[name, count] = chunker.rate(path, CHUNK_SIZE, count)
                    rates[name, count].append(rate)
                except subprocess.TimeoutExpired:
                    ended.add((name, count))
    show(rates, rounds, yardstick)
    return peaks


def seconds(known, count):
    """Returns the time for a text. Some chunkers' times grow faster than the text, so two smaller ones are compared."""
    times = [(size, size / 1e6 / found[0]) for size, found in known.items() if found]
    if not times:
        return 0
    (size, time), power = times[-1], 1
    if len(times) > 1:
        power = max(1, math.log(time / times[-2][1]) / math.log(size / times[-2][0]))
    return time * (count / size) ** power


def show(rates, rounds, yardstick):
    counts = sorted({count for _, count in rates})
    head = "".join(f"{label(count):>8}" for count in counts)
    if yardstick is not None:
        head += f" |{head}"
    print(f"\n{f'MB/s, medians of {rounds} interleaved rounds':<42}{head}")
    for name in dict.fromkeys(name for name, _ in rates):
        line = f"{name:<42}" + "".join(f"{shown(rates.get((name, count)), rounds):>8}" for count in counts)
        if yardstick is not None:
            ratios = (ratio(rates.get((name, count)), rates[yardstick, count]) for count in counts)
            line += " |" + "".join(f"{cell:>8}" for cell in ratios)
        print(line.rstrip())


def ratio(found, yardstick):
    return f"{statistics.median(found) / statistics.median(yardstick):.2g}" if found and yardstick else ""


def shown(found, rounds):
    """Returns the median, with an asterisk if a text took longer than estimated, and was not measured again."""
    if not found:
        return "" if found is None else f"> {SECONDS_MAX} s"
    rate = statistics.median(found)
    mark = "*" if len(found) < rounds else ""
    return (f"{rate:.0f}" if rate >= 100 else f"{rate:.2g}") + mark


def label(count):
    units = ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)
    unit, unit_bytes = next((pair for pair in units if count >= pair[1]), ("B", 1))
    return f"{count / unit_bytes:g} {unit}"
