"""Writes down what genuine MLflow answers to the cases, with MLflow's own interpreter, from the project's root:

    .venv-mlflow/bin/python -m tests.packaging.outcomes.record

One JSON file a group beside this file: name of the case → the answer, "refused" (MLflow says what is wrong) or "crash"
(some other exception came out).
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.models.utils import _enforce_params_schema, _enforce_schema
from mlflow.types import ParamSchema, Schema

from tests.packaging.outcomes import cases

HERE = Path(__file__).parent


def answer(call: Callable[[], Any]) -> Any:
    try:
        return {"answer": cases.written(call())}
    except MlflowException:
        return "refused"
    except Exception:  # noqa: BLE001 — that is what is written down
        return "crash"


def enforced(schema: str, build: Callable[[], Any]) -> Any:
    return answer(lambda: _enforce_schema(build(), Schema.from_json(schema)))


def params(schema: str, build: Callable[[], Any]) -> Any:
    return answer(lambda: _enforce_params_schema(build(), ParamSchema.from_json(schema)))


def inferred(build: Callable[[], Any]) -> Any:
    return answer(lambda: json.loads(infer_signature(build()).inputs.to_json()))


def inferred_params(build: Callable[[], Any]) -> Any:
    return answer(lambda: json.loads(infer_signature(params=build()).params.to_json()))


GROUPS = {
    "columns": (enforced, cases.column_cases),
    "nested": (enforced, cases.nested_cases),
    "forms": (enforced, cases.form_cases),
    "tensors": (enforced, cases.tensor_cases),
    "params": (params, cases.param_cases),
    "infer": (inferred, cases.infer_cases),
    "infer_params": (inferred_params, cases.infer_param_cases),
}


def outcomes(group: str) -> dict[str, Any]:
    judge, build = GROUPS[group]
    return {name: judge(*rest) for name, *rest in build()}


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    for group in GROUPS:
        lines = [f"{json.dumps(name)}: {json.dumps(found)}" for name, found in outcomes(group).items()]
        (HERE / f"{group}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        print(group, len(lines))


if __name__ == "__main__":
    main()
