"""What each ask about calibration finds, and the drawings and tables of a split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from audit.calibrated import diagrams
from audit.calibrated.places import Place
from audit.calibrated.reliability import Reliability, stated
from audit.calibrated.rescaling import Rescaling
from audit.errors import NotApplicable
from audit.exhibits import Exhibit
from audit.measurement import Ask, Family, Interval, Measurement, Unit
from audit.observations import Observation, Observations
from audit.requests import Predict
from audit.stats.evidence import AnyEvidence
from audit.task import Classification

SHOWN = 8  # diagrams of groups and domains beside that of the whole


@dataclass(frozen=True)
class Figure:
    """One number with its evidence.

    Attributes
    ----------
    evidence : AnyEvidence or None
    n : int
    value : float or None
        Where it is not the evidence's own.
    why : str
        Why there is no value, or no evidence.
    """

    evidence: AnyEvidence | None
    n: int
    value: float | None = None
    why: str = ""


Figures = Callable[[Place], Figure]


def measurement(ask: Ask, place: Place, figure: Figure, unit: Unit) -> Measurement:
    """Wrap a figure with its name and its plain interval."""
    evidence = figure.evidence
    value = evidence.theta if evidence is not None else figure.value
    interval = Interval.of(evidence)
    if interval is not None:  # a bound may lie a hair below 0
        low, high = max(interval.low, 0.0), max(interval.high, 0.0)
        interval = Interval(low, high, interval.level, interval.method)
    at = f"[{place.slice}]" if place.slice.terms else ""
    return Measurement(
        id=f"{ask.measure}@{ask.split}{at}",
        measure=ask.measure,
        slice=place.slice,
        split=place.split,
        unit=unit,
        value=value,
        evidence=evidence,
        interval=interval,
        n=figure.n,
        label=place.label,
        why=figure.why,
    )


@dataclass(frozen=True)
class Held:
    """Outputs held against outcomes, each place worked out once.

    Attributes
    ----------
    task : Classification
    seen : Observations
    bins, draws, seed : int
    least : int
        Fewest rows of a half.
    """

    task: Classification
    seen: Observations
    bins: int
    draws: int
    seed: int
    least: int
    found: dict[object, Reliability] = field(default_factory=dict)
    halved: dict[str, Rescaling] = field(default_factory=dict)

    def answer(self, split: str) -> Observation:
        """Return the outputs on a split.

        Raises
        ------
        NotApplicable
            If only chosen labels were recorded.
        """
        answer = self.seen.outputs(Predict(split))
        if not answer.scored:
            raise NotApplicable(
                f'split "{split}" holds chosen labels without probabilities; name the column that '
                "holds them under score:"
            )
        return answer

    def at(self, place: Place) -> Reliability:
        """Return what was stated and observed in a place."""
        key = (place.split, place.slice, place.label)
        if key not in self.found:
            examples = self.seen.examples[place.split]
            confidence, right = stated(self.task, self.answer(place.split), examples, place.label)
            clusters = examples.clusters
            self.found[key] = Reliability(
                confidence[place.rows],
                right[place.rows],
                None if clusters is None else clusters[place.rows],
                self.bins,
                self.draws,
                self.seed,
            )
        return self.found[key]

    def of(self, m: Measurement) -> Reliability:
        """Return what a measurement was taken from."""
        return self.found[m.split, m.slice, m.label]

    def scaling(self, split: str) -> Rescaling:
        """Return the temperature of a split, tried on its other half."""
        if split not in self.halved:
            self.halved[split] = Rescaling(
                self.task,
                self.answer(split),
                self.seen.examples[split],
                self.bins,
                self.draws,
                self.seed,
                self.least,
            )
        return self.halved[split]

    def figures(self, ask: Ask) -> Figures:
        """Return what gives the figure of each place of an ask."""
        if ask.metric == "temperature":
            return self.temperature
        return self.rescaled if ask.metric == "rescaled" else self.error

    def error(self, place: Place) -> Figure:
        """Return the calibration error of a place."""
        found = self.at(place)
        return Figure(found.evidence, found.n, found.value, found.why)

    def temperature(self, place: Place) -> Figure:
        """Return the temperature of the first half."""
        scaling = self.scaling(place.split)
        n = int(scaling.first.sum())
        return Figure(None, n, why=scaling.why) if scaling.why else Figure(scaling.fitted, n)

    def rescaled(self, place: Place) -> Figure:
        """Return the calibration error of the second half at that temperature."""
        scaling = self.scaling(place.split)
        after = scaling.after
        if after is None:
            return Figure(None, int((~scaling.first).sum()), why=scaling.why)
        return Figure(after.evidence, after.n, after.value, after.why)

    def drawn(self, split: str, families: Sequence[Family]) -> list[Exhibit]:
        """Draw and tabulate what was asked about a split."""
        errors = [f for f in families if f.ask.metric == "error"]
        return [
            *self.planes(split, errors),
            *self.forests(errors),
            *self.tables(split, errors, [f for f in families if f.ask.metric == "classwise"]),
            *self.temperatures(split, families),
        ]

    def once(self, families: Sequence[Family]) -> list[tuple[Family, Measurement]]:
        """Return every measured place of some families once, with the family that names it."""
        places: dict[object, tuple[Family, Measurement]] = {}
        for family in families:
            for m in family.measurements:
                key = (m.split, m.slice, m.label)
                nowhere = family.ask.statistic != "overall" and not m.slice.terms
                if not nowhere and key in self.found and self.found[key].n:
                    places.setdefault(key, (family, m))
        return list(places.values())

    def planes(self, split: str, families: Sequence[Family]) -> Iterator[Exhibit]:
        """Draw the whole, then domains and groups, as many as are shown."""
        order = sorted(
            families, key=lambda f: ("overall", "domain", "worst").index(f.ask.statistic)
        )
        parts = 0
        for family, m in self.once(order):
            parts += bool(m.slice.terms)
            if parts > SHOWN:
                return
            name = diagrams.slug("calibration-reliability", split)
            title = "Stated and observed" + diagrams.on_split(split)
            if m.slice.terms:
                name, title = f"{name}-{parts}", f"{title}: {m.slice.name}"
            yield diagrams.plane(name, title, family, m, self.of(m), "the chosen class")

    def forests(self, families: Sequence[Family]) -> Iterator[Exhibit]:
        """Draw the errors of groups and of domains."""
        for family in families:
            if family.ask.statistic != "overall" and self.once([family]):
                by = "domain" if family.ask.statistic == "domain" else " and ".join(family.ask.by)
                yield diagrams.forest(family, f"Calibration error by {by}")

    def tables(
        self, split: str, errors: Sequence[Family], classwise: Sequence[Family]
    ) -> Iterator[Exhibit]:
        """Tabulate all slices of a split, and all classes."""
        for name, first, families, title in (
            ("slices", "Rows of", errors, "Stated and observed by slice"),
            ("classes", "Class", classwise, "Stated and observed by class"),
        ):
            lines = [(m.slice.name, m, self.of(m)) for _, m in self.once(families)]
            if lines:
                yield diagrams.table(
                    diagrams.slug("calibration", name, split),
                    title + diagrams.on_split(split),
                    first,
                    lines,
                    self.draws,
                )

    def temperatures(self, split: str, families: Sequence[Family]) -> Iterator[Exhibit]:
        """Tabulate the temperature and what it does, where there is one."""
        halved = any(f.ask.metric in ("temperature", "rescaled") for f in families)
        if halved and not self.scaling(split).why:
            yield diagrams.temperature_table(split, self.scaling(split))
