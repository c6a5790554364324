"""Training a transformer again: a head on frozen embeddings, all weights, or low-rank updates."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy.typing as npt

from audit.adapters.hf_base import SCRATCH_SEED, Base, find_base
from audit.adapters.hf_heads import STRENGTH, Embedder, HeadTrainer
from audit.adapters.hf_text import HfText
from audit.adapters.hf_training import LEAST_UPDATES, LOOP, FineTuning
from audit.adapters.options import ModelOptions, RefitOptions
from audit.errors import ConfigError, ModelError, did_you_mean
from audit.model import Fitted, Model, ModelCard, Predicts, Recipe

SCRATCH = "-scratch"
HEAD, FULL, LORA = RECIPES = ("head", "full", "lora")
TWINS = {HEAD: HEAD + SCRATCH, FULL: FULL + SCRATCH, LORA: FULL + SCRATCH}
# What a recipe needs beside torch and transformers, and the extra that brings it.
NEEDS = {HEAD: ("scikit-learn", "transformers"), LORA: ("peft", "lora")}
# Learning rate times width: what a network needs falls with its width. Measured on MiniLM (384),
# 400 film snippets, 3 epochs, error in % of 300 held out: full 46 (2e-5), 30 (5e-5), 23 (1e-4);
# lora 25 (1e-3), 23 (3e-3). At width 768 the rates become the usual 5e-5 and 5e-4.
RATES = {FULL: 0.04, LORA: 0.4}
NO_BASE = (
    "the audited weights have already learned from training rows, so a curve from them would look "
    "flat: name the weights that they were fine-tuned from under model.refit.base (hf:...), or "
    "base: self if they never saw these rows"
)


def of_transformer(
    model: Model, options: ModelOptions, asked: RefitOptions, *, base: Path
) -> TransformerRefits | str:
    """Return what trains a text classifier again, or why it cannot be.

    The files of the starting point are hashed now, and read at the first training.

    Raises
    ------
    ConfigError
        If the recipe or the starting point is none, or a setting is out of range.
    ModelError
        If the starting point cannot be loaded, or a package is missing.
    """
    check_asked(asked)
    if not isinstance(model, HfText):
        return f"{model.card.name} was not loaded as a text classifier of transformers"
    if not asked.base:
        return NO_BASE
    start = find_base(asked.base, model, options, base)
    names = [n for name in offered(asked.recipe or HEAD) for n in with_twin(name)]
    recipes = tuple(described(name, start, model.card, asked) for name in names)
    return TransformerRefits(start, model.card, asked, recipes)


def check_asked(asked: RefitOptions) -> None:
    """Refuse an unknown recipe and settings that train nothing."""
    where = "model.refit."
    if asked.recipe not in ("", *RECIPES):
        raise ConfigError(
            f'the recipe "{asked.recipe}" does not fit a transformer',
            where=f"{where}recipe",
            hint=did_you_mean(asked.recipe, RECIPES)
            + "\nmodel.refit.fit names a function of your own",
        )
    for name in ("epochs", "batch_size", "rank"):
        if getattr(asked, name) < 1:
            raise ConfigError(f"{name} must be at least 1", where=where + name)
    if asked.learning_rate is not None and asked.learning_rate <= 0:
        raise ConfigError("learning_rate must be above 0", where=f"{where}learning_rate")


def offered(first: str) -> list[str]:
    """Return the recipes that the installed packages allow, the wanted one first.

    Raises
    ------
    ModelError
        If the wanted one lacks its package.
    """
    package, extra = NEEDS.get(first, ("torch", "transformers"))
    if not has(package):
        raise ModelError(
            f"the recipe {first} needs the package {package}, which is not installed",
            where="model.refit.recipe",
            hint=f'pip install "defect-audit[{extra}]"',
        )
    others = [name for name in RECIPES if name != first]
    return [first, *(name for name in others if name not in NEEDS or has(NEEDS[name][0]))]


def has(package: str) -> bool:
    """Tell whether a package is installed, without importing it."""
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def with_twin(name: str) -> tuple[str, ...]:
    """Return a recipe and its twin from random weights; low-rank updates share that of full."""
    return (name,) if name == LORA else (name, TWINS[name])


def described(name: str, start: Base, card: ModelCard, asked: RefitOptions) -> Recipe:
    """Describe one way to train."""
    kind = name.removesuffix(SCRATCH)
    words = head_words() if kind == HEAD else tuning_words(name, start, asked)
    content = "\n".join([start.fingerprint, start.name, name, *words, *card.labels])
    return Recipe(
        name=name,
        says=said(name, start.name, card, asked),
        cheap=kind == HEAD,
        twin="" if name.endswith(SCRATCH) else TWINS[kind],
        scratch=name.endswith(SCRATCH),
        fingerprint=blake2b(content.encode(), digest_size=16).hexdigest(),
        cacheable=start.text.card.cacheable,
    )


def head_words() -> list[str]:
    """Return what decides a head beside its embeddings."""
    return [f"strength {STRENGTH}", *(f"{p} {version(p)}" for p in ("scikit-learn", "numpy"))]


def tuning_words(name: str, start: Base, asked: RefitOptions) -> list[str]:
    """Return what decides a fine-tuning beside its starting point."""
    words = [f"loop {LOOP}", f"{asked.epochs} epochs of {asked.batch_size}"]
    words.append(f"rate {rate(name, start, asked)}")
    return [*words, f"rank {asked.rank}", f"peft {version('peft')}"] if name == LORA else words


def rate(name: str, start: Base, asked: RefitOptions) -> float:
    """Return the learning rate: the user's for the recipe that was asked for, else by width."""
    kind = name.removesuffix(SCRATCH)
    meant = asked.recipe in ("", HEAD, kind)
    return asked.learning_rate if asked.learning_rate and meant else RATES[kind] / start.width


