"""Ids and outputs of every row beside the result, for paired comparisons. Never inputs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audit.errors import OutputError
from audit.examples import Examples
from audit.observations import Observation, Observations
from audit.requests import Predict


def write_rows(folder: Path | None, seen: Observations, labels: Sequence[str]) -> dict[str, str]:
    """Write the model's own answers on every split; return the digests by split.

    Parameters
    ----------
    folder : Path or None
        None writes nothing.
    seen : Observations
    labels : sequence of str
        Of the model's outputs.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    if folder is None:
        return {}
    return {
        request.split: write_split(folder, seen.examples[request.split], answer, labels)
        for request, answer in seen.answers.items()
        if isinstance(request, Predict) and request == Predict(request.split)
    }


def write_split(
    folder: Path, examples: Examples, seen: Observation, labels: Sequence[str] = ()
) -> str:
    """Write ``<split>.parquet`` into ``folder``.

    Columns: ``id``; ``label`` (name) or ``target`` (value), where known; ``p(<label>)`` for each
    output label, or ``value`` for regression; ``failed``.

    Parameters
    ----------
    folder : Path
        ``data`` beside the result; made where it is missing.
    examples : Examples
        n rows.
    seen : Observation
        Outputs of the same n rows.
    labels : sequence of str
        Names of the output columns; empty for regression.

    Returns
    -------
    str
        BLAKE2b digest of the file, 32 hexadecimal characters.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    name = re.sub(r"[^\w.-]", "_", examples.split)
    path = folder / f"{name}.parquet"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table_of(examples, seen, labels), path, compression="zstd")
        return blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        raise OutputError(
            "the outputs of the rows cannot be written",
            where=str(error),
            hint="give a folder that can be written, with space left",
        ) from error


def table_of(examples: Examples, seen: Observation, labels: Sequence[str]) -> pa.Table:
    """Lay out the columns of one split."""
    columns: dict[str, object] = {"id": pa.array(examples.ids, type=pa.string())}
    if examples.labels is not None:
        codes = examples.labels.codes.astype(np.int32)
        names = pa.array(examples.labels.names, type=pa.string())
        columns["label"] = pa.DictionaryArray.from_arrays(codes, names)
    if examples.targets is not None:
        columns["target"] = examples.targets
    if seen.outputs.ndim == 1:
        columns["value"] = seen.outputs
    else:
        columns |= {f"p({name})": seen.outputs[:, i] for i, name in enumerate(labels)}
    if seen.decisions is not None:
        chosen = np.array([*labels, None], dtype=object)[seen.decisions]
        columns["decision"] = pa.array(chosen, type=pa.string())
    failed = np.zeros(len(examples), dtype=bool)
    failed[seen.failed] = True
    columns["failed"] = failed
    return pa.table(columns)
