"""The decorator of functions that are models."""

from headrace.packaging.pyfunc.hinted import pyfunc

__all__ = ["pyfunc"]
