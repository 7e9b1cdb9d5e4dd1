from __future__ import annotations

import subprocess
import sys

import pytest

from headrace.packaging.flavor import flavor_names

MEASURE = """
import time
before = time.perf_counter()
import headrace
took = time.perf_counter() - before
pages = int(open("/proc/self/statm").read().split()[1])
import resource
print(took, pages * resource.getpagesize())
"""
IMPORT_S = 0.1
MEMORY_BYTES = 35e6

FLAVORS = {*flavor_names()}  # their modules need numpy, and none its framework


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_takes_at_most_a_tenth_of_a_second_and_35_megabytes() -> None:
    measured = [tuple(map(float, run(MEASURE).split())) for _ in range(5)]
    assert min(took for took, _ in measured) <= IMPORT_S
    assert max(memory for _, memory in measured) <= MEMORY_BYTES


def test_embedded_logging_loads_no_http_and_no_frames() -> None:
    code = """
import sys, headrace as mlflow
with mlflow.start_run():
    mlflow.log_metric("m", 1)
print(*[name for name in ("urllib3", "starlette", "uvicorn", "pandas", "polars") if name in sys.modules])
"""
    assert run(code).split() == []


@pytest.mark.parametrize("name", sorted(FLAVORS))
def test_module_of_a_flavor_loads_no_framework(name: str) -> None:
    code = f"import sys, headrace; headrace.{name}; print(*sys.modules)"
    loaded = {module.partition(".")[0] for module in run(code).split()}
    assert not loaded & {"sklearn", "skops", "torch", "transformers", "onnx", "onnxruntime", "pandas", "sqlalchemy"}


def test_calls_and_client_are_there_before_any_database_http_or_array_library() -> None:
    code = f"""
import sys, headrace
for name in headrace.__all__:
    if name not in ("Image", "log_image", *{sorted(FLAVORS)}):
        getattr(headrace, name)
print(*[name for name in ("urllib3", "sqlalchemy", "starlette", "pandas", "polars", "numpy") if name in sys.modules])
"""
    assert run(code).split() == []
