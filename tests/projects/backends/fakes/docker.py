"""A `docker` without an engine: `run` runs the command here. Images are files of FAKE_STATE/images."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from calls import STATE, broken, fail, record

TAKES_VALUE = {"-v", "-e", "--name", "--gpus", "--network", "--memory", "-m", "--shm-size", "--user"}
IMAGES = STATE / "images"


def image(name: str) -> Path:
    return IMAGES / name.replace("/", "!")


def main(args: list[str]) -> None:
    said = record("docker", args)
    if args[0] == "--config":
        shutil.copy(Path(args[1], "config.json"), STATE / "config.json")
        args = args[2:]
    words = broken(args[0])
    if words:
        fail(words)
    match args:
        case ["version", *_]:
            print("28.2.2")
        case ["image", "inspect", "--format", form, name]:
            if not image(name).exists():
                fail(f"Error response from daemon: No such image: {name}")
            print(image(name).read_text() if ".Id" in form else f"{repository(name)}@sha256:{'d' * 64}")
        case ["pull", name]:
            print("Status: Downloaded newer image")
            image(name).write_text("sha256:pulled")
        case ["build", "--tag", name, "--file", "-", context]:
            image(name).write_text("sha256:built")
            (STATE / "Dockerfile").write_text(said)
            shutil.copytree(context, STATE / "context")
        case ["push", name]:
            print(f"{name}: digest: sha256:{'d' * 64}")
        case ["run", *rest]:
            run(rest)
        case ["stop", "-t", _, name] | ["rm", "-f", name]:
            place = STATE / f"container-{name}"
            if not place.exists():
                fail(f"Error response from daemon: No such container: {name}")
            os.kill(int(place.read_text()), 15)
        case _:
            fail(f"docker: unknown command: {args}", 125)


def repository(name: str) -> str:
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name


def run(args: list[str]) -> None:
    variables, name = {"PATH": os.environ["PATH"], "FAKE_STATE": str(STATE)}, ""
    while args and args[0].startswith("-"):
        option = args.pop(0)
        if option not in TAKES_VALUE:
            continue
        value = args.pop(0)
        if option == "--name":
            name = value
        if option == "-e":
            key, given, text = value.partition("=")
            variables[key] = text if given else os.environ[key]
    wanted = args.pop(0)
    if not image(wanted).exists():
        fail(f"docker: Error response from daemon: No such image: {wanted}", 125)
    if (STATE / "slow-run").exists():
        time.sleep(60)
    child = subprocess.Popen(args, env=variables, start_new_session=True)
    place = STATE / f"container-{name}"
    place.write_text(str(child.pid))
    status = child.wait()
    place.unlink()
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main(sys.argv[1:])
