"""Slips of a hand at a keyboard."""

from __future__ import annotations

import numpy as np

from audit.transform import TransformKind
from audit.transforms.text_letters import Letters, before, kind, steps

# Rows of a US QWERTY keyboard, each shifted by half a key against the row above.
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NOISE = ("Belinkov & Bisk (2018), ICLR (synthetic and natural noise)",)
TYPED = (0.02, 0.04, 0.06, 0.09, 0.12)
SWAPPED = (0.02, 0.04, 0.06, 0.09, 0.12)
DROPPED = (0.02, 0.04, 0.06, 0.09, 0.12)
REPEATED = (0.02, 0.04, 0.08, 0.12, 0.16)


def neighbours() -> dict[str, str]:
    """Return the letters beside each letter of the keyboard, in both cases."""
    at = {c: (y, x + y / 2) for y, row in enumerate(ROWS) for x, c in enumerate(row)}
    near = {
        a: "".join(
            b for b in at if b != a and abs(at[a][0] - at[b][0]) + abs(at[a][1] - at[b][1]) <= 1.5
        )
        for a in at
    }
    return near | {a.upper(): b.upper() for a, b in near.items()}


NEAR = neighbours()


def keyboard_typos(text: Letters, severity: int) -> list[str]:
    """Replace letters by a neighbour on the keyboard; not or now would be one word or the other."""
    chosen = text.long() & (text.codes < 128) & (text.luck(1) < TYPED[severity - 1])
    places = np.flatnonzero(chosen)
    which = text.luck(2)[places]
    found = [NEAR[text.whole[p]] for p in places]
    return text.written(places, [n[int(u * len(n))] for n, u in zip(found, which, strict=True)])


def swapped_letters(text: Letters, severity: int) -> list[str]:
    """Exchange letters with the next one, never the first of a word.

    Of overlapping pairs the one with the smallest luck is kept whatever the severity, so that a
    pair which is exchanged at one severity is exchanged at the next as well.
    """
    inner = text.inner()
    pair = np.append(inner[:-1] & inner[1:] & (text.codes[:-1] != text.codes[1:]), False)
    luck = np.where(pair, text.luck(1), 1.0)
    least = (luck < np.append(luck[1:], 1.0)) & (luck < np.concatenate([[1.0], luck[:-1]]))
    rate = 1 - (1 - 3 * SWAPPED[severity - 1]) ** (1 / 3)  # so that this share survives overlaps
    places = np.flatnonzero(pair & least & (luck < rate))
    both = np.column_stack([places, places + 1]).ravel()
    words = [text.whole[p] for p in np.column_stack([places + 1, places]).ravel()]
    return text.written(both, words)


def dropped_letters(text: Letters, severity: int) -> list[str]:
    """Leave letters out, never the first of a word, nor any of a short one."""
    places = np.flatnonzero(text.inner() & (text.luck(1) < DROPPED[severity - 1]))
    return text.written(places, [""] * len(places))


def repeated_letters(text: Letters, severity: int) -> list[str]:
    """Type letters twice."""
    single = text.safe() & ~before(np.append(text.codes[:-1] == text.codes[1:], False))
    places = np.flatnonzero(single & (text.luck(1) < REPEATED[severity - 1]))
    return text.written(places, [2 * text.whole[p] for p in places])


TYPING: tuple[TransformKind, ...] = (
    kind(
        keyboard_typos,
        name="keyboard-typos",
        family="typing",
        title="Keyboard typos",
        says="Letters of words of four or more are replaced by a neighbour on a US keyboard.",
        steps=steps(TYPED, "of letters in longer words"),
        references=NOISE,
    ),
    kind(
        swapped_letters,
        name="swapped-letters",
        family="typing",
        title="Swapped letters",
        says="Letters change places with the next one, inside words of four letters or more.",
        steps=steps(SWAPPED, "of pairs of letters in longer words"),
        references=NOISE,
    ),
    kind(
        dropped_letters,
        name="dropped-letters",
        family="typing",
        title="Dropped letters",
        says="Letters are left out, inside words of four letters or more; the first one stays.",
        steps=steps(DROPPED, "of letters in longer words"),
        references=NOISE,
    ),
    kind(
        repeated_letters,
        name="repeated-letters",
        family="typing",
        title="Repeated letters",
        says="Letters are typed twice.",
        steps=steps(REPEATED, "of letters"),
        references=NOISE,
    ),
)
