"""Schemas of models' inputs, outputs and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["ColSpec", "DataType", "ParamSchema", "ParamSpec", "Schema", "TensorSpec"]

if TYPE_CHECKING:
    from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
    from headrace.packaging.types import DataType
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ColSpec": "headrace.packaging.schema:ColSpec",
            "DataType": "headrace.packaging.types:DataType",
            "ParamSchema": "headrace.packaging.schema:ParamSchema",
            "ParamSpec": "headrace.packaging.schema:ParamSpec",
            "Schema": "headrace.packaging.schema:Schema",
            "TensorSpec": "headrace.packaging.schema:TensorSpec",
        },
        otherwise="headrace.client.absent:lookup",
    )
