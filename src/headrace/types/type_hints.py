"""Hints for the input of a model's `predict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["TypeFromExample"]

if TYPE_CHECKING:
    from headrace.packaging.hints import TypeFromExample
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "TypeFromExample": "headrace.packaging.hints:TypeFromExample",
            "model_validate": "headrace.packaging.pyfunc.hinted:model_validate",  # named by pickles
        },
        otherwise="headrace.client.absent:lookup",
    )
