"""Where a registry without a server finds the files of its versions: wherever this user reaches, by the artifact roots
of the tracking store beside it."""

from __future__ import annotations

from headrace.client.artifact_roots import files_at
from headrace.client.recorded import Recorded
from headrace.registry import FilesAt, OpenedFiles


class ReachableFiles:
    """`VersionFiles` of a client."""

    def __init__(self, tracking_uri: str) -> None:
        self.tracking_uri = tracking_uri

    def open(self, location: str) -> FilesAt:
        blobs = files_at(location, self.tracking_uri)
        if isinstance(blobs, Recorded):
            return OpenedFiles(blobs=blobs, manifest_root=blobs.root, folder=blobs.folder)
        return OpenedFiles(blobs=blobs, manifest_root=location)
