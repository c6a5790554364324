"""How much memory one pass of a network takes, as it is measured on one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audit.adapters.leaves import Tensor


def measured(forward: Callable[[], Tensor], network: Any) -> tuple[Tensor, int]:
    """Return what a pass returns, and the bytes it needs: what it keeps, and its largest step.

    Counted are the tensors that are kept for the way back, each storage once, and the largest one
    that is made, twice; the network's own weights are neither.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    own = {w.untyped_storage().data_ptr() for w in (*network.parameters(), *network.buffers())}
    kept: dict[int, int] = {}
    largest = [0]

    def bytes_of(tensor: Tensor) -> int:
        store = tensor.untyped_storage()
        return 0 if store.data_ptr() in own else int(store.nbytes())

    class Largest(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            made = func(*args, **(kwargs or {}))
            tensors = [t for t in tree_leaves(made) if isinstance(t, torch.Tensor)]
            largest[0] = max([largest[0], *map(bytes_of, tensors)])
            return made

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = bytes_of(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t), Largest():
        out = forward()
    return out, sum(kept.values()) + 2 * largest[0]
