"""cloudpickle with the names that torch.save and torch.load ask a pickle module for. Models name it by its public path,
`mlflow.pytorch.pickle_module`."""

from pickle import Unpickler

from cloudpickle import dump, dumps, load, loads

from headrace.packaging.pyfunc.pickling import Pickler

__all__ = ["Pickler", "Unpickler", "dump", "dumps", "load", "loads"]