def said(name: str, start: str, card: ModelCard, asked: RefitOptions) -> str:
    """Say a recipe as a clause of a report."""
    epochs = f"{asked.epochs} epoch" + "s" * (asked.epochs > 1)
    epochs += f", at least {LEAST_UPDATES} updates"
    if name == LORA:
        return f"low-rank fine-tuning (LoRA, rank {asked.rank}) of {start}, {epochs}"
    if name == FULL:
        return f"full fine-tuning of {start}, {epochs}"
    if name == FULL + SCRATCH:
        return f"training of the architecture of {start} from random weights, {epochs}"
    linear = "logistic" if card.labels else "ridge"
    frozen = f"{linear} regression on frozen embeddings of"
    if name == HEAD:
        return f"{frozen} {start} (mean over tokens)"
    random = f"a random network of the architecture of {start}"
    return f"{frozen} {random} (seed {SCRATCH_SEED}, mean over tokens)"


@dataclass
class TransformerRefits:
    """Trains from a starting point; the audited model's own weights are never changed."""

    start: Base
    card: ModelCard
    asked: RefitOptions
    recipes: tuple[Recipe, ...]
    embedders: dict[str, Embedder] = field(default_factory=dict)

    @cached_property
    def heads(self) -> HeadTrainer:
        """What fits the heads."""
        return HeadTrainer(self.card.labels)

    def embedder(self, recipe: str) -> Predicts | None:
        """Return the frozen network of a head; None for a recipe that takes texts."""
        if not recipe.startswith(HEAD):
            return None
        scratch = recipe.endswith(SCRATCH)
        return self.embedders.setdefault(recipe, Embedder(self.start, scratch))

    def fit(self, inputs: Any, targets: npt.NDArray[Any], *, recipe: str, seed: int) -> Fitted:
        """Train; what is returned stays valid whatever is trained later.

        Parameters
        ----------
        inputs : (n, dim) array of embeddings for a head, else sequence of str
        targets : (n,) array
            Indices into the card's labels, or values.
        recipe : str
        seed : int
            A head has nothing random in it.

        Raises
        ------
        ModelError
            If there is no such recipe, or the starting point cannot be read.
        """
        names = [r.name for r in self.recipes]
        if recipe not in names:
            raise ModelError(f'there is no recipe "{recipe}"', hint=did_you_mean(recipe, names))
        if recipe.startswith(HEAD):
            return self.heads.fit(inputs, targets)
        return self.tuning(recipe).fit(inputs, targets, seed)

    def tuning(self, recipe: str) -> FineTuning:
        """Return one way to fine-tune."""
        return FineTuning(
            base=self.start,
            card=self.card,
            asked=self.asked,
            rate=rate(recipe, self.start, self.asked),
            scratch=recipe.endswith(SCRATCH),
            low_rank=recipe == LORA,
        )
