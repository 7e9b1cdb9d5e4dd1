"""What a scoring server is sent for an input example, and whether a model takes it."""

from __future__ import annotations

import json
from typing import Any

from headrace.packaging.example import encoded, example_of


def serving_input_of(input_example: Any) -> str:
    """JSON, as in serving_input_example.json."""
    return json.dumps(example_of(input_example).serving, indent=2, default=encoded)
