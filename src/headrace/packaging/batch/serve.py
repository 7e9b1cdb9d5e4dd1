"""The child's side of `remote`: python -m headrace.packaging.batch.serve REQUESTS ANSWERS JOB, where two are file
descriptors. What the model prints goes to standard error."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.errors import HeadraceError
from headrace.packaging.batch.remote import receive, send
from headrace.packaging.load import load_pyfunc, open_model
from headrace.packaging.trust import Origin


@dataclass(frozen=True, kw_only=True)
class _Place:
    path: Path
    origin: Origin


def serve(requests_fd: int, answers_fd: int, job: dict[str, Any]) -> None:
    os.dup2(2, 1)
    with os.fdopen(requests_fd, "rb") as requests, os.fdopen(answers_fd, "wb") as answers:
        origin = Origin(root=Path(job["root"]) if job["root"] else None, creator=job["creator"], caller=job["caller"])
        place = _Place(path=Path(job["folder"]), origin=origin)
        try:
            source = open_model(place, model_config=job["model_config"], allow_pickle=job["allow_pickle"])
            model = load_pyfunc(source, suppress_warnings=True)
        except Exception as error:  # noqa: BLE001 — loading runs the user's code
            _tell(answers, error)
            return
        send(answers, None)
        while (message := receive(requests)) is not None:
            data, header = message
            try:
                send(answers, model.predict(data, params=header.get("params")))
            except Exception as error:  # noqa: BLE001 — the user's code
                _tell(answers, error)


def _tell(answers: Any, error: Exception) -> None:
    if isinstance(error, HeadraceError):
        send(answers, None, error=error.message, code=error.error_code, ours=True)
        return
    import traceback

    send(answers, None, error="".join(traceback.format_exception(error)), code="INTERNAL_ERROR", ours=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
