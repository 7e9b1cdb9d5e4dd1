"""The entry point of images: `serve` (or nothing) serves the model at /opt/ml/model; further words are options of
`headrace models serve`. Anything else is run as a command, for a look into the container."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from headrace import settings
from headrace.serving.image.dockerfile import MODEL


def command(words: Sequence[str]) -> list[str]:
    """What the container runs."""
    if words and words[0] != "serve" and not words[0].startswith("-"):
        return list(words)
    options = list(words[1:] if words and words[0] == "serve" else words)
    port = settings.IMAGE_PORT.get()
    manager = settings.IMAGE_ENV_MANAGER.get()
    own = ["--model-uri", MODEL, "--host", "0.0.0.0", "--port", str(port), "--env-manager", manager]  # noqa: S104
    return [sys.executable, "-m", "headrace", "models", "serve", *own, *options]


def main() -> None:
    words = command(sys.argv[1:])
    if "headrace" in words and not Path(MODEL, "MLmodel").is_file():
        sys.stderr.write(f"There is no model at {MODEL}. Mount one: docker run -v FOLDER:{MODEL}:ro …\n")
        sys.exit(2)
    os.execvp(words[0], words)  # noqa: S606 — the container's own arguments


if __name__ == "__main__":
    main()
