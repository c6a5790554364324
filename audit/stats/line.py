"""Accuracy on the line: what a model's accuracy at home lets expect of it elsewhere.

Accuracies of many models in two places lie near a line on the logit scale, not on the natural one.

References
----------
Miller et al. (2021), Accuracy on the Line, ICML, section 2 (the line on a transformed scale);
Taori et al. (2020), Measuring Robustness to Natural Distribution Shifts, NeurIPS, section 2
(effective robustness).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from audit.stats.evidence import Mean
from audit.stats.student import quantile

FloatArray = NDArray[np.float64]
FEWEST = 8
"""Models below which no line is fitted: a prediction interval of six degrees of freedom is wide
enough already."""


class Accuracy(NamedTuple):
    """How often a model is right, with the sampling error of that share."""

    share: float
    se: float
    n: int

    @property
    def smoothed(self) -> float:
        """The share of (k + 1/2) in (n + 1): inside 0 and 1."""
        return (self.share * self.n + 0.5) / (self.n + 1)


class Line(NamedTuple):
    """A straight line on the logit scale.

    Attributes
    ----------
    slope, height : float
        Of the line, and of its value at `centre`.
    centre, spread : float
        Mean of the models' logits at home, and the sum of their squared deviations from it.
    scatter : float
        Standard deviation of models around the line.
    models : int
    """

    slope: float
    height: float
    centre: float
    spread: float
    scatter: float
    models: int

    @property
    def df(self) -> int:
        """Degrees of freedom of the scatter."""
        return self.models - 2

    def at(self, home: ArrayLike) -> FloatArray:
        """Return the logit that is predicted at a logit at home."""
        return self.height + self.slope * (np.asarray(home, dtype=np.float64) - self.centre)

    def error(self, home: ArrayLike) -> FloatArray:
        """Return the standard error of prediction for one more model at a logit at home."""
        off = np.asarray(home, dtype=np.float64) - self.centre
        return self.scatter * np.sqrt(1 + 1 / self.models + off**2 / self.spread)

    def band(self, home: ArrayLike, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return the prediction interval at shares at home, as shares."""
        x = logit(np.asarray(home, dtype=np.float64))
        half = quantile((1 + level) / 2, float(self.df)) * self.error(x)
        return np.asarray(expit(self.at(x) - half)), np.asarray(expit(self.at(x) + half))


def fit_line(home: ArrayLike, away: ArrayLike) -> Line | None:
    """Fit a line through models by least squares on the logit scale.

    Parameters
    ----------
    home, away : array_like of float, shape (models,)
        Smoothed accuracies, inside 0 and 1.

    Returns
    -------
    Line or None
        None with fewer than `FEWEST` models, or where all do equally well at home.
    """
    x = logit(np.asarray(home, dtype=np.float64))
    y = logit(np.asarray(away, dtype=np.float64))
    spread = float(((x - x.mean()) ** 2).sum()) if len(x) else 0.0
    if len(x) < FEWEST or spread < 1e-12:
        return None
    slope = float((x - x.mean()) @ y) / spread
    residual = y - y.mean() - slope * (x - x.mean())
    scatter = float(np.sqrt((residual**2).sum() / (len(x) - 2)))
    return Line(slope, float(y.mean()), float(x.mean()), spread, scatter, len(x))


def effective_robustness(line: Line, home: Accuracy, away: Accuracy) -> Mean:
    """Return a model's accuracy elsewhere minus what the line predicts of it.

    The error is that of predicting one more model, by the delta method on the natural scale, and
    the model's own sampling error in both places; Student's t with two degrees of freedom fewer
    than models. Models that are scored on the same rows share some of their sampling error, and
    the scatter holds some of it: the error is then too large rather than too small.
    """
    x = float(logit(home.smoothed))
    expected = float(expit(line.at(x)))
    slope = expected * (1 - expected)
    of_home = line.slope * home.se / (home.smoothed * (1 - home.smoothed))
    predicted = slope * float(np.hypot(line.error(x), of_home))
    se = float(np.hypot(predicted, away.se))
    return Mean(away.share - expected, se, float(line.df), n=away.n)
