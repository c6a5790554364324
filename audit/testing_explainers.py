"""Contract checks of explainers and modalities, built-in or guest.

Call them from your own tests::

    from audit.testing import check_explainer, check_modality
    def test_contract():
        check_explainer(MY_EXPLAINER)

Every check raises `AssertionError` with the broken promise.
"""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from audit.engine.held import Held
from audit.examples import IntArray
from audit.explainer import ByMasks, ByModel, Explained, Explainer, ExplainerSheet, Job, Needs
from audit.modality import BoolArray, Modality
from audit.sample_inputs import contents, sample_inputs
from audit.transform import Chance

PARTS = (1, 2, 5, 12, 40)
SUMS = 1e-6  # how far a sum of attributions may lie from the margin's change, as a share of it
SAME = 1e-9
FLOATS = 1e-4  # the same for networks, which count in single precision
ROWS, COLUMNS = 40, 4


def check_modality(modality: Modality, inputs: Any = None) -> None:
    """Check that inputs are cut, masked, matched and named alike, each by its content alone.

    Parameters
    ----------
    modality : Modality
    inputs : list or data frame, optional
        At least three inputs that differ; sample inputs of the modality where none are given.
    """
    assert modality.name == modality.name.lower(), "the name is in small letters"
    assert modality.noun, "a part is called something"
    assert len(modality.baselines) >= 2, "one baseline for nothing, one drawn from other inputs"
    assert len(set(modality.baselines)) == len(modality.baselines), "baselines have their own names"
    if inputs is None:
        inputs, digests = sample_inputs(modality.name)
    else:
        digests = np.array([f"input {i}".encode().ljust(16) for i in range(len(inputs))])
    before = contents(inputs)
    parts = check_parts(modality, inputs)
    nothing = Held(inputs).take(np.array([], dtype=np.int64))
    assert len(modality.parts(nothing)) == 0, "no input has no parts"
    assert modality.matched(nothing, nothing) == [], "no input has no counterparts"
    assert list(modality.names(nothing)) == [], "no input has no names"
    for baseline in modality.baselines:
        check_baseline(modality, inputs, digests, baseline, parts)
    assert contents(inputs) == before, "no input is changed in place"


def check_parts(modality: Modality, inputs: Any) -> IntArray:
    """Check that parts are counted, matched and named alike; return how many there are."""
    parts = np.asarray(modality.parts(inputs))
    assert parts.shape == (len(inputs),), "parts are counted input by input"
    assert np.issubdtype(parts.dtype, np.integer), "parts are counted in whole numbers"
    assert parts.any(), "the sample inputs have parts"
    named = [len(names) for names in modality.names(inputs)]
    assert named == parts.tolist(), "every part has a name"
    same = [np.asarray(places).tolist() for places in modality.matched(inputs, inputs)]
    assert same == [list(range(k)) for k in parts], "a part of an unchanged input is its own match"
    return np.asarray(parts, dtype=np.int64)


def check_baseline(
    modality: Modality, inputs: Any, digests: Any, baseline: str, parts: IntArray
) -> None:
    """Check what is put in the place of parts that are taken away."""
    before = contents(inputs)

    def masked(rows: IntArray, kept: list[BoolArray]) -> list[bytes]:
        chance = Chance(digests[rows], 1, inputs)
        made = modality.masked(Held(inputs).take(rows), kept, baseline, chance)
        assert len(made) == len(rows), "as many versions come back as were asked for"
        return contents(made) if len(made) else []

    rows = np.arange(len(inputs))
    assert masked(rows[:0], []) == [], "no input has no versions"
    assert masked(rows, [np.ones(k, dtype=bool) for k in parts]) == before, (
        "an input that keeps every part is the input itself"
    )
    rng = np.random.default_rng(0)
    twice = np.repeat(rows, 2)
    kept = [rng.random(k) < 0.5 if v % 2 else np.zeros(k, bool) for v, k in enumerate(parts[twice])]
    found = masked(twice, kept)
    assert found == masked(twice, kept), "the same seed gives the same bytes"
    back = np.arange(len(twice))[::-1]
    assert masked(twice[back], [kept[v] for v in back])[::-1] == found, "place changes nothing"
    alone = [masked(twice[[v]], [kept[v]])[0] for v in range(len(twice))]
    assert alone == found, "company changes nothing"
    assert found[::2] != before, "an input without its parts is another input"


def check_explainer(explainer: Explainer, opened: Any = None, job: Job | None = None) -> None:
    """Check an explainer's sheet, and what it makes of a game or a model that is known.

    Parameters
    ----------
    explainer : ByMasks or ByModel
    opened : object, optional
        For `ByModel`: what it is given of a model. A small one is made where none is given.
    job : Job, optional
        For `ByModel`: some inputs of that model.
    """
    check_sheet(explainer.sheet)
    if isinstance(explainer, ByMasks):
        assert explainer.sheet.needs == "predictions", "what asks for masks needs predictions alone"
        for parts in PARTS:
            check_masks(explainer, parts)
            check_solution(explainer, parts)
        return
    assert explainer.sheet.needs != "predictions", "what is given a model says what it needs of it"
    if opened is None or job is None:
        opened, job = small_model(explainer)
    check_explained(explainer, opened, job)


def check_sheet(sheet: ExplainerSheet) -> None:
    """Check that a reader is told what an explainer is."""
    assert sheet.name == sheet.name.lower().replace(" ", "-"), "a kebab-case noun"
    assert all((sheet.title, sheet.says)), "the sheet is filled in"
    assert sheet.needs in get_args(Needs), "it needs predictions, gradients or trees"
    assert sheet.settings.keys() == sheet.meaning.keys(), "every setting is explained"


