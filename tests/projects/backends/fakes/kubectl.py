"""A `kubectl` of a cluster with one node, this machine: a Job's container is a process."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from calls import STATE, broken, end_of, fail, kill, record, start


def main(args: list[str]) -> None:
    said = record("kubectl", args)
    if args[0] == "--context":
        args = args[2:]
    words = broken(f"kubectl-{args[0]}")
    if words:
        fail(words)
    match args:
        case ["create", "--filename", "-", "--output", "json"]:
            create(json.loads(said))
        case ["get", "job", name, "--namespace", namespace, "--output", "json"]:
            print(json.dumps({**job(name, namespace), "status": job_status(name)}))
        case ["get", "pods", "--namespace", _, "--selector", selector, "--output", "json"]:
            print(json.dumps({"items": pods(selector.removeprefix("job-name="))}))
        case ["logs", pod, "--namespace", _, "--follow"]:
            follow(pod.removesuffix("-pod"))
        case ["delete", "job", name, "--namespace", _, "--ignore-not-found", "--cascade=foreground", "--wait"]:
            kill(name)
            (STATE / f"{name}.json").unlink(missing_ok=True)
        case _:
            fail(f"error: unknown command: {args}")


def job(name: str, namespace: str) -> dict[str, Any]:
    place = STATE / f"{name}.json"
    found = json.loads(place.read_text()) if place.exists() else {"metadata": {}}
    if found["metadata"].get("namespace") != namespace:
        fail(f'Error from server (NotFound): jobs.batch "{name}" not found')
    return found


def create(manifest: dict[str, Any]) -> None:
    manifest["metadata"].setdefault("namespace", "default")
    name = manifest["metadata"]["name"]
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    (STATE / f"{name}.json").write_text(json.dumps(manifest))
    if not (STATE / "hold").exists():
        variables = {entry["name"]: entry["value"] for entry in container["env"]}
        start(container["command"], name, {"PATH": os.environ["PATH"], **variables})
    print(json.dumps(manifest))


def job_status(name: str) -> dict[str, Any]:
    ended = end_of(name)
    if ended is None:
        return {"active": 1}
    if ended == 0:
        return {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
    message = "Job has reached the specified backoff limit"
    return {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "message": message}]}


def pods(name: str) -> list[dict[str, Any]]:
    if not (STATE / f"{name}.json").exists():
        return []
    if not (STATE / f"{name}.pid").exists():
        state: dict[str, Any] = {"waiting": json.loads((STATE / "hold").read_text())}
    elif end_of(name) is None:
        state = {"running": {}}
    else:
        state = {"terminated": {"exitCode": end_of(name)}}
    return [{"metadata": {"name": f"{name}-pod"}, "status": {"containerStatuses": [{"state": state}]}}]


def follow(name: str) -> None:
    place = STATE / f"{name}.log"
    cut = STATE / "cut-logs"
    with place.open("rb") as log:
        while True:
            over = end_of(name) is not None or not (STATE / f"{name}.json").exists()
            part = log.read()
            sys.stdout.buffer.write(part)
            sys.stdout.flush()
            if part and cut.exists():
                cut.unlink()
                fail("error: unexpected EOF")
            if over and not part:
                return
            time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1:])
