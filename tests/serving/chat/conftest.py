from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.chat.talking import Talk, opened, saved

pytest.importorskip("onnxruntime_genai")


@pytest.fixture(scope="session")
def phi3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("chat") / "phi3")


@pytest.fixture(scope="module")
def talk(phi3: Path) -> Iterator[Talk]:
    host = opened(phi3)
    yield Talk(host)
    host.close()
