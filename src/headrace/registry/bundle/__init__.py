"""A registered model with all that belongs to it, as a folder or a .tar file that moves between registries.

    model.json                  the model, its versions, sizes and digests of every file
    history.jsonl               its journal, an entry a line, oldest first; absent where the registry keeps none
    versions/3/files/…          the files of version 3

A bundle may come from anybody: it is read without running or unpacking anything but plain files whose names, sizes and
digests model.json says, below the folder that the reader names.
"""

from headrace.registry.bundle.reading import Bundle, open_bundle
from headrace.registry.bundle.records import BundledModel, BundledVersion
from headrace.registry.bundle.writing import BundleWriter, writing_bundle

__all__ = ["Bundle", "BundleWriter", "BundledModel", "BundledVersion", "open_bundle", "writing_bundle"]
