"""The Open Inference Protocol, version 2, as far as both processes need it: names of types, what a model says of
itself, and the content type of bodies whose tensors follow the JSON as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.serving.facts import Facts

BINARY = "application/octet-stream"
HEADER_LENGTH = "Inference-Header-Content-Length"
_LENGTH = "header-length"

DATATYPES = {
    "bool": "BOOL",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}
"""numpy's name → the protocol's. All else is BYTES."""
BYTES = "BYTES"
_COLUMNS = {"boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64"}


def metadata(name: str, versions: Sequence[str], facts: Facts) -> dict[str, Any]:
    """The answer of /v2/models/NAME. A model without a signature names no tensors."""
    signature = facts.signature or {}
    return {
        "name": name,
        "versions": list(versions),
        "platform": f"mlflow_{facts.flavors[0]}" if facts.flavors else "mlflow",
        "inputs": _tensors(signature.get("inputs"), "input"),
        "outputs": _tensors(signature.get("outputs"), "output"),
    }


def _tensors(specs: Sequence[Mapping[str, Any]] | None, noun: str) -> list[dict[str, Any]]:
    return [_tensor(spec, f"{noun}-{place}") for place, spec in enumerate(specs or ())]


def _tensor(spec: Mapping[str, Any], unnamed: str) -> dict[str, Any]:
    name = str(spec.get("name", unnamed))
    if spec["type"] == "tensor":
        inner = spec["tensor-spec"]
        return {"name": name, "datatype": DATATYPES.get(inner["dtype"], BYTES), "shape": list(inner["shape"])}
    return {"name": name, "datatype": _COLUMNS.get(spec["type"], BYTES), "shape": [-1]}


def with_header_length(header: str | None) -> str:
    """How a request's header of that name crosses to the model's process, and that of an answer back: in the content
    type. header: its value; None where it is absent, when the whole body is JSON."""
    return BINARY if header is None else f"{BINARY}; {_LENGTH}={header.strip()}"


def header_length(content_type: str) -> str | None:
    """What `with_header_length` put there."""
    kind, _, parameter = content_type.partition(";")
    key, _, value = parameter.strip().partition("=")
    return value if kind.strip() == BINARY and key == _LENGTH else None
