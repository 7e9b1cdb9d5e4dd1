"""The pickle module that PyTorch models name."""

from headrace.flavors.pytorch.cloud_pickle import Pickler, Unpickler, dump, dumps, load, loads

__all__ = ["Pickler", "Unpickler", "dump", "dumps", "load", "loads"]
