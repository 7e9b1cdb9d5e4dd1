"""Schemas from examples of data: `infer_schema` of inputs and outputs, `infer_params` of parameters."""

from headrace.packaging.infer.data import anything, infer_schema
from headrace.packaging.infer.params import infer_params

__all__ = ["anything", "infer_params", "infer_schema"]
