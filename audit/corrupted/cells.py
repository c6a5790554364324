"""What is asked about one split: each way of changing it at each severity."""

from __future__ import annotations

from dataclasses import dataclass

from audit.examples import IntArray
from audit.requests import Predict, Transform, packed
from audit.ways import Way


@dataclass(frozen=True)
class Cells:
    """What is asked about one split: each way at each severity, on the same rows.

    Attributes
    ----------
    split : str
    rows : (n,) int array
        Positions in the split.
    whole : bool
        Whether these are all rows.
    ways : tuple of Way
    severities : tuple of int
    seed : int
    """

    split: str
    rows: IntArray
    whole: bool
    ways: tuple[Way, ...]
    severities: tuple[int, ...]
    seed: int

    def request(self, way: Way | None = None, severity: int = 0) -> Predict:
        """Return the request of one cell; without a way, that of the unchanged inputs."""
        rows = b"" if self.whole else packed(self.rows)
        if way is None:
            return Predict(self.split, rows=rows)
        change = Transform(way.sheet.name, severity, self.seed)
        return Predict(self.split, rows=rows, transform=change)

    def requests(self) -> list[Predict]:
        """Return every request, the unchanged inputs first."""
        return [
            self.request(),
            *(self.request(w, s) for w in self.ways for s in self.severities),
        ]

    @property
    def tested(self) -> tuple[Way, ...]:
        """The ways that requirements are about."""
        return tuple(w for w in self.ways if w.tested)
