"""PyTorch: modules as exported programs where they can be, which bring no code of their own; as pickles where not."""

from headrace.flavors.pytorch.flavor import FLAVOR

__all__ = ["FLAVOR"]
