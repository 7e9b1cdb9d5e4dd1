"""`MLFLOW_TRACKING_URI=http://… python -m ui.screenshots.demo`: fills an empty server in less than half a minute."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("HEADRACE_SUPPRESS_PRINTING_URL_TO_STDOUT", "1")

import headrace
from ui.screenshots.demo import files, flowers, others, registry


def main() -> None:
    others.fill()
    writer, runs = flowers.fill()
    with tempfile.TemporaryDirectory() as folder:
        files.write(Path(folder) / "files")
        for name in ("convnext-s-96px", "convnext-s-06"):
            writer.client.log_artifacts(runs[name], str(Path(folder) / "files"))
            files.pictures_by_step(writer.client.log_image, runs[name])
        registry.fill(runs, Path(folder))
    ids = {each.name: each.experiment_id for each in headrace.search_experiments()}
    print(json.dumps({"experiments": ids, "runs": runs}))


if __name__ == "__main__":
    main()
