"""Run the tests of the transformers flavor on other versions of transformers, each in an environment of its own.

    python tools/test_transformers_versions.py [VERSION …]      ("4.50.*" "4.57.*" without)

An environment has that version of transformers and of what it pins, and everything else from the environment that this
runs in. Needs uv and a package index.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("4.50.*", "4.57.*")
TESTS = sorted(str(path) for path in (ROOT / "tests" / "flavors").glob("test_transformers*.py"))


def run(version: str, folder: Path) -> int:
    python = folder / "bin" / "python"
    _do("uv", "venv", "-q", "--python", sys.executable, folder)
    _do("uv", "pip", "install", "-q", "--python", python, f"transformers=={version}")
    packages = next(folder.glob("lib/python*/site-packages"))
    # Later on the path, so that what was installed above wins.
    (packages / "zz_others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return _do(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, env=environment, check=False)


def _do(*command: str | Path, env: dict[str, str] | None = None, check: bool = True) -> int:
    return subprocess.run(command, cwd=ROOT, env=env, check=check).returncode  # noqa: S603 — uv and this Python


def main() -> None:
    failed = []
    for version in sys.argv[1:] or VERSIONS:
        print(f"transformers {version}", flush=True)  # noqa: T201
        with tempfile.TemporaryDirectory(prefix="headrace-transformers-") as folder:
            if run(version, Path(folder)):
                failed.append(version)
    if failed:
        sys.exit(f"The tests failed on {', '.join(failed)}.")


if __name__ == "__main__":
    main()
