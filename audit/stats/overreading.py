"""Whether confident learning may be believed: its reading on simulated labels of the same margin.

Classes that overlap look like wrong labels: with a Bayes accuracy of .8 and not one wrong label it
reads 12 %. What tells the two apart is the shape of the margin. Where classes overlap, disagreement
dies out away from the boundary; wrong labels go on at the same rate everywhere. So margin and
noise are fitted together by maximum likelihood, labels are drawn from the fit, and the reading is
compared with what was planted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from audit.stats.confident import Joint, confident_joint
from audit.stats.evidence import Mean

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FITTED = 5_000  # rows that the margin is fitted on: two parameters need no more
WORLDS = 40  # simulated sets of labels: the mean error is then known to a sixth of its spread
STARTS = ((0.0, 0.2), (0.0, 1.0), (1.5, 1.0))  # (log sharpness, amount): overlap, both, noise
MOST_AMOUNT = 1.5  # noise that the likelihood may find, as a multiple of what was read
TINY = 1e-12
TOLD_APART = 3.0  # standard errors: below, the delta method on the logit scale means nothing
NONE_SEEN = 3.0  # rows that may be there where none was seen (rule of three)

RELATIVE = 0.1
"""A claimed rate may be off by a tenth of itself: less than its interval at 1,000 rows."""
ABSOLUTE = 0.0025
"""Or by a quarter of a point: less than anybody cleans data for."""
OVERSURE = 0.5
"""Probabilities may exceed what held-out labels bear out by half of the rate. A model that learns
wrong labels by heart is sure and wrong on other rows, and its own errors are read as wrong labels:
for one nearest neighbour the excess equals the rate."""


@dataclass(frozen=True)
class Margin:
    """What the probabilities say about true labels, once noise is taken out.

    Attributes
    ----------
    clean : (n, K) float array
        Probability of each true label.
    transition : (K, K) float array
        P(given = i | true = j).
    """

    clean: FloatArray
    transition: FloatArray

    @property
    def accuracy(self) -> float:
        """Bayes accuracy that is implied for true labels."""
        return float(self.clean.max(axis=1).mean())


@dataclass(frozen=True)
class Reading:
    """An estimated share of wrong labels, and whether it may be claimed.

    Attributes
    ----------
    rate : float
    bias, spread : float
        Mean and standard deviation of its error in simulated labels of the same margin.
    accuracy : float
        Bayes accuracy implied for true labels.
    excess : float
        Mean probability of the model's choices, minus how often they agree with given labels.
    n : int
        Rows.
    """

    rate: float
    bias: float
    spread: float
    accuracy: float
    excess: float
    n: int

    @property
    def unbiased(self) -> bool:
        """Whether the simulation says that the estimate is as good as unbiased."""
        return abs(self.bias) <= max(RELATIVE * self.rate, ABSOLUTE)

    @property
    def calibrated(self) -> bool:
        """Whether the model is no surer than it should be, so that the simulation is about it."""
        return self.excess <= max(OVERSURE * self.rate, ABSOLUTE)

    @property
    def claimed(self) -> bool:
        """Whether the rate may be claimed."""
        return self.unbiased and self.calibrated

    @property
    def evidence(self) -> Mean | None:
        """Return the rate with its error; None where it may not be claimed.

        The variance adds up that of a share of n rows, the spread of the reading, and its squared
        bias. The error is symmetric on the logit scale, or as it is where the rate is not told
        from 0: a logit interval would leave 0 out.
        """
        if not self.claimed:
            return None
        share = max(self.rate, NONE_SEEN / self.n)
        variance = share * (1 - share) / self.n + self.spread**2 + self.bias**2
        se = float(np.sqrt(variance))
        near_zero = self.rate < TOLD_APART * se
        return Mean(self.rate, se, None, "identity" if near_zero else "logit", self.n)


def read(probabilities: FloatArray, given: IntArray, joint: Joint, seed: int) -> Reading:
    """Read the share of wrong labels, and simulate how far off such a reading is.

    Parameters
    ----------
    probabilities : (n, K) float array
        From models that were not trained on the row. The order of rows must not depend on
        anything but content and seed: the margin is fitted on the first `FITTED`.
    given : (n,) int array
    joint : Joint
        Of these rows.
    seed : int
    """
    margin = fit_margin(probabilities, given, joint)
    rng = np.random.default_rng(seed)
    noisy = margin.clean @ margin.transition.T
    errors = np.empty(WORLDS)
    for w in range(WORLDS):
        true = drawn(rng, margin.clean)
        label = drawn(rng, margin.transition.T[true])
        errors[w] = confident_joint(noisy, label).rate - (label != true).mean()
    bias, spread = float(errors.mean()), float(errors.std(ddof=1))
    agreed = float((probabilities.argmax(axis=1) == given).mean())
    excess = float(probabilities.max(axis=1).mean()) - agreed
    return Reading(joint.rate, bias, spread, margin.accuracy, excess, joint.n)


def fit_margin(probabilities: FloatArray, given: IntArray, joint: Joint) -> Margin:
    """Fit sharpness and amount of noise by maximum likelihood of the given labels.

    The model is P(given = i | x) = sum_j T_ij c_j(x) with c(x) = softmax(sharpness log p(x)) and
    T = I + amount (T' - I), T' the transition that confident learning read: temperature scaling
    (Guo et al. 2017, section 4.2) seen through label noise (Patrini et al. 2017, theorem 2).
    """
    logs = np.log(np.maximum(probabilities, TINY))
    head, label = logs[:FITTED], given[:FITTED]
    unit = np.eye(logs.shape[1])
    away = joint.transition - unit
    most = min(MOST_AMOUNT, 1 / max(-float(np.diag(away).min()), TINY))

    def loss(at: FloatArray) -> float:
        clean = softmax(np.exp(np.clip(at[0], -5, 5)) * head)
        noise = unit + float(np.clip(at[1], 0, most)) * away
        likelihood = np.einsum("nk,nk->n", clean, noise[label])
        outside = max(0.0, -at[1], at[1] - most)
        return float(-np.log(np.maximum(likelihood, TINY)).mean() + outside)

    fits = [optimize.minimize(loss, start, method="Nelder-Mead") for start in STARTS]
    at = min(fits, key=lambda fit: float(fit.fun)).x
    transition = unit + float(np.clip(at[1], 0, most)) * away
    return Margin(softmax(float(np.exp(np.clip(at[0], -5, 5))) * logs), transition)


def softmax(logits: FloatArray) -> FloatArray:
    """Return rows that sum to 1."""
    out = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def drawn(rng: np.random.Generator, probabilities: FloatArray) -> IntArray:
    """Draw a class for every row."""
    below = probabilities.cumsum(axis=1) < rng.random((len(probabilities), 1))
    at = np.minimum(below.sum(axis=1), probabilities.shape[1] - 1)
    return np.asarray(at, dtype=np.int64)
