"""From a loaded data set and the roles of its columns to `Examples`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from datasets import ClassLabel, Dataset

from audit.adapters import digests as dg
from audit.adapters.columns import (
    binned,
    clusters_of,
    factor_of,
    is_text,
    numbers_of,
    texts_of,
)
from audit.adapters.image_inputs import ImageInputs, is_image
from audit.adapters.options import SplitRoles
from audit.adapters.tables import from_object
from audit.data import MISSING
from audit.errors import DataError, did_you_mean
from audit.examples import Examples, Factor, FloatArray, Inputs, IntArray


@dataclass(frozen=True)
class ListInputs:
    """One input column."""

    values: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> list[Any]:
        """Return the values at ``rows``."""
        return list(self.values[rows])


@dataclass(frozen=True)
class FrameInputs:
    """Several input columns."""

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: IntArray) -> pd.DataFrame:
        """Return the rows at ``rows``, numbered from 0."""
        return self.frame.take(rows).reset_index(drop=True)


def examples_from(table: Any, split_name: str, roles: SplitRoles) -> Examples:
    """Read a split into memory by role.

    Parameters
    ----------
    table : datasets.Dataset, or what `audit.adapters.tables.from_object` takes
        n rows.
    split_name : str
        Name of the split in the audit.
    roles : SplitRoles

    Raises
    ------
    DataError
        For a column that is missing (exit code 2), no rows, rows without a label, a text or an
        image, and cells that are not numbers where numbers are needed.
    """
    dataset = from_object(table, name=f'split "{split_name}"')
    used = list(dict.fromkeys(column for _, column in roles.named()))
    check_columns(dataset, split_name, roles)
    if len(dataset) == 0:
        raise DataError(f'split "{split_name}" has no rows')
    arrow = dataset.select_columns(used).with_format("arrow")[:]
    image = image_column(dataset.features, split_name, roles)
    cells = {name: cells_of_column(arrow[name], name, image=name == image) for name in used}
    rows = dg.row_digests(sorted(cells.items()))
    inputs, digests = inputs_of(arrow, roles, cells, rows, image=bool(image))
    reader = Reader(arrow, dict(dataset.features), roles)
    return Examples(
        split=split_name,
        inputs=inputs,
        digests=digests,
        ids=reader.ids(rows),
        labels=None if roles.target_is_number else reader.labels(),
        targets=reader.targets() if roles.target_is_number else None,
        groups={name: reader.group(name) for name in roles.groups},
        clusters=None if roles.cluster is None else clusters_of(reader.factor(roles.cluster)),
        recorded=reader.recorded(),
        fingerprint=dg.fingerprint_of(used, rows),
        modality="image" if image else modality_of(arrow, roles),
    )


def modality_of(table: pa.Table, roles: SplitRoles) -> str:
    """Say what kind of inputs a model is given; empty for none, or one that no transform fits."""
    if len(roles.input) > 1:
        return "tabular"
    return "text" if roles.input and is_text(table[roles.input[0]].type) else ""


def image_column(features: Mapping[str, Any], split_name: str, roles: SplitRoles) -> str:
    """Return the input column if it holds images; empty for other inputs.

    Raises
    ------
    DataError
        If images stand beside other inputs.
    """
    found = [name for name in roles.input if is_image(features[name])]
    if found and len(roles.input) > 1:
        raise DataError(
            f'split {split_name} gives a model the images of "{found[0]}" and other columns',
            where="input: " + ", ".join(roles.input),
            hint="images are an input of their own: name their column alone under input:",
            exit_code=2,
        )
    return found[0] if found else ""


def check_columns(dataset: Dataset, split_name: str, roles: SplitRoles) -> None:
    """Refuse roles that name no column, and roles without any."""
    known = list(dataset.column_names)
    for role, column in roles.named():
        if column not in known:
            raise DataError(
                f'column "{column}" ({role}) is missing from {split_name}',
                where="found: " + ", ".join(known),
                hint=did_you_mean(column, known),
                exit_code=2,
            )
    if not roles.input and roles.prediction is None and roles.score is None:
        raise DataError(
            f"split {split_name} names no input column",
            where="found: " + ", ".join(known),
            hint="set input:, or prediction: or score: where predictions are recorded",
            exit_code=2,
        )


def cells_of_column(column: pa.ChunkedArray, name: str, *, image: bool = False) -> dg.Cells:
    """Encode a column for hashing; texts and images go row by row, since most are distinct."""
    if image:
        flat = dg.image_digests(ImageInputs(column).contents(name))
        return np.frombuffer(flat.tobytes(), dtype=np.uint8).reshape(-1, dg.SIZE)
    if is_text(column.type) and not column.null_count:
        flat = dg.text_digests(column.to_pylist())
        return np.frombuffer(flat.tobytes(), dtype=np.uint8).reshape(-1, dg.SIZE)
    return dg.cells_of(column.to_pandas(), name)


def inputs_of(
    table: pa.Table,
    roles: SplitRoles,
    cells: Mapping[str, dg.Cells],
    rows: dg.Digests,
    *,
    image: bool = False,
) -> tuple[Inputs, dg.Digests]:
    """Return what the model is given, and the digest of each input."""
    if not roles.input:
        return ListInputs(np.full(len(table), None, dtype=object)), rows
    if len(roles.input) > 1:
        frame = table.select(list(roles.input)).to_pandas()
        return FrameInputs(frame), dg.row_digests([(c, cells[c]) for c in roles.input])
    name = roles.input[0]
    column = table[name]
    if image:
        return ImageInputs(column), np.frombuffer(cells[name].tobytes(), dtype="S16")
    if is_text(column.type) or pa.types.is_null(column.type):
        texts = texts_of(column, name)
        return ListInputs(texts), np.frombuffer(cells[name].tobytes(), dtype="S16")
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_pylist()
    return ListInputs(values), np.frombuffer(cells[name].tobytes(), dtype="S16")


@dataclass(frozen=True)
class Reader:
    """The columns of one split, read by role."""

    table: pa.Table
    features: Mapping[str, Any]
    roles: SplitRoles

    def factor(self, name: str, rename: Mapping[str, str] | None = None) -> Factor:
        """Code a column; the codes of a ``ClassLabel`` feature are given their names."""
        feature = self.features.get(name)
        names = feature.names if isinstance(feature, ClassLabel) else None
        return factor_of(self.table[name], names=names, rename=rename)

    def numbers(self, name: str, role: str) -> FloatArray:
        """Read a column as numbers."""
        return numbers_of(self.table[name], name, role)

    def group(self, name: str) -> Factor:
        """Code a group column, by ranges where bins are given."""
        edges = self.roles.bins.get(name)
        return self.factor(name) if not edges else binned(self.numbers(name, "group"), edges)

    def labels(self) -> Factor | None:
        """Code the target; every row must have one."""
        name = self.roles.label
        if name is None:
            return None
        labels = self.factor(name, self.roles.label_map)
        check_complete(labels.has(MISSING), name)
        return labels

    def targets(self) -> FloatArray | None:
        """Read the numeric target; every row must have one."""
        name = self.roles.label
        if name is None:
            return None
        targets = self.numbers(name, "label")
        check_complete(np.isnan(targets), name)
        return targets

    def ids(self, rows: dg.Digests) -> npt.NDArray[np.object_]:
        """Return the user's ids as text, else the digest of each row."""
        if self.roles.id is None:
            return dg.hex_of(rows)
        factor = self.factor(self.roles.id)
        return np.array(factor.names, dtype=object)[factor.codes]

    def recorded(self) -> dict[str, Any]:
        """Read predictions that were made elsewhere."""
        out: dict[str, Any] = {}
        if self.roles.prediction is not None:
            out["prediction"] = (
                self.numbers(self.roles.prediction, "prediction")
                if self.roles.target_is_number
                else self.factor(self.roles.prediction, self.roles.label_map)
            )
        if self.roles.score is not None:
            out["score"] = self.numbers(self.roles.score, "score")
        return out


def check_complete(missing: npt.NDArray[np.bool_], name: str) -> None:
    """Refuse rows without a target."""
    if missing.any():
        raise DataError(
            f'column "{name}" (label) is missing in {int(missing.sum()):,} of {len(missing):,} '
            "rows",
            where=f"first at row {int(np.argmax(missing))} (the first is 0)",
            hint="remove the rows without a label before the audit, and say so: "
            "a figure on the labelled rows is about the labelled rows",
        )
