"""What pickles name that check a model's input by its type hint."""

from headrace.packaging.pyfunc.hinted import FuncInfo, pyfunc
from headrace.packaging.pyfunc.hinted import validate_model_input as _validate_model_input

__all__ = ["FuncInfo", "_validate_model_input", "pyfunc"]
