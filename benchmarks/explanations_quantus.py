"""The work of explanation-stability against Quantus with Captum, in one process.

    python benchmarks/explanations_quantus.py --texts 16

Texts and harmless changes of them are explained by integrated gradients with as many steps on both
sides, and each explanation of a changed text is compared with the original one. One side is the
engine with nothing stored. The other is Quantus' local Lipschitz estimate with Captum's integrated
gradients, on the embeddings of the same texts: Quantus takes arrays, in which every text is as
long as the longest (most of the difference is that), and the changed texts are handed to it ready.
Both run batches of as many tokens. Rounds alternate; one thread is used. Only the ratio carries
over to another machine. Promise: the engine takes at most 0.83 of the CPU seconds of Quantus.

Then, apart and without a promise: the engine's own steps, doubled for each text until its
attributions sum to the change of the margin within 1 %, against Captum's with the one number of
steps that brings 95 % of the texts as close.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import quantus
import torch
from captum.attr import IntegratedGradients
from explanations_loop import alternating, demo_model, report, rows_of, snippets
from transformers.utils import logging

from audit import registry
from audit.adapters.hf_text import HfText
from audit.engine.altered import source
from audit.engine.dispatch import Dispatcher
from audit.engine.store import Store
from audit.examples import Examples
from audit.explained.similarity import spearman
from audit.margins import rivals
from audit.observations import Explanations
from audit.requests import Explain, Transform, packed

PROMISE = 0.83
CHANGES = ("keyboard-typos", "casing", "letter-swaps", "punctuation")
CLOSE = 0.01
ENOUGH = 95  # per cent of the texts that must be as close


def changes(most: int) -> list[Transform]:
    """Return some harmless changes of texts, of those that are installed."""
    kinds = registry.transforms().values()
    known = [k.sheet.name for k in kinds if k.sheet.modality == "text" and k.sheet.preserves]
    named = [n for n in CHANGES if n in known]
    rest = [n for n in sorted(known) if n not in named]
    return [Transform(name, 3) for name in (named + rest)[:most]]


def requests(
    examples: Examples, classes: np.ndarray, ways: Sequence[Transform], **settings: float
) -> list[Explain]:
    """Return the requests for the original explanations, and for those of every change."""
    return [
        Explain(
            "test", "integrated-gradients", packed(range(len(examples))), packed(classes.ravel()),
            transform=way, settings=tuple(sorted(settings.items())),
        )
        for way in (None, *ways)
    ]  # fmt: skip


def ours(
    model: HfText, examples: Examples, asked: Sequence[Explain], folder: str
) -> list[Explanations]:
    """Explain and compare through the engine."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        dispatcher = Dispatcher(model, None, Store(Path(own)))
        brought = dispatcher.run(dispatcher.plan(asked, {"test": examples}))
    seen = [brought.answers[r] for r in asked]
    found = [s.explained for s in seen if s.explained is not None and not len(s.failed)]
    if len(found) < len(asked):
        raise SystemExit("not everything was explained: " + seen[-1].reason)
    for one in found[1:]:
        spearman(found[0].attributions, one.attributions)
    return found


class Embedded(torch.nn.Module):
    """The classifier on arrays of embeddings, answering with the margin of either class.

    An array is ``(n, d + 2, tokens)``: the embeddings, where a token stands, and where a special
    one does.
    """

    def __init__(self, model: HfText) -> None:
        super().__init__()
        self.network, self.tokenizer, self.model = model.network, model.tokenizer, model
        self.table = self.network.get_input_embeddings()

    def arrays(self, texts: Sequence[str], width: int) -> np.ndarray:
        """Return the array of some texts, all padded to one width."""
        found = self.tokenizer(
            list(texts), truncation=True, max_length=self.model.max_length, padding="max_length",
            return_special_tokens_mask=True, return_tensors="pt",
        )  # fmt: skip
        ids, mask = found["input_ids"][:, :width], found["attention_mask"][:, :width]
        special = found["special_tokens_mask"][:, :width] * mask
        with torch.no_grad():
            points = self.table(ids).transpose(1, 2)
        return torch.cat([points, mask[:, None], special[:, None]], dim=1).numpy()

    def starts(self, x: torch.Tensor) -> torch.Tensor:
        """Return arrays in which padding stands for every word."""
        with torch.no_grad():
            nothing = self.table(torch.tensor([self.tokenizer.pad_token_id]))[0]
        out = x.clone()
        out[:, :-2] = torch.where(x[:, -1:] > 0, x[:, :-2], nothing[:, None])
        return out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``(n, 2)`` margins."""
        mask = (x[:, -2] > 0).long()
        logits = self.network(inputs_embeds=x[:, :-2].transpose(1, 2), attention_mask=mask).logits
        margin = logits[:, 1] - logits[:, 0]
        return torch.stack([-margin, margin], dim=1)


def theirs(
    embedded: Embedded, arrays: Sequence[np.ndarray], chosen: np.ndarray, steps: int, most: int
) -> list[np.ndarray]:
    """Explain and compare with Quantus and Captum; return the attributions on the way."""
    seen: list[np.ndarray] = []
    changed = iter(arrays[1:])

    def perturb(arr: np.ndarray, **_: object) -> np.ndarray:
        return next(changed).reshape(arr.shape)

    def explain(inputs: np.ndarray, targets: np.ndarray, **_: object) -> np.ndarray:
        x = torch.as_tensor(np.asarray(inputs), dtype=torch.float32)
        found = IntegratedGradients(embedded).attribute(
            x, embedded.starts(x), target=torch.as_tensor(targets), n_steps=steps,
            method="gausslegendre", internal_batch_size=max(len(x), most // x.shape[-1]),
        )  # fmt: skip
        seen.append(found.sum(dim=1, keepdim=True).detach().numpy())
        return seen[-1]

    metric = quantus.LocalLipschitzEstimate(
        nr_samples=len(arrays) - 1, perturb_func=perturb, normalise=False, abs=False,
        disable_warnings=True,
    )  # fmt: skip
    metric(
        model=embedded, x_batch=arrays[0], y_batch=chosen, a_batch=None, channel_first=True,
        explain_func=explain, softmax=False, batch_size=len(arrays[0]),
    )  # fmt: skip
    return seen


def texts_of(examples: Examples, asked: Sequence[Explain]) -> list[list[str]]:
    """Return the texts of every request."""
    kinds, found = registry.transforms(), []
    for request in asked:
        rows = examples
        if request.transform is not None:
            rows = source(request, {"test": examples}, kinds, {})
        found.append(list(rows.inputs.take(np.arange(len(rows.digests)))))
    return found


def laid_out(model: HfText, embedded: Embedded, texts: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Return the arrays of all texts, as wide as the longest of them."""
    width = max(int(model.sizes(own).max()) for own in texts)
    return [embedded.arrays(own, width) for own in texts]


