"""A text network open for gradients: the embeddings of its tokens, and the words these stand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from audit.adapters.leaves import Leaves, Open, Tensor, floats
from audit.adapters.texts import check_texts
from audit.errors import NotApplicable
from audit.examples import IntArray


class OpenText(Open):
    """A network of `audit.adapters.hf_text.HfText`."""

    @cached_property
    def embedding(self) -> Any:
        """The layer that looks tokens up.

        Raises
        ------
        NotApplicable
            If the network has no such layer.
        """
        try:
            return self.network.get_input_embeddings()
        except (AttributeError, NotImplementedError) as error:
            raise NotApplicable(
                f"{self.model.card.name} does not say which layer looks its tokens up, so its "
                "inputs have no gradients: kernel-shap and occlusion need none"
            ) from error

    def looked_up(self, ids: Tensor) -> Tensor:
        """Return the embeddings of some tokens, as the network is given them."""
        import torch

        with torch.no_grad():
            return floats(self.embedding(ids), self.model.card.name)

    def most_numbers(self, inputs: Sequence[str]) -> int:
        """Return how many numbers the longest of some texts is for the network."""
        import torch

        one = self.looked_up(torch.zeros((1, 1), dtype=torch.int64, device=self.model.device))
        return int(self.model.sizes(inputs).max(initial=1) * one.numel())

    def leaves(self, inputs: Sequence[str], starts: Any) -> Leaves:
        """Return the embeddings of some texts, and of what stands for nothing.

        That keeps the special tokens and has the embedding of the padding token (else of the mask,
        else of the unknown token, else 0) at every other place. ``starts`` are not looked at: a
        shorter text would have other places.
        """
        import torch

        del starts
        given, offsets, special = self.encoded(inputs)
        lengths = np.array([len(ids) for ids in given["input_ids"]], dtype=np.int64)
        owners = [
            owners_of(text, np.array(at, dtype=np.int64).reshape(-1, 2), np.array(own, dtype=bool))
            for text, at, own in zip(inputs, offsets, special, strict=True)
        ]
        padded = {name: self.padded(rows, self.filler(name)) for name, rows in given.items()}
        words = self.padded(owners, 0)
        points = self.looked_up(padded["input_ids"])
        begun = torch.where((words > 0)[:, :, None], self.nothing(), points)
        tokenizer = self.model.tokenizer
        mixed = tokenizer.padding_side == "right" and tokenizer.pad_token_id is not None
        return Leaves(
            points, begun, words[:, :, None], lengths, self.runner(padded), ragged=True, mixed=mixed
        )

    def encoded(self, inputs: Sequence[str]) -> tuple[dict[str, Any], Any, Any]:
        """Return what the network is given, where tokens stand in their text, which are special."""
        check_texts(inputs)
        limit = self.model.max_length
        found = self.model.tokenizer(
            list(inputs),
            truncation=limit is not None,
            max_length=limit,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        given = dict(found)
        return given, given.pop("offset_mapping"), given.pop("special_tokens_mask")

    def filler(self, name: str) -> int:
        """Return what stands behind a shorter text; attention masks and all else end in 0."""
        tokenizer = self.model.tokenizer
        fillers = {
            "input_ids": tokenizer.pad_token_id or 0,
            "token_type_ids": tokenizer.pad_token_type_id,
        }
        return int(fillers.get(name, 0))

    def padded(self, rows: Sequence[Any], filler: int) -> Tensor:
        """Return rows as one tensor on the device."""
        import torch

        out = np.full((len(rows), max(map(len, rows), default=0)), filler, dtype=np.int64)
        for line, row in zip(out, rows, strict=True):
            line[: len(row)] = row
        return torch.as_tensor(out, device=self.model.device)

    def nothing(self) -> Tensor:
        """Return the embedding that stands for no word."""
        import torch

        tokenizer = self.model.tokenizer
        known = (tokenizer.pad_token_id, tokenizer.mask_token_id, tokenizer.unk_token_id)
        token = next((t for t in known if t is not None), None)
        ids = torch.tensor([[token or 0]], device=self.model.device)
        found = self.looked_up(ids)
        return torch.zeros_like(found) if token is None else found

    def runner(self, padded: Mapping[str, Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
        """Return what runs the network on embeddings.

        The tokens go in as well, because positions and the end of a text are read off them; what
        the layer finds for them is replaced. Networks that take no embeddings can be run so too.
        """

        def run(z: Tensor, rows: Tensor) -> Tensor:
            seen: list[bool] = []

            def replaced(_: Any, __: Any, found: Tensor) -> Tensor:
                seen.append(found.shape == z.shape)
                return z if seen[-1] else found

            handle = self.embedding.register_forward_hook(replaced)
            try:
                logits = self.network(
                    **{k: v[rows, : z.shape[1]] for k, v in padded.items()}
                ).logits
            finally:
                handle.remove()
            if seen != [True]:
                raise NotApplicable(
                    f"{self.model.card.name} does not look up each token once, in the order in "
                    "which they are given, so that gradients cannot be taken of its embeddings: "
                    "kernel-shap and occlusion need none"
                )
            return logits

        return run


def owners_of(text: str, offsets: IntArray, special: np.ndarray) -> IntArray:
    """Return the word that each token stands in, counted from 1; 0 for special tokens.

    A token that reaches into several words belongs to the one that it has most characters of, the
    first of equals; one between words to the next word, or the last one.

    Parameters
    ----------
    text : str
    offsets : (tokens, 2) int array
        Where each token begins and ends in the text.
    special : (tokens,) bool array
    """
    from audit.modalities.text import spans

    words = np.array(spans(text), dtype=np.int64).reshape(-1, 2)
    if not len(words):
        return np.zeros(len(offsets), dtype=np.int64)
    first = np.searchsorted(words[:, 1], offsets[:, 0], side="right")
    last = np.searchsorted(words[:, 0], offsets[:, 1], side="left") - 1
    out = np.minimum(first, len(words) - 1)
    for i in np.flatnonzero(last > first):
        reached = words[first[i] : last[i] + 1]
        shared = np.minimum(reached[:, 1], offsets[i, 1]) - np.maximum(reached[:, 0], offsets[i, 0])
        out[i] = first[i] + int(shared.argmax())
    return np.where(special, 0, out + 1)
