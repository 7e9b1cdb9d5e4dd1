"""The entry point of images: `serve` (or nothing) serves the model at /opt/ml/model; further words are options of
`headrace models serve`. Anything else is run as a command, for a look into the container."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from headrace import settings


def command(words: Sequence[str]) -> list[str]:
    """What the container runs."""
    if words and words[0] != "serve" and not words[0].startswith("-"):
        return list(words)
    options = list(words[1:] if words and words[0] == "serve" else words)
    port = settings.IMAGE_PORT.get()
    manager = settings.IMAGE_ENV_MANAGER.get()
    model = f"{settings.IMAGE_MODEL_NAME.get()}={settings.IMAGE_MODEL.get()}"
    own = ["--model-uri", model, "--host", "0.0.0.0", "--port", str(port), "--env-manager", manager]  # noqa: S104
    return [sys.executable, "-m", "headrace", "models", "serve", *own, *options]


def main() -> None:
    words = command(sys.argv[1:])
    folder = settings.IMAGE_MODEL.get()
    if "headrace" in words and not Path(folder, "MLmodel").is_file():
        sys.stderr.write(f"There is no model at {folder}. Mount one: docker run -v FOLDER:{folder}:ro …\n")
        sys.exit(2)
    os.execvp(words[0], words)  # noqa: S606 — the container's own arguments


if __name__ == "__main__":
    main()
