"""What a served model will call: MLflow's `resources` and `auth_policy` of MLmodel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue

API_VERSION = "1"


def resources_of(resources: Any, auth_policy: Any) -> dict[str, Any] | None:
    """As MLmodel has them: {"api_version", "databricks": {type: [{"name": …}]}}. resources: that mapping, the path of
    a YAML file with it, or objects with `to_dict()`."""
    if resources is None:
        return None
    if auth_policy is not None:
        raise InvalidValue("resources", resources, "give resources or auth_policy, not both.")
    if isinstance(resources, str | Path):
        import yaml

        resources = yaml.safe_load(Path(resources).read_text(encoding="utf-8"))
    if isinstance(resources, Mapping):
        return dict(resources)
    if not isinstance(resources, Sequence) or not all(hasattr(each, "to_dict") for each in resources):
        raise InvalidValue("resources", resources, "a list of resources, a mapping, or the path of a YAML file.")
    found: dict[str, Any] = {"api_version": API_VERSION}
    for each in resources:
        kinds = found.setdefault(str(getattr(each.target_uri, "value", each.target_uri)), {})
        for kind, entries in each.to_dict().items():
            kinds.setdefault(kind, []).extend(entries)
    return found
