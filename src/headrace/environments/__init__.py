"""Environments that models and projects run in: what they ask for, what is installed here, and building the rest.

`of_model`, `of_python_env` and `of_conda` read a `Spec`; `prepare` builds it, or finds it built; the `Environment` runs
things. Names are imported when they are first asked for: logging a model needs to know what is installed, no more.
"""

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "BuildFailed",
    "Environment",
    "Manager",
    "Spec",
    "local",
    "of_conda",
    "of_model",
    "of_python_env",
    "prepare",
    "prune",
    "root",
]

if TYPE_CHECKING:
    from headrace.environments.build import BuildFailed, Manager, prepare
    from headrace.environments.cache import prune, root
    from headrace.environments.prepared import Environment, local
    from headrace.environments.spec import Spec, of_conda, of_model, of_python_env
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "BuildFailed": "headrace.environments.build:BuildFailed",
            "Environment": "headrace.environments.prepared:Environment",
            "Manager": "headrace.environments.build:Manager",
            "Spec": "headrace.environments.spec:Spec",
            "local": "headrace.environments.prepared:local",
            "of_conda": "headrace.environments.spec:of_conda",
            "of_model": "headrace.environments.spec:of_model",
            "of_python_env": "headrace.environments.spec:of_python_env",
            "prepare": "headrace.environments.build:prepare",
            "prune": "headrace.environments.cache:prune",
            "root": "headrace.environments.cache:root",
        },
    )
