"""The tag of a logged model that lists its versions in the registry, as MLflow's servers keep it."""

from __future__ import annotations

import json
from typing import Any

from headrace.entities import LoggedModelTag, ModelVersion
from headrace.server.backend import Backend

VERSIONS_TAG = "mlflow.modelVersions"


async def note_registration(backend: Backend, version: ModelVersion) -> None:
    """Adds the version to its logged model's list. One at a time, since the list is read and written back."""
    if not version.model_id:
        return
    async with backend.registrations:
        model = await backend.call(backend.store.get_logged_model, version.model_id)
        listed = _listed(model.tags.get(VERSIONS_TAG))
        entry = {"name": version.name, "version": int(version.version)}
        if entry not in listed:
            tag = LoggedModelTag(VERSIONS_TAG, json.dumps([*listed, entry]))
            await backend.write(backend.store.set_logged_model_tags, version.model_id, [tag])


def _listed(value: str | None) -> list[Any]:
    """Clients may write the tag, too: what is no list is replaced."""
    try:
        found = json.loads(value) if value else []
    except ValueError:
        return []
    return found if isinstance(found, list) else []
