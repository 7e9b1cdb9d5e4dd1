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
        {"TypeFromExample": "headrace.packaging.hints:TypeFromExample"},
        otherwise="headrace.client.absent:lookup",
    )
