"""Explanations: how alike they are, and which parts of an input they point at."""

from __future__ import annotations

import msgspec

from audit.measurement import Unit


class Hill(msgspec.Struct, frozen=True, kw_only=True):
    """The density of one set of values.

    Attributes
    ----------
    name : str
    x, y : tuple of float
        Places, ascending, and heights; all hills of an exhibit share their places.
    n : int
        Values behind it.
    middle : float
        Their median.
    second : bool
        Whether it is what the first is compared with, drawn lighter.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    n: int
    middle: float
    second: bool = False


class Density(msgspec.Struct, frozen=True, kw_only=True, tag="density"):
    """How values are spread, against what they would be by chance.

    Attributes
    ----------
    axis : str
    unit : Unit
    hills : tuple of Hill
    mark : float, optional
        A place on the axis that the reader should know, named by `mark_label`.
    figure : str
        The measured figure in words, with its interval: it is on another scale than the axis.
    family : str
        Key of the ask whose verdicts colour the first hill; may be empty.
    measurements : tuple of str
        Comparisons whose verdicts colour it: the first that is not met decides.
    """

    id: str
    title: str
    caption: str
    axis: str
    hills: tuple[Hill, ...]
    unit: Unit = Unit.NUMBER
    mark: float | None = None
    mark_label: str = ""
    figure: str = ""
    family: str = ""
    measurements: tuple[str, ...] = ()


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """One input with the weight of each of its parts.

    Attributes
    ----------
    weights : tuple of (float or None)
        Share of all absolute attributions, with its sign; None where nothing is known of a part.
    names : tuple of str
        What each part is called (a word, ``column = value``). Filled in by the runner, and only
        where the specification allows it; empty else.
    picture : str
        For images: a ``data:`` address of a small picture, filled in likewise.
    """

    weights: tuple[float | None, ...]
    names: tuple[str, ...] = ()
    picture: str = ""


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """The explanation of one input before and after a change.

    Attributes
    ----------
    label : str
        Why it is shown: ``worst``, ``median``, ``best``.
    split, row : str, int
        Where the input stands.
    transform, severity, seed
        The change; an empty name if there is only one input to show.
    similarity : float, optional
        None where nothing is compared.
    facts : tuple of str
        What is known of it, by the columns of the exhibit.
    before, after : Weighed
        On their own parts. `after` holds the explanation of the changed input on the parts of the
        unchanged one (as `audit.observations.Explanations`), until the runner lays it on its own.
    """

    label: str
    split: str
    row: int
    similarity: float | None = None
    facts: tuple[str, ...] = ()
    transform: str = ""
    severity: int = 0
    seed: int = 0
    before: Weighed
    after: Weighed | None = None


class Attributions(msgspec.Struct, frozen=True, kw_only=True, tag="attributions"):
    """Inputs with their explanations, before and after a change.

    Attributes
    ----------
    modality : str
        ``text`` is drawn as words in colour, ``image`` as a picture under a grid (as many rows as
        columns), ``tabular`` as signed bars.
    noun : str
        One part, in a word.
    columns : tuple of str
        Headings of the facts.
    headings : tuple of str
        For tables: the names of the columns, which say nothing of an input. Filled in by the
        runner.
    """

    id: str
    title: str
    caption: str
    modality: str
    noun: str
    columns: tuple[str, ...]
    pairs: tuple[Likeness, ...]
    headings: tuple[str, ...] = ()
