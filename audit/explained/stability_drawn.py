"""Drawing a stability study: densities, pairs of explanations, similarities, changes, groups."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from audit import registry
from audit.errors import AuditError
from audit.examples import FloatArray
from audit.exhibits import (
    Attributions,
    Density,
    Exhibit,
    Forest,
    Likeness,
    Weighed,
)
from audit.explained.chosen import shares
from audit.explained.hills import hill
from audit.explained.identified import MEASURES, Studied
from audit.explained.stability_tables import ID, TITLES, changes, similarities, suffix
from audit.forests import rows_of
from audit.measurement import Family, Interval, Unit
from audit.stats.evidence import AnyEvidence
from audit.writing import interval, value

OWN, NULL = "this model", "other inputs, same answer"
DIGITS = 6  # of a share of attributions that is drawn


def drawn(
    one: Studied, families: Sequence[Family], labels: Sequence[str], most: int
) -> list[Exhibit]:
    """Draw what was found out about a split.

    Parameters
    ----------
    one : Studied
    families : sequence of Family
        All that the probe measured.
    labels : sequence of str
        Names of the classes; empty for a regression.
    most : int
        Pairs of explanations that are shown.
    """
    split = one.sample.cells.split
    whole = next(
        (f for f in families if f.ask.statistic == "overall" and f.ask.metric == "identifiability"
         and f.ask.split == split), None,
    )  # fmt: skip
    out: list[Exhibit] = []
    if known(one):
        out.append(density(one, whole))
        if most:
            out.append(pairs(one, labels, most))
        out.append(similarities(one))
    out.append(changes(one))
    return out


def known(one: Studied) -> bool:
    """Whether there is a version and an other to compare."""
    own, null = one.compared.own, one.compared.rival
    return bool((~np.isnan(own)).any() and (~np.isnan(null)).any())


def caption(one: Studied) -> str:
    """Say explainer, settings, completeness, passes and pairs, as every figure must."""
    found, sheet = one.found, one.sample.chosen.sheet
    words = [f"{one.sample.chosen.says()}."]
    error = found.error[np.isfinite(found.error)]
    if sheet.complete and len(error):
        middle, high = np.quantile(error, [0.5, 0.95])
        words.append(f"Completeness error: median {percent(middle)}, 95% quantile {percent(high)}.")
    passes = found.passes[found.passes > 0]
    if len(passes):
        words.append(f"Passes of the model behind each explanation: median {np.median(passes):g}.")
    words.append(
        f"Of {len(found.at):,} inputs {len(np.unique(found.owner)):,} have changed versions that "
        f"keep the prediction: {len(one.compared.own):,} of these were explained."
    )
    if one.sample.seeds < 2:
        words.append("The explainer draws nothing at random, so its noise floor is 1.")
    return " ".join(words)


def percent(share: float) -> str:
    """Write a share that may be nothing but rounding."""
    return value(share, Unit.SHARE) if share >= 1e-4 else "under 0.01%"


def density(one: Studied, whole: Family | None) -> Density:
    """Draw similarities to an input's versions against those to other inputs."""
    compared = one.compared
    own = compared.own[~np.isnan(compared.own)]
    null = compared.by_input(compared.rival)
    hills = (
        hill(OWN, own, one.rule),
        hill(NULL, null[~np.isnan(null)], one.rule, second=True),
    )
    noise = compared.noise[~np.isnan(compared.noise)]
    seeded = one.sample.seeds > 1 and len(noise) > 0
    figure = whole.measurements[0] if whole else None
    return Density(
        id=f"{ID}-density-{one.sample.cells.split}",
        title="Explanations of changed inputs against those of other inputs" + suffix(one),
        caption=caption(one),
        axis=f"{TITLES[one.rule]} of absolute attributions",
        hills=hills,
        mark=float(np.median(noise)) if seeded else None,
        mark_label="noise floor" if seeded else "",
        figure=said(figure.value, figure.evidence) if figure else "",
        family=whole.ask.key if whole else "",
        measurements=whole.ids if whole else (),
    )


