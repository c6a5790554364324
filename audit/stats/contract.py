"""What every kind of evidence answers."""

from __future__ import annotations

from typing import Literal, Protocol

Side = Literal["over", "under"]


class Evidence(Protocol):
    """Sufficient statistics of one parameter theta, with the tests that decide about it.

    A verdict needs nothing else, so a stored result can be judged again under another policy.
    The methods of all members mean what is said here.
    """

    @property
    def theta(self) -> float | None:
        """Point estimate; None where it is undefined."""

    @property
    def n(self) -> int:
        """Number of observations."""

    def p_over(self, tau: float) -> float:
        """Return the p-value of H0: theta <= tau; small means proven over."""

    def p_under(self, tau: float) -> float:
        """Return the p-value of H0: theta >= tau; small means proven under."""

    def lower(self, alpha: float, near: float | None = None) -> float:
        """Return the lower confidence bound at one-sided level `alpha`: `p_over` inverted.

        With `near` it lies strictly above that margin if and only if ``p_over(near) <= alpha``.
        Limits of the parameter, possibly infinite, where nothing is excluded.
        """

    def upper(self, alpha: float, near: float | None = None) -> float:
        """Return the upper confidence bound: the mirror image of `lower`, from `p_under`."""

    def interval(self, level: float = 0.95) -> tuple[float, float, str]:
        """Return the plain two-sided interval (low, high) and the name of its method."""

    def power(self, at: float, tau: float, alpha: float, side: Side) -> float:
        """Return P(the test of `side` at `tau` has p <= alpha) when theta = at, at these sizes."""

    def detectable(self, tau: float, alpha: float, side: Side, target: float = 0.9) -> float | None:
        """Return the theta nearest to tau, beyond it on `side`, that has power `target`.

        None if there is none in the parameter's range.
        """

    def n_factor(
        self, tau: float, alpha_over: float, alpha_under: float, target: float = 0.9
    ) -> float | None:
        """Return the factor on all sizes that settles the question with probability `target`.

        The point estimate is taken for the truth: over is to be proven if it exceeds tau, under
        if it falls short. None if it is undefined, lies at tau, or no size suffices.
        """


class MergeError(ValueError):
    """Two pieces of evidence cannot be combined into that of the union."""
