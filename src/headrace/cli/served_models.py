"""Where a served model's versions come from: an address is a folder that stays what it is, or an alias, a stage or
`latest` of a registered model, which may name another version tomorrow."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from headrace.blobs.paths import scheme
from headrace.packaging.trust import Origin
from headrace.serving.source import FixedSource, ModelSource, Revision

_MLMODEL = "MLmodel"
_DIGEST_CHARS = 12
_MODEL_ID = re.compile(rb"^model_id: (m-[0-9a-f]+)\s*$", re.MULTILINE)


def source_of(uri: str, *, follow: bool = True) -> ModelSource:
    """follow: False keeps the version that the address names now."""
    folder = Path(uri)
    if not scheme(uri) and folder.is_dir() and not folder.is_symlink():
        # As the client would find it, which takes some MB for as long as the model is served.
        path = folder.resolve()
        return FixedSource(Revision(label=label_of(path), uri=uri, path=path, origin=Origin.elsewhere()))
    from headrace.cli.served_versions import stored_source

    return stored_source(uri, follow=follow)


def label_of(path: Path) -> str:
    """What is in a model without an id changes with its MLmodel, as a rule; the label only tells versions apart."""
    file = path if path.name == _MLMODEL else path / _MLMODEL
    if not file.is_file():
        from headrace.packaging.mlmodel import Model

        Model.load(path)  # says what is missing
    # Reading all of it would load numpy, for which the model's process would wait.
    text = file.read_bytes()
    found = _MODEL_ID.search(text)
    return found[1].decode() if found else hashlib.sha256(text).hexdigest()[:_DIGEST_CHARS]
