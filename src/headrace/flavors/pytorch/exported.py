"""Modules as programs of `torch.export`: a graph of operators with its tensors, without the class that it came from."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headrace.errors import NotSupported
from headrace.packaging.draft import Draft

FILE = "model.pt2"

# One argument of forward: a tensor, and which of its dimensions vary.
Argument = tuple[Any, list[int]]


def arguments_of(draft: Draft) -> list[Argument] | None:
    """What to trace with, from the input example or a signature of tensors; None where neither says it."""
    import torch

    example, specs = draft.input_example, _tensor_specs(draft)
    if example is not None:
        tensor = _tensor(example)
        if tensor is None or (specs is not None and len(specs) != 1):
            return None
        varying = [0] if specs is None else [at for at, size in enumerate(specs[0].shape) if size == -1]
        return [(tensor, [at for at in varying if at < tensor.dim()])]
    if specs is None:
        return None
    made: list[Argument] = []
    for spec in specs:
        if spec.type.kind not in "fiub":
            return None
        shape = [2 if size == -1 else size for size in spec.shape]
        zeros = torch.from_numpy(importlib.import_module("numpy").zeros(shape, dtype=spec.type))
        made.append((zeros, [at for at, size in enumerate(spec.shape) if size == -1]))
    return made


def _tensor_specs(draft: Draft) -> Sequence[Any] | None:
    schema = draft.signature.inputs if draft.signature is not None else None
    return schema.inputs if schema is not None and schema.is_tensor_spec() else None


def _tensor(example: Any) -> Any:
    """As predict makes one of it."""
    import numpy as np
    import torch

    if hasattr(example, "to_numpy") and hasattr(example, "columns"):
        try:
            example = example.to_numpy(dtype=np.float32)
        except (TypeError, ValueError):
            return None
    if not isinstance(example, np.ndarray) or example.dtype.kind not in "fiub":
        return None
    return torch.from_numpy(np.array(example))


def export(model: Any, arguments: Sequence[Argument], *, exact: bool) -> Any:
    """The program. exact: refuse one that takes fewer sizes than the varying dimensions promise."""
    import torch

    dim = torch.export.Dim
    kind = getattr(dim, "DYNAMIC" if exact else "AUTO", None) or getattr(dim, "AUTO", None)
    if kind is None:
        raise NotSupported(f"torch {torch.__version__} can't export for inputs of any size; it takes 2.6 or later.")
    device = next((each.device for each in (*model.parameters(), *model.buffers())), torch.device("cpu"))
    tensors = tuple(_grown(tensor, varying).to(device) for tensor, varying in arguments)
    shapes = tuple(dict.fromkeys(varying, kind) or None for _, varying in arguments)
    with evaluating(model), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about what it does itself
        program = torch.export.export(model, tensors, dynamic_shapes=shapes)
    _forget_places(program)
    return program


def _grown(tensor: Any, varying: Sequence[int]) -> Any:
    """A dimension of 1 is taken for a constant when it is traced."""
    for at in varying:
        if tensor.shape[at] == 1:
            tensor = tensor.repeat_interleave(2, dim=at)
    return tensor


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Dropout and batch norm as in predictions; each part is left in the mode that it was in."""
    before = {part: part.training for part in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for part, training in before.items():
            part.training = training


def _forget_places(program: Any) -> None:
    """The graph remembers the files of the source, by their paths on this machine."""
    for part in program.graph_module.modules():
        for node in getattr(getattr(part, "graph", None), "nodes", ()):
            node.meta.pop("stack_trace", None)


def save(program: Any, path: Path) -> None:
    import torch

    torch.export.save(program, path)


def load(path: Path, device: str | None) -> Any:
    import torch

    program = torch.export.load(path)
    if device is not None:
        program = _moved(program, torch.device(device))
    return module_of(program)


def _moved(program: Any, device: Any) -> Any:
    """A program holds the device that it was traced on in its graph, too."""
    if all(each.device.type == device.type for each in program.state_dict.values()):
        return program
    passes = importlib.import_module("torch.export.passes")
    return passes.move_to_device_pass(program, device)


def module_of(program: Any) -> Any:
    """A module whose `eval()` may be called, as it is on every model before predictions."""
    module = program.module()
    module.eval = lambda: module  # it is in that mode for good
    return module
