"""Detectors of foreign inputs: each gives a score that is larger for a more foreign input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from audit.examples import FloatArray, IntArray

TITLES = {
    "msp": "largest probability",
    "max-logit": "largest logit",
    "energy": "energy",
    "knn": "distance to the k-th neighbour",
    "mahalanobis": "relative Mahalanobis",
    "vim": "virtual logit (ViM)",
}
# Below this share of the largest eigenvalue a direction is rounding noise of 32-bit features.
FLAT = 1e-10
LARGE, MIDDLE = (2048, 1000), (768, 512)  # feature sizes, and the principal sizes that go with them


@dataclass(frozen=True)
class View:
    """How the model sees some inputs; what it does not offer is None.

    Attributes
    ----------
    outputs : (n, classes) float array, optional
        Probabilities.
    features : (n, d) float array, optional
    logits : (n, classes) float array, optional
    """

    outputs: FloatArray | None = None
    features: FloatArray | None = None
    logits: FloatArray | None = None


@dataclass(frozen=True)
class Bank:
    """Familiar inputs that detectors are fitted on.

    Attributes
    ----------
    view : View
    classes : (n,) int array, optional
        Labels; without them there are no class means.
    head : (weights, bias), optional
        The last layer, ``(classes, d)`` and ``(classes,)``.
    """

    view: View
    classes: IntArray | None = None
    head: tuple[FloatArray, FloatArray] | None = None


Detector = Callable[[View], FloatArray]


def fitted(name: str, bank: Bank, k: int) -> Detector:
    """Return a detector, by its name in `TITLES`.

    Parameters
    ----------
    name : str
    bank : Bank
        Not looked at by ``msp``, ``max-logit`` and ``energy``.
    k : int
        Which neighbour ``knn`` measures the distance to; at most as many as the bank holds.

    Raises
    ------
    ValueError
        If the bank lacks what the detector is fitted on.
    """
    if name == "msp":
        return unsure
    if name == "max-logit":
        return lambda view: -held(view.logits).max(axis=1)
    if name == "energy":
        return lambda view: energy(held(view.logits))
    features = held(bank.view.features)
    if name == "knn":
        near = neighbours(features, k)
        return lambda view: near(held(view.features))
    if name == "mahalanobis":
        if bank.classes is None:
            raise ValueError("class means need labels")
        relative = mahalanobis(features, bank.classes)
        return lambda view: relative(held(view.features))
    if bank.head is None:
        raise ValueError("ViM needs the last layer")
    virtual = vim(features, held(bank.view.logits), *bank.head)
    return lambda view: virtual(held(view.features), held(view.logits))


def held(array: FloatArray | None) -> FloatArray:
    """Return an array that must be there."""
    if array is None:
        raise ValueError("the model does not offer what this detector is made of")
    return array


def unsure(view: View) -> FloatArray:
    """Return minus the logarithm of the largest probability.

    It orders inputs as the largest softmax probability does (Hendrycks & Gimpel 2017, section 2);
    from logits it stays exact where the probability itself would round to 1.
    """
    if view.logits is not None:
        others = np.sort(view.logits - view.logits.max(axis=1, keepdims=True), axis=1)[:, :-1]
        return np.asarray(np.log1p(np.exp(others).sum(axis=1)))
    largest: FloatArray = held(view.outputs).max(axis=1)
    return -np.log(np.maximum(largest, np.finfo(np.float64).tiny))


def energy(logits: FloatArray) -> FloatArray:
    """Return the free energy at temperature 1 (Liu et al. 2020, eq. 4)."""
    return -np.asarray(logsumexp(logits, axis=1))


def normalised(features: FloatArray) -> FloatArray:
    """Return rows of length 1; a row of zeros stays one."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(length, np.finfo(np.float64).tiny))


def neighbours(bank: FloatArray, k: int) -> Callable[[FloatArray], FloatArray]:
    """Return the distance to the k-th nearest of a bank, all rows scaled to length 1.

    Sun, Ming, Zhu & Li (2022), eq. 3: the bank is searched in full. A call holds one distance for
    each row and each row of the bank.
    """
    known = normalised(bank)
    place = min(k, len(known)) - 1

    def score(features: FloatArray) -> FloatArray:
        squares = 2.0 - 2.0 * normalised(features) @ known.T
        kth = np.partition(squares, place, axis=1)[:, place]
        return np.asarray(np.sqrt(np.maximum(kth, 0.0)))

    return score


def whitening(centred: FloatArray) -> FloatArray:
    """Return W, ``(d, r)``, with W W' the pseudo-inverse of the covariance of centred rows.

    Directions in which the rows do not vary (below `FLAT` of the largest variance) are left out,
    so that fewer rows than features make no singular matrix.
    """
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = values > FLAT * max(float(values[-1]), np.finfo(np.float64).tiny)
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def mahalanobis(bank: FloatArray, classes: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Return the relative Mahalanobis distance: to the nearest class, minus to all rows as one.

    Ren et al. (2021), eq. 2: squared distances; one covariance shared by all classes, and one of
    all rows about their common mean.
    """
    _, code = np.unique(classes, return_inverse=True)
    sizes = np.bincount(code).astype(np.float64)
    means = np.stack([bank[code == c].mean(axis=0) for c in range(len(sizes))])
    centre = bank.mean(axis=0)
    own, common = whitening(bank - means[code]), whitening(bank - centre)
    places = (means - centre) @ own

    def score(features: FloatArray) -> FloatArray:
        moved = features - centre
        rows = moved @ own
        nearest = ((places**2).sum(axis=1) - 2.0 * rows @ places.T).min(axis=1)
        return np.asarray(nearest + (rows**2).sum(axis=1) - ((moved @ common) ** 2).sum(axis=1))

    return score


def principal(size: int, rows: int) -> int:
    """Return how many dimensions ViM takes as familiar.

    1,000 of 2,048 and more features and 512 of 768 and more (Wang et al. 2022, section 5, and
    their code); half of fewer. Never more than half of the rows, so that a residual is left.
    """
    own = next((d for least, d in (LARGE, MIDDLE) if size >= least), size // 2)
    return min(own, rows // 2)


def vim(
    bank: FloatArray, logits: FloatArray, weights: FloatArray, bias: FloatArray
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """Return the virtual logit minus the energy of the others.

    Wang, Li, Feng & Zhang (2022), eq. 5 to 7: features are taken from the origin
    ``-pinv(W) b``; the virtual logit is the length of what lies outside the principal space of
    the bank, times the ratio of the bank's mean largest logit to its mean length. This orders
    inputs as the probability of the virtual class does.
    """
    origin = -np.linalg.pinv(weights) @ bias
    moved = bank - origin
    _, vectors = np.linalg.eigh(moved.T @ moved / len(moved))
    outside = vectors[:, : bank.shape[1] - principal(bank.shape[1], len(bank))]
    length = float(np.linalg.norm(moved @ outside, axis=1).mean())
    alpha = float(logits.max(axis=1).mean()) / max(length, np.finfo(np.float64).tiny)

    def score(features: FloatArray, own: FloatArray) -> FloatArray:
        residual = np.linalg.norm((features - origin) @ outside, axis=1)
        return np.asarray(alpha * residual + energy(own))

    return score
