"""Types of columns, and the schemas made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "AnyType",
    "Array",
    "ColSpec",
    "DataType",
    "Map",
    "Object",
    "ParamSchema",
    "ParamSpec",
    "Property",
    "Schema",
    "SparkMLVector",
    "TensorInfo",
    "TensorSpec",
]

if TYPE_CHECKING:
    from headrace.packaging.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorInfo, TensorSpec
    from headrace.packaging.types import AnyType, Array, DataType, Map, Object, Property, SparkMLVector
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "AnyType": "headrace.packaging.types:AnyType",
            "Array": "headrace.packaging.types:Array",
            "ColSpec": "headrace.packaging.schema:ColSpec",
            "DataType": "headrace.packaging.types:DataType",
            "Map": "headrace.packaging.types:Map",
            "Object": "headrace.packaging.types:Object",
            "ParamSchema": "headrace.packaging.schema:ParamSchema",
            "ParamSpec": "headrace.packaging.schema:ParamSpec",
            "Property": "headrace.packaging.types:Property",
            "Schema": "headrace.packaging.schema:Schema",
            "SparkMLVector": "headrace.packaging.types:SparkMLVector",
            "TensorInfo": "headrace.packaging.schema:TensorInfo",
            "TensorSpec": "headrace.packaging.schema:TensorSpec",
        },
        otherwise="headrace.client.absent:lookup",
    )