def said(figure: float | None, evidence: AnyEvidence | None) -> str:
    """Write identifiability with its interval."""
    between = Interval.of(evidence)
    if figure is None:
        return ""
    words = f"Identifiability {value(figure, Unit.RATIO)}"
    if between is None:
        return words
    return f"{words} ({interval(between.low, between.high, Unit.RATIO)})"


def pairs(one: Studied, labels: Sequence[str], most: int) -> Attributions:
    """Show the least, the middle and the most alike explanations of an input and its version."""
    own = one.compared.own
    there = np.flatnonzero(~np.isnan(own))
    ids = one.examples.ids.astype(str)[one.found.at[one.compared.owner[there]]]
    order = there[np.lexsort((one.compared.cell[there], ids, own[there]))]
    at = np.unique(np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(np.int64))
    noun = "part"
    with suppress(AuditError):
        noun = registry.modality(one.examples.modality).noun
    return Attributions(
        id=f"{ID}-pairs-{one.sample.cells.split}",
        title="Explanations before and after a harmless change" + suffix(one),
        caption=(
            "Share of all absolute attributions, with its sign, of the margin for the predicted "
            "class. The answer was kept in every pair."
        ),
        modality=one.examples.modality,
        noun=noun,
        columns=("Answer", "Change"),
        pairs=tuple(likeness(one, labels, int(order[i]), int(i), len(order)) for i in at),
    )


def likeness(one: Studied, labels: Sequence[str], pair: int, place: int, total: int) -> Likeness:
    """Return one pair of explanations, the `place`-th least alike."""
    owner, cell = int(one.compared.owner[pair]), int(one.compared.cell[pair])
    at, change = int(one.found.at[owner]), one.sample.changes[cell]
    way = one.sample.cells.ways[cell // len(one.sample.cells.severities)]
    classes = one.survivors.classes
    return Likeness(
        label=label(place, total),
        split=one.sample.cells.split,
        row=int(one.sample.cells.rows[at]),
        transform=change.name,
        severity=change.severity,
        seed=change.seed,
        similarity=float(one.compared.own[pair]),
        facts=(
            "" if classes is None else labels[int(classes[at, 0])],
            f"{way.sheet.title}, severity {change.severity}",
        ),
        before=weighed(one.found.base[owner], int(one.found.parts[owner])),
        after=weighed(one.after(pair), int(one.found.parts[owner])),
    )


def label(place: int, total: int) -> str:
    """Say why a pair is shown."""
    if place == 0:
        return "worst"
    if place == total - 1:
        return "best"
    share = place / (total - 1)
    return "median" if abs(share - 0.5) <= 1 / (total - 1) else f"{100 * share:.0f}% are less alike"


def weighed(attributions: FloatArray, parts: int) -> Weighed:
    """Return the weights of an input's parts, without their names."""
    own = shares(attributions[None, :parts])[0]
    return Weighed(weights=tuple(None if np.isnan(w) else round(float(w), DIGITS) for w in own))


def forests(families: Sequence[Family]) -> list[Forest]:
    """Draw identifiability by group and by domain."""
    out = []
    for f in families:
        cut = f.untested or any(m.slice.terms for m in f.measurements)
        if f.ask.statistic not in ("worst", "domain") or not cut:
            continue
        by = "domain" if f.ask.statistic == "domain" else " and ".join(f.ask.by)
        words = [ID, f.ask.metric, f.ask.statistic, f.ask.split, *f.ask.by]
        title = MEASURES[f"{f.ask.metric}.{f.ask.statistic}"].split(",")[0]
        out.append(
            Forest(
                id="-".join(words),
                title=f"{title}, by {by}"
                + ("" if f.ask.split == "test" else f", split {f.ask.split}"),
                caption="Each held to the limit; 0.5 is chance. Plain 95% intervals.",
                axis="identifiability",
                count="inputs",
                unit=f.unit,
                rows=rows_of(f),
                family=f.ask.key,
            )
        )
    return out
