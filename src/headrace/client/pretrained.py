"""`transformers.persist_pretrained_model`: weights that a model only refers to are put into it, where it lies."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from headrace.blobs.paths import join
from headrace.blobs.transfer import upload
from headrace.client.artifacts import place_of_written
from headrace.client.resolve import resolve_model
from headrace.client.uri import get_tracking_uri
from headrace.packaging import manifest, trust
from headrace.packaging.flavor import flavor
from headrace.packaging.load import open_model
from headrace.packaging.mlmodel import FILE_NAME


def persist_pretrained_model(model_uri: str) -> None:
    """Of a model saved with save_pretrained=False, or an adapter's: its (base) model's weights are fetched and stored.
    A model that has its weights is left as it is."""
    uri = str(model_uri)
    with tempfile.TemporaryDirectory(prefix="headrace-model-") as scratch:
        source = open_model(resolve_model(uri, scratch))
        transformers: Any = flavor("transformers")
        written: list[str] = transformers.persist(source)
        if not written:
            return
        folder: Path = source.path
        known = manifest.read(folder)
        source.model.save(folder / FILE_NAME)
        if known is not None:
            kept = {name: found for name, found in known.files.items() if name != FILE_NAME}
            (folder / manifest.FILE_NAME).unlink()
            trust.remember(manifest.write(folder, kept).digest)
        place = place_of_written(uri, get_tracking_uri())
        for name in written:
            upload(place.blobs, folder / name, join(place.path, name))
        # Last, so that a model whose upload broke off is still what it was.
        for name in (FILE_NAME, manifest.FILE_NAME):
            if (folder / name).is_file():
                upload(place.blobs, folder / name, place.path)
