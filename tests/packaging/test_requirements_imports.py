from __future__ import annotations

import functools
import subprocess
import sys
import textwrap
import threading
from collections import OrderedDict, deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from headrace.packaging.requirements import modules_of


def tops(*objects: Any) -> set[str]:
    return {name.partition(".")[0] for name in modules_of(*objects)}


def closure_over(model: Any) -> Any:
    return lambda: model


def main_tops(code: str, folder: Path | None = None) -> set[str]:
    """What `model`, made by a script of a user's, uses."""
    script = (
        f"{textwrap.dedent(code)}\nfrom headrace.packaging.requirements import modules_of\nprint(*modules_of(model))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_a_pipeline_uses_the_modules_of_its_steps() -> None:
    from lightgbm import LGBMClassifier

    assert tops(make_pipeline(LogisticRegression())) == {"sklearn"}
    # Its classes extend scikit-learn's, which its distribution doesn't ask for.
    assert {"lightgbm", "sklearn"} <= tops(LGBMClassifier())


@pytest.mark.parametrize(
    "wrapped",
    [
        [1, {"k": (LogisticRegression(),)}],
        deque([frozenset({LogisticRegression})]),
        OrderedDict(a=LogisticRegression()),
        functools.partial(print, key=LogisticRegression()),
        SimpleNamespace(a=LogisticRegression()),
        LogisticRegression().fit,
        closure_over(LogisticRegression()),
    ],
    ids=["list", "deque", "dict", "partial", "namespace", "method", "closure"],
)
def test_objects_are_found_wherever_they_hang(wrapped: Any) -> None:
    assert "sklearn" in tops(wrapped)


def test_slots_are_looked_into() -> None:
    class Slotted:
        __slots__ = ("empty", "full")

    slotted = Slotted()
    slotted.full = LogisticRegression()
    assert "sklearn" in tops(slotted)


def test_plain_values_ask_for_nothing() -> None:
    assert modules_of(1, "a", None, [b"x", {1: 2.0}], range(3), threading.Lock()) == set()


def test_arrays_and_frames_are_named_and_not_walked() -> None:
    assert tops(np.array([LogisticRegression()], dtype=object)) == {"numpy"}
    assert "pandas" in tops(pd.DataFrame({"a": [1]}))


def test_an_object_that_answers_every_question_is_not_asked_any() -> None:
    class Asked:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"asked for {name}")

        @property
        def __class__(self) -> Any:
            raise RuntimeError("asked for its class")

        def __iter__(self) -> Any:
            raise RuntimeError("iterated")

    assert modules_of(Asked(), [Asked()]) == set()


def test_imports_inside_methods_of_a_script_are_found() -> None:
    found = main_tops(
        """
        class Phi:
            def load_context(self, context):
                import onnxruntime_genai as og
                self.model = og
            def predict(self, context, model_input):
                def inner():
                    from PIL import Image
                return [inner for _ in range(3)]
            @staticmethod
            def other():
                import yaml
            @property
            def third(self):
                import six
        model = Phi()
        """
    )
    assert found == {"onnxruntime_genai", "PIL", "yaml", "six"}


def test_globals_that_a_function_of_a_script_refers_to_are_found_and_others_not() -> None:
    found = main_tops(
        """
        import numpy as np
        import PIL.Image
        import yaml as loader
        from six import moves
        class Net:
            pass
        loaded = np.arange(3)          # an attribute below has the name of this one
        def shared(x: "loader.Node", y=PIL.Image.Image):
            return helper(x)
        def helper(x):
            return moves
        class Model:
            def predict(self, model_input):
                return shared(self.loaded)
        model = Model()
        """
    )
    assert found == {"PIL", "six"}


def test_annotations_of_a_pickled_function_count() -> None:
    found = main_tops(
        """
        from PIL import Image
        def model(model_input: list[Image.Image]) -> None: ...
        """
    )
    assert found == {"PIL"}


def test_what_a_module_of_the_users_own_imports_is_found_and_the_module_is_not(tmp_path: Path) -> None:
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("from . import steps\n")
    (package / "steps.py").write_text(
        "from typing import TYPE_CHECKING\nimport numpy\nfrom .deeper import value\n"
        "if TYPE_CHECKING:\n    import pandas\nx = 1\ndef late():\n    import yaml\n"
    )
    (package / "deeper.py").write_text(
        "try:\n    import no_such_module\nexcept ImportError:\n    import six\nvalue = 1\n"
    )
    (package / "unused.py").write_text("import sklearn\n")
    found = main_tops("import mine.steps\nmodel = mine.steps.late", tmp_path)
    assert found == {"numpy", "yaml", "six"}


def test_a_part_of_a_namespace_is_named_by_its_own_name() -> None:
    from google.protobuf import timestamp_pb2

    assert any(name.startswith("google.protobuf") for name in modules_of(timestamp_pb2.Timestamp()))


def test_very_many_objects_are_looked_at_up_to_a_bound() -> None:
    chain: list[Any] = []
    last = chain
    for _ in range(50_000):
        following: list[Any] = []
        last.append(following)
        last = following
    last.append(LogisticRegression())
    assert modules_of(chain) == set()
    assert "sklearn" in tops(chain, LogisticRegression())


def test_objects_that_hold_each_other_end() -> None:
    first: dict[str, Any] = {}
    first["second"] = [first, LogisticRegression()]
    assert tops(first) == {"sklearn"}
