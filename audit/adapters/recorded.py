"""Predictions that were made elsewhere and lie in columns of the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec
import numpy as np

from audit.adapters.options import ModelOptions
from audit.data import MISSING
from audit.errors import ModelError, did_you_mean
from audit.examples import Examples, Factor, FloatArray, IntArray
from audit.model import ModelCard


def load(ref: str, options: ModelOptions, *, base: Path) -> RecordedModel:  # noqa: ARG001
    """Stand in for a model by its recorded predictions.

    Labels come from the options, or from the data by `RecordedModel.bound_to`.
    """
    task = options.task or "classification"
    card = ModelCard(
        name=f"recorded:{ref}".rstrip(":"),
        kind="recorded",
        task=task,
        labels=() if task == "regression" else options.labels,
        revision=options.revision,
        fingerprint="recorded",
        cacheable=False,
    )
    return RecordedModel(card, options)


@dataclass(frozen=True)
class RecordedModel:
    """Reads outputs from `Examples.recorded`: ``prediction``, ``score``, or both."""

    card: ModelCard
    options: ModelOptions
    scored: bool = False

    def bound_to(self, splits: Mapping[str, Examples]) -> RecordedModel:
        """Return the model with what only the data know: labels, digest, whether scores are there.

        Raises
        ------
        ModelError
            If a score is recorded and it is not clear what it is the probability of.
        """
        rows = splits.values()
        scored = all("score" in e.recorded for e in rows)
        labels = () if self.card.task == "regression" else self.card.labels or names_in(rows)
        if scored and labels:
            check_score_labels(labels, self.options.positive)
        words = [e.fingerprint for e in rows] + list(labels)
        digest = blake2b("\n".join(words).encode(), digest_size=16).hexdigest()
        card = msgspec.structs.replace(self.card, labels=labels, fingerprint=digest)
        return RecordedModel(card, self.options, scored)

    def recall(self, examples: Examples) -> FloatArray:
        """Return ``(n, labels)`` probabilities, or ``(n,)`` values; NaN where none is recorded.

        With a score the outputs are probabilities, whatever the recorded prediction: the label
        that was chosen beside it is what `decisions` returns.

        Raises
        ------
        ModelError
            If the columns are not there, or do not fit the labels.
        """
        if self.card.task == "regression":
            return np.asarray(self.column(examples, "prediction"), dtype=np.float64)
        if not self.card.labels:
            raise ModelError("recorded predictions need labels", hint="bind the model to its data")
        if "score" in examples.recorded:
            return self.of_scores(examples.recorded["score"])
        codes = self.codes(examples)
        outputs = np.zeros((len(codes), len(self.card.labels)))
        outputs[np.arange(len(codes)), np.maximum(codes, 0)] = 1.0
        outputs[codes < 0] = np.nan
        return outputs

    def decisions(self, examples: Examples) -> IntArray | None:
        """Return the recorded label of each row as an index, -1 where none; None without scores."""
        if self.card.task == "regression" or not {"prediction", "score"} <= set(examples.recorded):
            return None
        return self.codes(examples)

    def column(self, examples: Examples, role: str) -> Factor | FloatArray:
        """Return a recorded column."""
        if role not in examples.recorded:
            raise ModelError(
                f'split "{examples.split}" has no recorded {role}',
                hint=f"set {role}: to the column that holds it",
            )
        return examples.recorded[role]  # type: ignore[no-any-return]

    def codes(self, examples: Examples) -> IntArray:
        """Return recorded labels as indices into the card's labels; -1 where none is recorded."""
        factor = self.column(examples, "prediction")
        assert isinstance(factor, Factor)  # classification columns are read as names
        index = {label: i for i, label in enumerate(self.card.labels)} | {MISSING: -1}
        unknown = [name for name in factor.names if name not in index]
        if unknown:
            raise ModelError(
                f'{int(factor.has(unknown[0]).sum()):,} rows of split "{examples.split}" record '
                f'the prediction "{unknown[0]}", which is not a label',
                where="labels: " + ", ".join(self.card.labels),
                hint=did_you_mean(unknown[0], self.card.labels) + " label_map: renames values",
            )
        return np.array([index[name] for name in factor.names], dtype=np.int64)[factor.codes]

    def of_scores(self, scores: FloatArray) -> FloatArray:
        """Spread P(positive) over two columns."""
        outside = np.flatnonzero((scores < 0) | (scores > 1))
        if len(outside):
            raise ModelError(
                f"{len(outside):,} recorded scores lie outside 0 to 1",
                where=f"first at row {outside[0]} (the first is 0): {scores[outside[0]]:g}",
                hint="a score is the probability of the positive label; convert margins or "
                "percentages first",
            )
        check_score_labels(self.card.labels, self.options.positive)
        columns = [scores, 1.0 - scores]
        first = self.card.labels[0] == self.options.positive
        return np.stack(columns if first else columns[::-1], axis=1)


def names_in(rows: Iterable[Examples]) -> tuple[str, ...]:
    """Return every label that is a target or a prediction, sorted."""
    found: set[str] = set()
    for examples in rows:
        for factor in (examples.labels, examples.recorded.get("prediction")):
            if isinstance(factor, Factor):
                found.update(factor.names)
    return tuple(sorted(found - {MISSING}))


def check_score_labels(labels: tuple[str, ...], positive: str | None) -> None:
    """Refuse scores that one column cannot say: more than two labels, or no positive one."""
    if len(labels) != 2:
        raise ModelError(
            f"a recorded score is the probability of one of two labels; there are {len(labels)}",
            where="labels: " + ", ".join(labels),
            hint="leave score: out and record prediction: alone, or set labels: to two",
        )
    if positive not in labels:
        raise ModelError(
            f'positive: "{positive}" is not a label' if positive
            else "a recorded score needs positive:",
            hint="set positive: to the label that the score is the probability of: "
            + " or ".join(labels),
        )  # fmt: skip
