"""Fine-tuning of a sequence classifier: a plain loop."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.adapters.hf_base import Base
from audit.adapters.hf_text import HfText
from audit.adapters.options import RefitOptions
from audit.errors import ModelError
from audit.examples import FloatArray, IntArray
from audit.model import Fitted, ModelCard

# Stands in the fingerprint of what is trained here: raise it when this file learns otherwise.
LOOP = "1"
# Fewer updates teach nothing, whatever the rows: a curve would show the updates. Measured on 100
# film snippets (MiniLM, 300 held out): error 47 % after 21 updates (3 epochs), 24 % after 105.
LEAST_UPDATES = 100
WARM_UP = 0.1  # share of the updates
LARGEST_GRADIENT = 1.0
SORTED_BATCHES = 16  # batches that are sorted by length together: little padding, much mixing


@dataclass(frozen=True)
class FineTuning:
    """One way to fine-tune.

    Attributes
    ----------
    base : Base
    card : ModelCard
        Of the audited model: its labels are answered.
    asked : RefitOptions
    rate : float
        Peak learning rate of AdamW.
    scratch, low_rank : bool
        Whether all weights start at random; whether low-rank updates are learned instead.
    """

    base: Base
    card: ModelCard
    asked: RefitOptions
    rate: float
    scratch: bool = False
    low_rank: bool = False

    def fit(self, inputs: Sequence[str], targets: npt.NDArray[Any], seed: int) -> Fitted:
        """Train a new network; the seed decides head, updates, order and dropout.

        The weights are trained in float32 and then cast to the type that the audited model has.
        """
        import torch

        device = torch.device(self.base.text.device)
        forked = [device] if device.type == "cuda" else []
        centre, spread = self.scale(targets)
        wanted = targets if self.card.labels else (targets - centre) / spread
        with torch.random.fork_rng(devices=forked):
            torch.manual_seed(seed)
            network = self.base.classifier(self.card.labels, self.scratch)
            if self.low_rank:
                network = with_updates(network, self.asked.rank)
            learn(network, self, inputs, wanted, seed)
        if self.low_rank:
            network = network.merge_and_unload()
        return self.fitted(network, centre, spread)

    def scale(self, targets: npt.NDArray[Any]) -> tuple[float, float]:
        """Return what values are shifted and divided by, so that a new head can reach them."""
        if self.card.labels or (self.base.audited and not self.scratch):
            return 0.0, 1.0
        return float(targets.mean()), float(targets.std()) or 1.0

    def fitted(self, network: Any, centre: float, spread: float) -> Fitted:
        """Return the trained network as a model that predicts by even batches."""
        import torch

        text = self.base.text
        network = network.to(getattr(torch, text.options.dtype))
        made = HfText(self.card, None, text.options, text.device)
        made.__dict__ |= {"network": network.eval(), "tokenizer": text.tokenizer}
        made.__dict__ |= {"config": text.config, "max_length": text.max_length}
        return made if self.card.labels else Rescaled(made, centre, spread)


@dataclass(frozen=True)
class Rescaled:
    """A regressor that was trained on standardised values."""

    text: HfText
    centre: float
    spread: float

    @property
    def batch_size_limit(self) -> int:
        """Tokens that a padded batch may hold."""
        return self.text.batch_size_limit

    def sizes(self, inputs: Sequence[str]) -> IntArray:
        """Return the number of tokens of each text after it is cut."""
        return self.text.sizes(inputs)

    def predict(self, inputs: Sequence[str]) -> FloatArray:
        """Return ``(n,)`` values."""
        return self.text.predict(inputs) * self.spread + self.centre


def learn(
    network: Any, how: FineTuning, inputs: Sequence[str], targets: npt.NDArray[Any], seed: int
) -> None:
    """Run AdamW over shuffled batches, with a linear warm-up and a linear decay.

    Few rows are gone through more often than asked, until there are `LEAST_UPDATES`.
    """
    import torch
    from transformers import get_linear_schedule_with_warmup

    text, size = how.base.text, how.asked.batch_size
    weights = [w for w in network.parameters() if w.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=how.rate)
    each = -(-len(inputs) // size)
    epochs = max(how.asked.epochs, -(-LEAST_UPDATES // each))
    schedule = get_linear_schedule_with_warmup(
        optimizer, int(WARM_UP * epochs * each), epochs * each
    )
    lengths, rng = text.sizes(inputs), np.random.default_rng(seed)
    network.train()
    for rows in (rows for _ in range(epochs) for rows in batches(lengths, size, rng)):
        batch = text.batch([inputs[int(i)] for i in rows])
        wanted = torch.as_tensor(targets[rows], device=text.device)
        loss_of(network(**batch).logits.float(), wanted).backward()
        torch.nn.utils.clip_grad_norm_(weights, LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    network.eval()


def loss_of(logits: Any, wanted: Any) -> Any:
    """Return cross-entropy for label numbers, the mean squared error for values."""
    from torch.nn.functional import cross_entropy, mse_loss

    if wanted.is_floating_point():
        return mse_loss(logits[:, 0], wanted.float())
    return cross_entropy(logits, wanted.long())


def batches(lengths: IntArray, size: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Yield every row once, in random batches of texts of like length."""
    order = rng.permutation(len(lengths))
    cut = []
    for start in range(0, len(order), size * SORTED_BATCHES):
        pool = order[start : start + size * SORTED_BATCHES]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        cut += [pool[i : i + size] for i in range(0, len(pool), size)]
    for i in rng.permutation(len(cut)):
        yield cut[i]


def with_updates(network: Any, rank: int) -> Any:
    """Freeze a network and give it low-rank updates (LoRA); head and pooler are trained whole.

    Raises
    ------
    ModelError
        If the package peft is not installed, or cannot do this with the architecture.
    """
    try:
        from peft import LoraConfig, TaskType, get_peft_model
    except ImportError as error:
        raise ModelError(
            "the recipe lora needs the package peft, which is not installed",
            hint='pip install "defect-audit[lora]"',
        ) from error
    words = {"task_type": TaskType.SEQ_CLS, "r": rank, "lora_alpha": 2 * rank, "lora_dropout": 0.1}
    words |= {"modules_to_save": head_of(network)}
    with warnings.catch_warnings():
        # peft asks transformers for names that are about to change: nothing a user could mend
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return get_peft_model(network, LoraConfig(**words))
        except ValueError:  # peft knows no usual layers of this architecture
            return get_peft_model(network, LoraConfig(**words, target_modules="all-linear"))


def head_of(network: Any) -> list[str]:
    """Name the modules between the hidden states and the logits, a pooler included."""
    body = network.base_model
    parts = [n for n, m in network.named_children() if m is not body and list(m.parameters())]
    return [*parts, "pooler"] if getattr(body, "pooler", None) is not None else parts