def agree(found: Sequence[Explanations], arrays: Sequence[np.ndarray]) -> None:
    """Check that both sides have explained the same."""
    for one, other in zip(found, arrays, strict=True):
        totals = other.sum(axis=(1, 2))
        assert np.allclose(one.total, totals, rtol=2e-3, atol=2e-3), (one.total, totals)


def close_enough(
    model: HfText, examples: Examples, classes: np.ndarray, ways: Sequence[Transform], folder: str
) -> int:
    """Return the fixed number of steps with which most attributions sum to the margin's change."""
    for steps in (16, 32, 64, 128):
        asked = requests(examples, classes, ways, rule=1.0, steps=float(steps))
        found = ours(model, examples, asked, folder)
        errors = np.concatenate([f.completeness_error for f in found])
        if np.percentile(errors, ENOUGH) <= CLOSE:
            return steps
    return 256


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=16)
    parser.add_argument("--changes", type=int, default=3)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--adaptive-texts", type=int, default=4, help="0 leaves that part out")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    model, texts, ways = demo_model(), snippets(options.texts), changes(options.changes)
    for weights in model.network.parameters():
        weights.requires_grad_(False)
    examples, embedded = rows_of(texts), Embedded(model).eval()
    classes = rivals(model.predict(texts))
    asked = requests(examples, classes, ways, rule=1.0, steps=float(options.steps))
    every = texts_of(examples, asked)
    arrays = laid_out(model, embedded, every)
    tokens = sum(int(model.sizes(own).sum()) for own in every)
    print(
        f"{len(every) * len(texts)} explanations at {options.steps} points, {tokens:,} tokens, "
        f"{sum(a.shape[0] * a.shape[2] for a in arrays):,} in arrays; one thread"
    )
    most = model.batch_size_limit
    with tempfile.TemporaryDirectory() as folder:
        few = slice(0, 3)
        small = rows_of(texts[few])
        agree(
            ours(model, small, requests(
                small, classes[few], ways, rule=1.0, steps=float(options.steps)
            ), folder),
            theirs(embedded, [a[few] for a in arrays], classes[few, 0], options.steps, most),
        )  # fmt: skip
        print("both explain three texts and their changes alike")
        found = alternating(options.rounds, [
            ("engine", lambda: ours(model, examples, asked, folder)),
            ("Quantus", lambda: theirs(embedded, arrays, classes[:, 0], options.steps, most)),
        ])  # fmt: skip
        report(found, "engine", "Quantus", PROMISE)
        if options.adaptive_texts:
            adaptive(model, embedded, texts[: options.adaptive_texts], classes, ways[:1], folder)


def adaptive(
    model: HfText,
    embedded: Embedded,
    texts: Sequence[str],
    classes: np.ndarray,
    ways: Sequence[Transform],
    folder: str,
) -> None:
    """Compare at equal completeness error, and print."""
    examples, classes = rows_of(texts), classes[: len(texts)]
    steps = close_enough(model, examples, classes, ways, folder)
    asked = requests(examples, classes, ways)
    arrays = laid_out(model, embedded, texts_of(examples, asked))
    most = model.batch_size_limit
    seen: list[list[Explanations]] = []
    found = alternating(1, [
        ("engine, steps by text", lambda: seen.append(ours(model, examples, asked, folder))),
        (f"Quantus, {steps} steps", lambda: theirs(embedded, arrays, classes[:, 0], steps, most)),
    ])  # fmt: skip
    errors = np.concatenate([f.completeness_error for f in seen[0]])
    passes = np.concatenate([f.passes for f in seen[0]])
    (a, b) = (seconds[0] for seconds in found.values())
    print(
        f"at equal completeness error: engine {a:.2f} s ({passes.mean():.0f} passes a text, "
        f"error at {ENOUGH} % {np.percentile(errors, ENOUGH):.4f}), Quantus {b:.2f} s "
        f"({steps} passes): {a / b:.3f}"
    )


if __name__ == "__main__":
    main()
