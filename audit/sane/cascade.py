"""What is asked about one split: explanations of the network, and of it with random layers."""

from __future__ import annotations

from dataclasses import dataclass

from audit.errors import NotApplicable
from audit.examples import Examples, IntArray
from audit.explained.chosen import explain_request, pair_of_classes
from audit.explainer import Chosen
from audit.observations import Observations
from audit.requests import Explain, Predict, Request, packed
from audit.task import Task


@dataclass(frozen=True)
class Cascade:
    """What is asked about one split; explanations need the answers first.

    Attributes
    ----------
    examples : Examples
        The split.
    rows : (n,) int array
        Those that are explained.
    chosen : Chosen
        The explainer.
    depths : tuple of float
        Shares of the layers, counted from the output, that are given random weights; ascending.
    draws : int
        Random networks of each depth.
    task : Task
    seed : int
    """

    examples: Examples
    rows: IntArray
    chosen: Chosen
    depths: tuple[float, ...]
    draws: int
    task: Task
    seed: int

    @property
    def first(self) -> Predict:
        """The request for the answers to the inputs."""
        return Predict(self.examples.split, rows=packed(self.rows))

    def classes(self, seen: Observations) -> IntArray | None:
        """Return the class that is explained and the one it is held against, for each row.

        Raises
        ------
        NotApplicable
            If the model answers with labels alone.
        """
        return pair_of_classes(self.task, seen.outputs(self.first))

    def explain(self, seen: Observations, depth: float = 0.0, draw: int = 0) -> Explain:
        """Return the request for explanations; the classes are those of the network as it is."""
        return explain_request(
            self.examples.split,
            self.rows,
            self.chosen,
            self.classes(seen),
            seed=self.seed + draw,
            randomised=depth,
        )

    def requests(self, seen: Observations) -> list[Request]:
        """Return everything that can be asked so far."""
        if self.first not in seen.answers:
            return [self.first]
        own = self.explain(seen)
        if own not in seen.answers:
            return [self.first, own]
        seen.explanations(own)
        random = [self.explain(seen, d, i) for d in self.depths for i in range(self.draws)]
        return [self.first, own, *random]


def check_network(opens: tuple[str, ...]) -> None:
    """Refuse a model without layers that could be made random.

    Raises
    ------
    NotApplicable
    """
    if "gradients" not in opens:
        raise NotApplicable(
            "only a network that is open to gradients has layers that can be given random weights; "
            "trees and models that only answer have none"
        )


def check_inside(chosen: Chosen) -> None:
    """Refuse an explainer that does not look into the network.

    Raises
    ------
    NotApplicable
    """
    if chosen.sheet.needs != "gradients":
        raise NotApplicable(
            f"{chosen.sheet.name} does not look into the network, so that no layer can be made "
            "random under it: leave explainer: out, or name one that needs gradients"
        )
