"""Fine-tune the top of a small pretrained transformer in well under a minute on two cores.

Embeddings and all layers but the last stay as they were pretrained. Their output is therefore the
same in every epoch: it is computed once, and only the last layer and the head are trained on it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MAX_TOKENS = 48  # 95 of 100 snippets are shorter
BATCH_TOKENS = 1536
BATCH_ROWS = 32
EPOCHS = 3
RATE = 3e-4
LABELS = ("negative", "positive")


@dataclass(frozen=True)
class Batch:
    """What the frozen layers say about some texts: ``(rows, tokens, width)`` and a mask."""

    rows: list[int]
    states: torch.Tensor
    mask: torch.Tensor


class Classifier:
    """A pretrained encoder with a new head."""

    def __init__(self, weights: Path, seed: int) -> None:
        # One thread: on two cores a second gains little, and loses much where other programs run;
        # and so the weights are the same whatever the number of cores.
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.tokenizer = AutoTokenizer.from_pretrained(weights)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            weights,
            num_labels=len(LABELS),
            id2label=dict(enumerate(LABELS)),
            label2id={name: i for i, name in enumerate(LABELS)},
        ).eval()
        self.encoder = self.model.bert.encoder
        self.layers = list(self.encoder.layer)

    def frozen(self, texts: Sequence[str]) -> list[Batch]:
        """Run the layers that are not trained."""
        self.encoder.layer = torch.nn.ModuleList(self.layers[:-1])
        with torch.no_grad():
            out = [
                Batch(rows, self.model.bert(input_ids=ids, attention_mask=mask)[0], mask)
                for rows, ids, mask in self.batches(texts)
            ]
        self.encoder.layer = torch.nn.ModuleList(self.layers)
        return out

    def batches(
        self, texts: Sequence[str]
    ) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
        """Yield rows of like length, so that little is spent on padding."""
        ids = self.tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        while order:
            size = max(1, BATCH_TOKENS // len(ids[order[min(len(order), 64) - 1]]))
            rows, order = order[:size], order[size:]
            batch = self.tokenizer.pad({"input_ids": [ids[i] for i in rows]}, return_tensors="pt")
            yield rows, batch["input_ids"], batch["attention_mask"]

    def logits(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Run the last layer and the head, for the first token alone: the head reads no other."""
        layer, first = self.layers[-1], states[:, :1]
        look = layer.attention.self
        heads = (look.num_attention_heads, look.attention_head_size)
        query, key, value = (
            part(tokens).unflatten(-1, heads).transpose(1, 2)
            for part, tokens in ((look.query, first), (look.key, states), (look.value, states))
        )
        dropout = look.dropout.p if self.model.training else 0.0
        seen = scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None, None, :].bool(), dropout_p=dropout
        )
        attended = layer.attention.output(seen.transpose(1, 2).flatten(-2), first)
        out = layer.output(layer.intermediate(attended), attended)
        return self.model.classifier(self.model.dropout(self.model.bert.pooler(out)))

    def fit(self, texts: Sequence[str], labels: Sequence[int], seed: int) -> None:
        """Train the last layer and the head."""
        small = [
            Batch(batch.rows[at], batch.states[at], batch.mask[at])
            for batch in self.frozen(texts)
            for at in (slice(i, i + BATCH_ROWS) for i in range(0, len(batch.rows), BATCH_ROWS))
        ]
        top = list(self.layers[-1].parameters())
        head = [*self.model.bert.pooler.parameters(), *self.model.classifier.parameters()]
        rates = [RATE, 4 * RATE]  # the head starts from nothing, so it learns faster
        optimizer = torch.optim.AdamW([{"params": top}, {"params": head}], weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, rates, total_steps=EPOCHS * len(small), pct_start=0.1
        )
        target = torch.tensor(labels)
        order = random.Random(seed)
        self.model.train()
        for _ in range(EPOCHS):
            order.shuffle(small)
            for batch in small:
                loss = cross_entropy(self.logits(batch.states, batch.mask), target[batch.rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        self.model.eval()

    def predict(self, texts: Sequence[str]) -> list[int]:
        """Return the label number of each text."""
        found = [0] * len(texts)
        with torch.no_grad():
            for rows, ids, mask in self.batches(texts):
                answers = self.model(input_ids=ids, attention_mask=mask).logits.argmax(-1)
                for row, answer in zip(rows, answers.tolist(), strict=True):
                    found[row] = answer
        return found

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), configuration and tokenizer."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
