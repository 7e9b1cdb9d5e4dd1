"""Signatures of models: made by hand, or told from examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["ModelSignature", "infer_signature", "set_signature"]

if TYPE_CHECKING:
    from headrace.client.model_files import set_signature
    from headrace.packaging.signature import ModelSignature, infer_signature
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ModelSignature": "headrace.packaging.signature:ModelSignature",
            "_TypeHints": "headrace.packaging.signature:_TypeHints",  # named by pickles
            "infer_signature": "headrace.packaging.signature:infer_signature",
            "set_signature": "headrace.client.model_files:set_signature",
        },
        otherwise="headrace.client.absent:lookup",
    )
