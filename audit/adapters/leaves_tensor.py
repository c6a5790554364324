"""Networks of pictures and tables open for gradients: pixels and columns."""

from __future__ import annotations

from typing import Any

import pandas as pd

from audit.adapters.leaves import Leaves, Open, Tensor, floats, grid, ones
from audit.errors import NotApplicable


class OpenImage(Open):
    """A network of `audit.adapters.hf_image.HfImage`."""

    def most_numbers(self, inputs: Any) -> int:
        """Return how many numbers a picture is for the network: all are resized alike."""
        return int(self.model.batch(inputs[:1])["pixel_values"].numel())

    def leaves(self, inputs: Any, starts: Any) -> Leaves:
        """Return the pixels of some pictures, and of the same with every patch taken away."""
        given = dict(self.model.batch(inputs))
        name = self.model.card.name
        points = floats(given.pop("pixel_values"), name)
        begun = floats(self.model.batch(starts)["pixel_values"], name)

        def run(z: Tensor, rows: Tensor) -> Tensor:
            return self.network(pixel_values=z, **{k: v[rows] for k, v in given.items()}).logits

        return Leaves(points, begun, grid(points, name), ones(len(points)), run)


class OpenModule(Open):
    """A module of `audit.adapters.torch_module.TorchModule`."""

    def most_numbers(self, inputs: Any) -> int:
        """Return how many numbers the first of some inputs is for the module."""
        return int(floats(self.model.given(some(inputs, 1)), self.model.card.name).numel())

    def leaves(self, inputs: Any, starts: Any) -> Leaves:
        """Return what the module is given for some inputs, and for the same without their parts.

        Raises
        ------
        NotApplicable
            If that is no decimal numbers, or does not show which part each number belongs to.
        """
        points, begun = (
            floats(self.model.given(v), self.model.card.name) for v in (inputs, starts)
        )
        if points.shape != begun.shape:
            raise NotApplicable(
                f"the preprocessing of {self.model.card.name} makes {tuple(points.shape)} numbers "
                f"of some inputs and {tuple(begun.shape)} of the same with their parts taken away"
            )

        def run(z: Tensor, rows: Tensor) -> Tensor:
            answer = self.network(z)
            self.model.check(answer, len(rows))
            return answer

        owners = self.owners(inputs, starts, points)
        return Leaves(points, begun, owners, ones(len(points)), run)

    def owners(self, inputs: Any, starts: Any, points: Tensor) -> Tensor:
        """Return the part that each number belongs to, counted from 1."""
        import torch

        name = self.model.card.name
        first = None if isinstance(inputs, pd.DataFrame) or not len(inputs) else inputs[0]
        if hasattr(first, "convert"):
            return grid(points, name)
        if isinstance(first, str):
            raise NotApplicable(
                f"the preprocessing of {name} does not say which word each number belongs to: "
                "kernel-shap and occlusion need not know"
            )
        if self.model.preprocess is None and points.ndim == 2:
            return torch.arange(1, points.shape[1] + 1, device=points.device)[None]
        if isinstance(inputs, pd.DataFrame):
            return self.of_columns(inputs, starts, points)
        raise NotApplicable(
            f"nothing says which part each of the {tuple(points.shape[1:])} numbers that {name} is "
            "given belongs to: kernel-shap and occlusion need not know"
        )

    def of_columns(self, inputs: pd.DataFrame, starts: pd.DataFrame, points: Tensor) -> Tensor:
        """Return the column that each number is made of: the one with which it changes.

        Raises
        ------
        NotApplicable
            If a number is made of several.
        """
        import torch

        owners = torch.zeros(points.shape, dtype=torch.int64, device=points.device)
        for j, column in enumerate(inputs.columns):
            without = inputs.copy(deep=False)
            without[column] = starts[column].set_axis(inputs.index)
            found = self.model.given(without)
            changed = (found != points) & ~(found.isnan() & points.isnan())
            if bool((changed & (owners > 0)).any()):
                other = inputs.columns[int(owners[changed & (owners > 0)][0]) - 1]
                raise NotApplicable(
                    f"the preprocessing of {self.model.card.name} makes one number of the columns "
                    f"{other} and {column}: kernel-shap and occlusion need not tell them apart"
                )
            owners[changed] = j + 1
        return owners


def some(inputs: Any, n: int) -> Any:
    """Return the first inputs."""
    return inputs.iloc[:n] if isinstance(inputs, pd.DataFrame) else inputs[:n]
