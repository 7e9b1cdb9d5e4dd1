"""What `import mlflow` finds where this folder's parent is on PYTHONPATH: Headrace, which takes this module's place."""

import importlib.util
import pathlib
import sys

if importlib.util.find_spec("headrace") is not None:
    importlib.import_module("headrace.shim").install()
else:
    # Another interpreter that inherited our PYTHONPATH: whatever it has itself is what it gets.
    _folder = pathlib.Path(__file__).resolve().parents[1]
    sys.path[:] = [entry for entry in sys.path if pathlib.Path(entry).resolve() != _folder]
    del sys.modules[__name__]
    importlib.import_module(__name__)