def check_masks(explainer: ByMasks, parts: int) -> None:
    """Check the versions that are asked for: of one shape, by the luck that is given."""
    settings = explainer.sheet.settled({})

    def kept(seed: int) -> BoolArray:
        return np.asarray(explainer.kept(parts, np.random.default_rng(seed), settings))

    first = kept(1)
    assert first.shape == (len(first), parts), "versions are (m, parts)"
    assert first.dtype == bool, "a part stays or does not"
    assert np.array_equal(first, kept(1)), "the same luck gives the same versions"
    if not explainer.sheet.seeded:
        assert np.array_equal(first, kept(2)), "what is not seeded has no luck"


def check_solution(explainer: ByMasks, parts: int) -> None:
    """Check the attributions of a game in which every part adds what it is worth."""
    settings, rng = explainer.sheet.settled({}), np.random.default_rng(parts)
    kept = np.asarray(explainer.kept(parts, np.random.default_rng(1), settings))
    worth, start = rng.permutation(parts) - 0.4 * parts, 0.25
    margins = start + kept @ worth
    value, asked = start + float(worth.sum()), margins.copy()

    def solved() -> Any:
        return np.asarray(explainer.solve(kept, margins, value, start, settings))

    found = solved()
    assert found.shape == (parts,), "one attribution a part"
    assert np.isfinite(found).all(), "attributions are finite"
    assert np.array_equal(found, solved()), "the same answers give the same attributions"
    assert np.array_equal(margins, asked), "margins are not changed in place"
    if explainer.sheet.complete:
        close = abs(found.sum() - (value - start)) <= SUMS * (1 + abs(value - start))
        assert close, "what is complete sums to the margin's change"
    assert found.argmax() == worth.argmax(), "the part that is worth most is given most"
    flat = explainer.solve(kept, np.full(len(kept), start), start, start, settings)
    assert np.allclose(flat, 0, atol=SAME), "where no part counts, none is given anything"


def check_explained(explainer: ByModel, opened: Any, job: Job) -> None:
    """Check the explanations of a model: whole, finite, complete, each by its input alone."""
    whole = explainer.explain(opened, job)
    assert len(whole.attributions) == len(job), "every input is explained"
    assert [len(a) for a in whole.attributions] == job.parts.tolist(), "one attribution a part"
    heads = (whole.value, whole.start, whole.passes)
    assert all(len(h) == len(job) and np.isfinite(h).all() for h in heads), "its facts are there"
    assert all(np.isfinite(a).all() for a in whole.attributions), "attributions are finite"
    if explainer.sheet.complete:
        change = whole.value - whole.start
        sums = np.array([a.sum() for a in whole.attributions])
        # a complete explainer may stop at the error that its settings allow
        most = job.settings.get("error", SUMS)
        assert (abs(sums - change) <= FLOATS + most * abs(change)).all(), (
            "what is complete sums to the margin's change"
        )
    places = np.arange(len(job))[::-1]
    assert alike(whole, explainer.explain(opened, some(job, places)), places), (
        "an input's place changes nothing"
    )
    alone = places[:1]
    assert alike(whole, explainer.explain(opened, some(job, alone)), alone), (
        "an input's company changes nothing"
    )


def alike(whole: Explained, again: Explained, places: IntArray) -> bool:
    """Whether explanations of some of the inputs are those that all of them had."""
    pairs = zip([whole.attributions[i] for i in places], again.attributions, strict=True)
    return all(np.allclose(a, b, rtol=FLOATS, atol=FLOATS) for a, b in pairs)


def some(job: Job, rows: IntArray) -> Job:
    """Return some inputs of a job as a job."""
    return Job(
        Held(job.inputs).take(rows),
        Held(job.starts).take(rows),
        job.parts[rows],
        None if job.classes is None else job.classes[rows],
        Chance(job.chance.digests[rows], job.chance.seed, job.chance.reference),
        job.settings,
        job.budget,
        job.units,
    )


def small_model(explainer: ByModel) -> tuple[Any, Job]:
    """Return a small network or a few trees on a table of numbers, and some rows of it."""
    import pandas as pd

    from audit.adapters.objects import wrap
    from audit.adapters.options import ModelOptions

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(ROWS, COLUMNS)), columns=list("abcd"))
    options = ModelOptions(labels=("no", "yes"), device="cpu")
    if explainer.sheet.needs == "gradients":
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layers = torch.nn.Linear(COLUMNS, 8), torch.nn.GELU(), torch.nn.Linear(8, 2)
        network: Any = wrap(torch.nn.Sequential(*layers), options)
        opened = network.differentiable()
    else:
        from sklearn.ensemble import HistGradientBoostingClassifier

        trees = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=3, random_state=0)
        trees.fit(frame, (frame["a"] * frame["b"] > 0).astype(int))
        model: Any = wrap(trees, options)
        opened = model.trees()
    job = Job(
        frame,
        pd.DataFrame(np.zeros((ROWS, COLUMNS)), columns=frame.columns),
        np.full(ROWS, COLUMNS),
        np.tile([1, 0], (ROWS, 1)),
        Chance(np.array([f"row {i}".encode().ljust(16) for i in range(ROWS)]), 1, frame),
        explainer.sheet.settled({}),
        2**28,
        64,
    )
    return opened, job
