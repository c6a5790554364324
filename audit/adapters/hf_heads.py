"""Trainings on frozen embeddings: embed each text once, then fit linear models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from audit.adapters.hf_base import SCRATCH_SEED, Base
from audit.adapters.sklearn_refits import OneClass
from audit.examples import FloatArray, IntArray
from audit.model import Fitted, ModelCard

# The penalty. On standardised columns a row has the mean squared norm `dim`, so C = 4 / dim gives
# every width the same strength. Measured on 25 ... 3,000 film snippets, 384 columns, balanced
# classes, 600 held out, error in % at 25, 50, 100, 200, 384, 750, 1,500 and 3,000 rows:
#   C = 1        38.1 34.2 31.9 29.4 28.8 30.2 25.2 19.8   (a plateau where rows = columns)
#   C = 4 / dim  41.2 33.7 30.0 26.0 24.3 22.5 20.4 18.2
#   C = 1 / dim  45.2 37.5 30.7 26.0 24.3 22.0 20.1 19.7
# For Ridge, alpha = dim is the same strength to within a factor (a logistic loss curves by a
# quarter at most): mean squared error 0.232 0.216 0.197 0.185 0.181 0.176 0.166 0.156, while
# dim / 4 rises on the way, 0.235 ... 0.226 at 300 rows.
STRENGTH = 4.0


@dataclass
class Embedder:
    """A frozen network as a model: the mean of the last hidden states over the tokens of a text."""

    base: Base
    scratch: bool

    @cached_property
    def card(self) -> ModelCard:
        """Identify it; what it answers is ``(n, dim)``."""
        start = f"random weights of seed {SCRATCH_SEED}" if self.scratch else "its weights"
        content = f"{self.base.fingerprint}\n{start}\nmean over tokens"
        return msgspec.structs.replace(
            self.base.text.card,
            name=f"{self.base.text.card.name} (embeddings" + (", random)" * self.scratch or ")"),
            task="embedding",
            labels=(),
            dim=self.base.width,
            fingerprint=blake2b(content.encode(), digest_size=16).hexdigest(),
        )

    @cached_property
    def network(self) -> Any:
        """The torch module, in evaluation mode on its device."""
        return self.base.encoder(self.scratch)

    @property
    def batch_size_limit(self) -> int:
        """Tokens that a padded batch may hold."""
        return self.base.text.batch_size_limit

    def warm(self) -> None:
        """Read tokenizer and weights."""
        _ = self.base.text.tokenizer, self.network

    def sizes(self, inputs: Sequence[str]) -> IntArray:
        """Return the number of tokens of each text after it is cut."""
        return self.base.text.sizes(inputs)

    def predict(self, inputs: Sequence[str]) -> FloatArray:
        """Return the ``(n, dim)`` embeddings."""
        import torch

        batch, network = self.base.text.batch(inputs), self.network
        with torch.inference_mode():
            states = network(**batch).last_hidden_state.double()
            mask = batch["attention_mask"].unsqueeze(-1).double()
            means = (states * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        return np.asarray(means.cpu().numpy())


@dataclass
class HeadTrainer:
    """Fits linear models on embeddings."""

    labels: tuple[str, ...]

    def fit(self, features: FloatArray, targets: npt.NDArray[Any]) -> Fitted:
        """Fit; nothing in it is random.

        Parameters
        ----------
        features : (n, dim) array
        targets : (n,) array
            Indices into the labels, or values.
        """
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if self.labels and (targets == targets[0]).all():
            return OneClass(int(targets[0]), len(self.labels))
        dim = features.shape[1]
        linear = (
            LogisticRegression(C=STRENGTH / dim, max_iter=1000) if self.labels else Ridge(alpha=dim)
        )
        return Head(make_pipeline(StandardScaler(), linear).fit(features, targets), self.labels)


@dataclass(frozen=True)
class Head:
    """A fitted linear model."""

    pipeline: Any
    labels: tuple[str, ...]

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return ``(n, labels)`` probabilities, 0 for a class never seen; ``(n,)`` for values."""
        if not self.labels:
            return np.asarray(self.pipeline.predict(inputs), dtype=np.float64)
        found = self.pipeline.predict_proba(inputs)
        out = np.zeros((len(found), len(self.labels)))
        out[:, self.pipeline.classes_] = found
        return out
