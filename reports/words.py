"""The words, ranks and marks that every reporter shares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from audit.verdict import Outcome

ORDER = (
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.NOT_RUN,
    Outcome.INCONCLUSIVE,
    Outcome.NOT_APPLICABLE,
    Outcome.PASSED,
)
RANK = {outcome: rank for rank, outcome in enumerate(ORDER)}
MARK = {
    Outcome.FAILED: "■",
    Outcome.ERROR: "▲",
    Outcome.NOT_RUN: "△",
    Outcome.INCONCLUSIVE: "◐",
    Outcome.NOT_APPLICABLE: "○",
    Outcome.PASSED: "●",
}
NUMERALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

# Control characters, bidirectional overrides and lone surrogates: they would let a name rewrite
# the line that it stands in, end a terminal's colour, or make XML unreadable.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def clean(text: str) -> str:
    """Return untrusted text with every character that could act made visible as U+FFFD."""
    return _UNSAFE.sub("\ufffd", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Return cleaned text on one line, runs of white space as one space."""
    return " ".join(clean(text).split())


def clip(text: str, most: int) -> str:
    """Return cleaned text on one line, cut where it is longer than any honest name."""
    line = one_line(text)
    return line if len(line) <= most else line[:most].rstrip() + "…"


def word(outcome: Outcome) -> str:
    """Say an outcome as a reader would: a requirement that passed is met."""
    return "met" if outcome is Outcome.PASSED else outcome.value


def css(outcome: Outcome | None) -> str:
    """Return the class that colours an outcome; ``measured`` where nothing was judged."""
    return "measured" if outcome is None else outcome.value.replace(" ", "-")


def worst(outcomes: Iterable[Outcome]) -> Outcome | None:
    """Return the gravest of some outcomes, or None of none."""
    return min(outcomes, key=RANK.__getitem__, default=None)


def numeral(n: int) -> str:
    """Return small numbers as words."""
    return NUMERALS[n] if n < len(NUMERALS) else f"{n:,}"


def plural(n: int, noun: str, many: str = "") -> str:
    """Return a count with its noun."""
    return f"{n:,} {noun if n == 1 else many or noun + 's'}"


def listing(items: Iterable[str]) -> str:
    """Join items as a sentence would."""
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def capital(text: str) -> str:
    """Return text with its first letter raised."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """Return text with its first letter lowered, unless it begins with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def sentence(text: str) -> str:
    """Return text with a capital and a full stop."""
    text = capital(text.strip())
    return text if not text or text[-1] in ".!?…" else text + "."


def day(iso: str) -> str:
    """Write an ISO date as ``31 Jan 2027``; anything else as it is."""
    try:
        found = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"


def moment(iso: str) -> str:
    """Write an ISO time as ``21 Nov 2026, 14:06 UTC``; anything else as it is."""
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    zone = found.tzname() or ""
    return f"{day(found.date().isoformat())}, {found:%H:%M} {zone}".rstrip()


def duration(seconds: float) -> str:
    """Write a time span in the unit that a reader would choose."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def short(digest: str) -> str:
    """Shorten a digest to what the eye can compare."""
    head, colon, tail = digest.rpartition(":")
    return head + colon + (f"{tail[:10]}…{tail[-4:]}" if len(tail) > 18 else tail)
