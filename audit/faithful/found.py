"""What the versions of a split's inputs came to: gains, infidelity, completeness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.examples import FloatArray, IntArray
from audit.explained.chosen import pair_of_classes
from audit.faithful.chain import Chain, able
from audit.faithful.figures import Curves, infidelity
from audit.faithful.versions import Versions
from audit.margins import margins
from audit.observations import Explanations, Observations
from audit.task import values_of

# Of single precision, in the terms of a sum: a margin equal to its baseline's is missed by rounding
# alone otherwise, endlessly as a share of nothing.
ROUNDING = 1e-5

Scale = Callable[[FloatArray, IntArray | None], FloatArray]


@dataclass(frozen=True)
class Under:
    """What was found under one baseline.

    Attributes
    ----------
    gains : (2, n) float array
        Of deletion and insertion; NaN where nothing was asked, or outputs do not vary.
    curves : (3, n, g) float array
        Deletion, insertion and the mean random curve on the common grid; empty likewise.
    infidelity : (n,) float array
        NaN where no version moves the margin, or nothing was asked.
    """

    gains: FloatArray
    curves: FloatArray
    infidelity: FloatArray


@dataclass(frozen=True)
class Found:
    """What was found on one split.

    Attributes
    ----------
    chain : Chain
    rows : (n,) int array
        Those of the explained inputs that have parts, as places among them.
    explanations : Explanations
        Of all explained inputs.
    spread : float
        What outputs are divided by: the standard deviation of a regression's, 1 for probabilities.
    under : mapping of baseline to Under
    """

    chain: Chain
    rows: IntArray
    explanations: Explanations
    spread: float
    under: dict[str, Under]

    @classmethod
    def read(cls, chain: Chain, seen: Observations) -> Found:
        """Read what came back for a split.

        Raises
        ------
        ModelError, NotApplicable
            As `Chain.requests`.
        """
        answers = seen.outputs(chain.first)
        pair = pair_of_classes(chain.task, answers)
        explanations = seen.explanations(chain.explain(seen))
        rows = able(explanations)
        spread = 1.0 if pair is not None else float(answers.outputs.std())
        scale = explained_scale(answers.outputs, pair, explanations.value)
        under: dict[str, Under] = {}
        if chain.sizes.orders or chain.sizes.masks:
            versions = chain.versions(explanations, rows)
            for name in chain.baselines:
                outputs = seen.outputs(chain.masked(rows, versions, name)).outputs
                own = None if pair is None else pair[rows]
                attributions = [explanations.attributions[i] for i in rows]
                under[name] = read(chain, versions, attributions, outputs, own, spread, scale)
        return cls(chain, rows, explanations, spread, under)

    @property
    def clusters(self) -> IntArray | None:
        """The cluster of each of the rows."""
        labels = self.chain.examples.clusters
        return None if labels is None else labels[self.chain.rows[self.rows]]

    @property
    def grid(self) -> FloatArray:
        """The shares of parts that curves are drawn at."""
        return grid_of(self.chain)

    @property
    def missed_by(self) -> FloatArray:
        """The completeness error of each of the rows; 0 where it is no more than rounding."""
        found = self.explanations
        sizes = np.nansum(np.abs(found.attributions), axis=1)
        rounding = ROUNDING * (np.abs(found.value) + np.abs(found.start) + sizes)
        off = np.abs(found.total - (found.value - found.start))
        return np.where(off <= rounding, 0.0, found.completeness_error)[self.rows]


def explained_scale(outputs: FloatArray, pair: IntArray | None, values: FloatArray) -> Scale:
    """Return what gives the margin on the scale that was explained: that of most inputs.

    An ensemble that averages probabilities is explained by their difference: logits of its answers
    are on another scale, and endless where trees agree.

    Parameters
    ----------
    outputs : (n, classes) or (n,) float array
        Of the inputs as they are.
    pair : (n, 2) int array or None
    values : (n,) float array
        The explainer's own margins of these inputs.
    """
    if pair is None:
        return margins
    near = np.maximum(1e-3 * np.abs(values), 1e-6)
    hits = [(np.abs(f(outputs, pair) - values) <= near).sum() for f in (margins, differences)]
    return differences if hits[1] > hits[0] else margins


def differences(outputs: FloatArray, pair: IntArray | None) -> FloatArray:
    """Return the difference of the probabilities of two classes, row by row."""
    assert pair is not None
    rows = np.arange(len(outputs))
    return np.asarray(outputs[rows, pair[:, 0]] - outputs[rows, pair[:, 1]])


def grid_of(chain: Chain) -> FloatArray:
    """Return the shares of parts that curves are drawn at."""
    return np.linspace(0.0, 1.0, chain.sizes.fractions + 1)


def read(
    chain: Chain,
    versions: Sequence[Versions],
    attributions: Sequence[FloatArray],
    outputs: FloatArray,
    pair: IntArray | None,
    spread: float,
    scale: Scale,
) -> Under:
    """Read the figures of every input under one baseline.

    Parameters
    ----------
    chain : Chain
    versions : sequence of Versions
        One for each input.
    attributions : sequence of (k,) float arrays
        One for each input; NaN beyond its parts.
    outputs : (v, classes) or (v,) float array
        Of all versions of all inputs, in order.
    pair : (n, 2) int array or None
        Class explained, and class that it is held against.
    spread : float
        What outputs are divided by.
    scale : callable
        Gives the margin that was explained (`explained_scale`).
    """
    counts = [len(v.kept) for v in versions]
    both = None if pair is None else np.repeat(pair, counts, axis=0)
    if both is None:
        level = outputs = values_of(outputs)
    else:
        level = outputs[np.arange(len(outputs)), both[:, 0]]
    ends = np.cumsum(counts)[:-1]
    margin = np.split(scale(outputs, both), ends)
    lost = np.full(len(versions), np.nan)
    if chain.sizes.masks:
        for i, (v, a, m) in enumerate(zip(versions, attributions, margin, strict=True)):
            lost[i] = infidelity(v, a[: v.kept.shape[1]], m)
    gains, curves = np.full((2, len(versions)), np.nan), np.empty((3, 0, 0))
    if chain.sizes.orders and spread > 0:
        levels = np.split(level / spread, ends)
        found = [Curves.read(v, y) for v, y in zip(versions, levels, strict=True)]
        gains = np.array([c.gains() for c in found]).T
        curves = np.stack([c.on(grid_of(chain)) for c in found], axis=1)
    return Under(gains, curves, lost)
