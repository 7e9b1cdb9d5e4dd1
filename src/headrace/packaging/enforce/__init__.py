"""Data against a model's signature: `enforce_input`, `enforce_params`, and the error `SchemaMismatch`."""

from headrace.packaging.enforce.input import enforce_input, validate_schema
from headrace.packaging.enforce.mismatch import SchemaMismatch
from headrace.packaging.enforce.params import enforce_params

__all__ = ["SchemaMismatch", "enforce_input", "enforce_params", "validate_schema"]
