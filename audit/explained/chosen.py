"""Which explainer is meant, which inputs are explained, and which margin."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from audit import registry
from audit.domains import DomainRules
from audit.errors import ConfigError, NotApplicable, did_you_mean
from audit.examples import Examples, FloatArray, IntArray
from audit.explainer import ByMasks, Chosen, Explainer
from audit.margins import rivals
from audit.model import ModelCard
from audit.observations import Observation
from audit.requests import Explain, Transform, packed
from audit.sampled import answerable, chosen_rows, home
from audit.task import Classification, Task

# The first that the model allows is meant where none is named: what it opens is sharper and cheaper
# than what can be learned from its answers alone.
PREFERRED = {"gradients": "integrated-gradients", "trees": "tree-shap", "": "kernel-shap"}


def check_explainer(name: str, settings: Mapping[str, float]) -> None:
    """Refuse an explainer or a setting that there is not, as a probe is made.

    Raises
    ------
    ConfigError
        With the nearest known name.
    """
    if not name:
        if settings:
            raise ConfigError(
                "settings: without explainer:", hint="name the explainer that they are of"
            )
        return
    known = registry.explainers()
    if name not in known:
        raise ConfigError(f'unknown explainer "{name}"', hint=did_you_mean(name, known))
    known[name].sheet.settled(settings)


def chosen_explainer(card: ModelCard, name: str, settings: Mapping[str, float]) -> Chosen:
    """Return the explainer that is named, or the one that is meant for a model.

    Raises
    ------
    NotApplicable
        If the model does not allow it, or it is not installed.
    """
    known = registry.explainers()
    wanted = name or next(
        PREFERRED[needs] for needs in (*PREFERRED,) if needs in card.opens or not needs
    )
    if wanted not in known:
        raise NotApplicable(f"the explainer {wanted} is not installed")
    explainer: Explainer = known[wanted]
    needs = explainer.sheet.needs
    if needs != "predictions" and needs not in card.opens:
        what = {"gradients": "gradients", "trees": "trees that can be read"}[needs]
        raise NotApplicable(
            f"{wanted} needs {what}, and {card.name} has none: leave explainer: out, or name one "
            "that needs predictions alone (kernel-shap, lime, occlusion)"
        )
    return Chosen(explainer.sheet, settings)


def explained_rows(
    examples: Examples, card: ModelCard, rules: DomainRules, most: int, seed: int
) -> IntArray:
    """Return the rows that are explained, in distribution where the rules tell.

    They are among those that corruptions are measured on under the same seed, where these are as
    many.

    Raises
    ------
    NotApplicable
        If the model cannot be asked about versions of inputs.
    """
    answerable(examples, card)
    if not examples.modality:
        raise NotApplicable(f'no model is given the rows of split "{examples.split}"')
    rows = chosen_rows(examples, home(examples, rules), most, seed)
    if not len(rows):
        raise NotApplicable(f'no row of split "{examples.split}" is in distribution')
    return rows


def versions_behind(chosen: Chosen, examples: Examples, rows: IntArray) -> IntArray:
    """Return how many versions of each input its explanation is made of; 0 without predictions.

    An explainer that asks for answers alone has the empty input predicted beside them.
    """
    explainer = registry.explainers().get(chosen.sheet.name)
    if not isinstance(explainer, ByMasks):
        return np.zeros(len(rows), dtype=np.int64)
    parts = registry.modality(examples.modality).parts(examples.inputs.take(rows))
    settings = chosen.sheet.settled(chosen.given)
    luck = np.random.default_rng(0)  # how many there are does not depend on it
    counts = {int(k): len(explainer.kept(int(k), luck, settings)) for k in set(parts) if k}
    return np.array([1 + counts.get(int(k), 0) for k in parts], dtype=np.int64)


def pair_of_classes(task: Task, seen: Observation) -> IntArray | None:
    """Return for each row the class that the model chooses and the most probable other one.

    None for a regression: its value is explained.

    Raises
    ------
    NotApplicable
        If the model answers with labels alone.
    """
    if not isinstance(task, Classification):
        return None
    if not seen.scored:
        raise NotApplicable(
            "the model answers with labels alone: without probabilities there is no margin to "
            "explain"
        )
    chosen = task.decide(seen)
    ranked = rivals(seen.outputs)
    other = np.where(ranked[:, 0] == chosen, ranked[:, 1], ranked[:, 0])
    return np.column_stack([chosen, other]).astype(np.int64)


def explain_request(
    split: str,
    rows: IntArray,
    chosen: Chosen,
    classes: IntArray | None,
    *,
    seed: int = 0,
    transform: Transform | None = None,
    randomised: float = 0.0,
) -> Explain:
    """Return the request for explanations of some rows, of one class against another.

    Parameters
    ----------
    split : str
    rows : (n,) int array
    chosen : Chosen
    classes : (n, 2) int array, optional
        As `pair_of_classes`.
    seed, transform, randomised
        As `audit.requests.Explain`.
    """
    pairs = b"" if classes is None else packed(classes.ravel())
    return Explain(
        split, chosen.sheet.name, packed(rows), pairs, transform, seed, chosen.settings, randomised
    )


def shares(attributions: FloatArray) -> FloatArray:
    """Return attributions divided by the sum of their absolute values, row by row."""
    whole = np.nansum(np.abs(attributions), axis=1, keepdims=True)
    return np.asarray(np.divide(attributions, whole, where=whole > 0,
                                out=np.where(np.isnan(attributions), np.nan, 0.0)))  # fmt: skip
