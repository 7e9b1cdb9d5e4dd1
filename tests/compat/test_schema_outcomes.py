"""The recorded outcomes of signatures are what genuine MLflow answers today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.packaging.outcomes.record import GROUPS, outcomes

RECORDED = Path(__file__).resolve().parents[1] / "packaging" / "outcomes"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", GROUPS)
def test_recorded_outcomes_are_genuine_mlflows(group: str) -> None:
    assert outcomes(group) == json.loads((RECORDED / f"{group}.json").read_text(encoding="utf-8"))
