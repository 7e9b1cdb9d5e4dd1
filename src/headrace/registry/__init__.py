"""What is more than storage of models and versions: rules about sources, digests of files, gates, signatures,
lineage."""

from headrace.registry.files import FilesAt, OpenedFiles, VersionFiles
from headrace.registry.guarded import GuardedRegistry

__all__ = ["FilesAt", "GuardedRegistry", "OpenedFiles", "VersionFiles"]
