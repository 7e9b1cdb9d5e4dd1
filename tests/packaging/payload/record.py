"""Writes down how genuine MLflow's scoring server takes the cases, with its own interpreter, from the project's root:

.venv-mlflow/bin/python -m tests.packaging.payload.record
"""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.scoring_server import invocations
from mlflow.types import ParamSchema, Schema

from tests.packaging.payload import cases

RECORDED = Path(__file__).with_name("outcomes.json")


def outcome(case: str) -> Any:
    inputs, content_type, _ = cases.CASES[case]
    schema = Schema.from_json(json.dumps(inputs)) if inputs else None
    meta = Model()
    if schema is not None:
        meta.signature = ModelSignature(inputs=schema, params=ParamSchema.from_json(json.dumps(cases.PARAMS)))
    meta.add_flavor("python_function", loader_module="none")
    model = PyFuncModel(meta, cases.Echo())
    try:
        answer = invocations(cases.body_of(case).encode(), content_type, model, schema)
    except MlflowException as error:
        return error.get_http_status_code()
    except Exception:  # noqa: BLE001 — a crash of the server
        return 500
    return json.loads(answer.response) if answer.status == 200 else answer.status


def outcomes() -> dict[str, Any]:
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {case: outcome(case) for case in cases.CASES}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(outcomes(), indent=1) + "\n", encoding="utf-8")
