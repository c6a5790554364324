"""Where requests look: a split, some of its rows, or these rows after a transform.

Texts and tables are changed when the plan is made, so that equal outcomes are found and predicted
once. Pictures are changed when they are needed: their plan knows them by input, name, version,
severity and seed (docs/decisions/0009-images.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from audit.engine.held import Held, Taken, digests_of
from audit.engine.masked import others_of, versions
from audit.errors import ModelError, did_you_mean
from audit.examples import Examples, Factor, IntArray
from audit.requests import Embed, Explain, Predict, Transform, unpacked
from audit.transform import Chance, TransformKind

Kinds = Mapping[str, TransformKind]
Asking = Predict | Embed | Explain


@dataclass(frozen=True)
class Later:
    """Inputs that are changed each time they are taken."""

    examples: Examples
    kind: TransformKind
    transform: Transform

    def __len__(self) -> int:
        return len(self.examples)

    def take(self, rows: IntArray) -> Any:
        """Return the inputs at some rows, changed."""
        return applied(self.examples, rows, self.kind, self.transform, None)


def place(request: Asking) -> str:
    """Name where a request looks: the split itself, or a part or a version of it."""
    words = [request.split]
    if not isinstance(request, Embed) and request.transform is not None:
        change = request.transform
        words.append(f"{change.name} {change.severity} {change.seed}")
    if request.rows:
        words.append(blake2b(request.rows, digest_size=8).hexdigest())
    if isinstance(request, Predict) and request.masks is not None:
        masks = request.masks
        words.append(f"{masks.baseline} {masks.seed}")
        words.append(blake2b(masks.parts + masks.kept, digest_size=8).hexdigest())
    return "\0".join(words)


def narrowed(examples: Examples, rows: bytes) -> Examples:
    """Return some rows of a split, as far as a model is asked about them."""
    if not rows:
        return examples
    at = unpacked(rows)
    return replace(
        examples,
        inputs=Taken(examples.inputs, at),
        digests=examples.digests[at],
        ids=examples.ids[at],
        recorded={role: taken(column, at) for role, column in examples.recorded.items()},
    )


def taken(column: Any, rows: IntArray) -> Any:
    """Return some rows of a recorded column: names, or numbers."""
    return Factor(column.codes[rows], column.names) if isinstance(column, Factor) else column[rows]


def source(
    request: Asking, examples: Mapping[str, Examples], kinds: Kinds, references: dict[str, Any]
) -> Examples:
    """Return what a request asks about, named by its place.

    Parameters
    ----------
    request : Predict, Embed or Explain
    examples : mapping of split name to Examples
    kinds : mapping of str to TransformKind
    references : dict of split name to `reference_of` it
        Filled in here, so that a table is read out once for all transforms; and with the inputs
        that parts of others are replaced by.

    Raises
    ------
    ModelError
        If there is no such transform, it is for inputs of another kind, or it fails.
    """
    whole = examples[request.split]
    rows = narrowed(whole, request.rows)
    if not isinstance(request, Embed) and request.transform is not None:
        if request.split not in references:
            references[request.split] = reference_of(whole)
        rows = altered(rows, request.transform, kinds, references[request.split])
    if isinstance(request, Predict) and request.masks is not None:
        key = f"{request.split}\0others"
        if key not in references:
            references[key] = others_of(whole)
        rows = versions(rows, request.masks, references[key])
    return replace(rows, split=place(request))


def altered(examples: Examples, transform: Transform, kinds: Kinds, reference: Any) -> Examples:
    """Return the rows after a transform; equal inputs are changed once."""
    if transform.severity == 0:
        return examples
    kind = kind_of(transform, examples, kinds)
    if examples.modality == "image":
        version = f"{transform.name}\0{kind.sheet.version}\0{transform.severity}\0{transform.seed}"
        digests = b"".join(
            blake2b(d.ljust(16, b"\0") + version.encode(), digest_size=16).digest()
            for d in examples.digests.tolist()
        )
        later = Later(examples, kind, transform)
        return replace(examples, inputs=later, digests=np.frombuffer(digests, dtype="S16"))
    _, first, back = np.unique(examples.digests, return_index=True, return_inverse=True)
    changed = applied(examples, first, kind, transform, reference)
    held = Held(changed)
    return replace(examples, inputs=Taken(held, back), digests=digests_of(changed)[back])


def applied(
    examples: Examples, rows: IntArray, kind: TransformKind, transform: Transform, reference: Any
) -> Any:
    """Apply a transform to some rows.

    Raises
    ------
    ModelError
        If it raises, or returns another number of inputs.
    """
    inputs = examples.inputs.take(rows)
    chance = Chance(examples.digests[rows], luck(transform), reference)
    try:
        changed = kind.apply(inputs, transform.severity, chance)
    except Exception as error:  # a transform may be a guest
        raise failed(transform, f"{type(error).__name__}: {error}") from error
    if len(changed) != len(rows):
        raise failed(transform, f"it returned {len(changed)} inputs for {len(rows)}")
    return changed


def luck(transform: Transform) -> int:
    """Return the seed of a transform's luck: severities share it, so that they grow."""
    key = blake2b(f"{transform.name}\0{transform.seed}".encode(), digest_size=6)
    return int.from_bytes(key.digest(), "little")


def failed(transform: Transform, why: str) -> ModelError:
    """Say that a transform did not work."""
    return ModelError(
        f'the transform "{transform.name}" (severity {transform.severity}) failed',
        where=why,
        hint="leave it out under probes.<probe>.transforms, or mend it",
    )


def kind_of(transform: Transform, examples: Examples, kinds: Kinds) -> TransformKind:
    """Return a transform by name, for the kind of inputs that there are."""
    if transform.name not in kinds:
        raise ModelError(
            f'unknown transform "{transform.name}"', hint=did_you_mean(transform.name, kinds)
        )
    kind = kinds[transform.name]
    if kind.sheet.modality != examples.modality:
        raise ModelError(
            f'the transform "{transform.name}" changes {kind.sheet.modality} inputs, and those of '
            f'split "{examples.split}" are {examples.modality or "of no known kind"}'
        )
    return kind


def reference_of(examples: Examples) -> Any:
    """Return the rows that say how the columns of a table are spread; None for other inputs."""
    if examples.modality != "tabular":
        return None
    return examples.inputs.take(np.arange(len(examples)))


def changed_inputs(examples: Examples, rows: IntArray, transform: Transform) -> Any:
    """Return some inputs as a transform leaves them, for showing.

    Parameters
    ----------
    examples : Examples
    rows : (k,) int array
    transform : Transform

    Raises
    ------
    ModelError
        As `source`.
    """
    from audit import registry

    kind = kind_of(transform, examples, registry.transforms())
    return applied(examples, rows, kind, transform, reference_of(examples))
