"""`headrace models sign` and `verify`: signatures of versions, and whether files are those that were registered."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from headrace.cli import cells
from headrace.cli.group import Command
from headrace.cli.models_named import comment_option, version_at
from headrace.cli.output import done, fields, show
from headrace.cli.problem import Problem
from headrace.cli.session import registry
from headrace.entities import ModelVersion, VersionManifest
from headrace.errors import InvalidValue
from headrace.stores.model_uris import is_models_uri, parse

if TYPE_CHECKING:
    from rich.console import RenderableType

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """signers: who signed these very files, as the bundles say; proven: the one that a key proves, by `proven_by`."""

    model: str
    files: int
    size_bytes: int
    digest: str
    signers: list[str]
    proven: str | None = None
    proven_by: str | None = None
    why_not: str = ""


@click.command(
    "sign",
    cls=Command,
    examples=[
        "headrace models sign wine/3 --private-key release-team.key",
        "headrace models sign wine@candidate --private-key team.key --certificate team.crt --certificate root.crt",
        "headrace models sign wine/3 --bundle model.sig --comment 'signed on the offline machine'",
    ],
)
@click.argument("address", metavar="NAME/VERSION")
@click.option("--private-key", type=_FILE, metavar="FILE", help="PEM file: an elliptic curve key (P-256, 384 or 521).")
@click.option("--password-file", type=click.File("r"), metavar="FILE", help="Holds the key's password; - for stdin.")
@click.option(
    "--certificate", "certificates", multiple=True, type=_FILE, metavar="FILE",
    help="The signer's certificate, then those above it; repeat. Without any, the policy needs the public key.",
)  # fmt: skip
@click.option("--bundle", type=_FILE, metavar="FILE", help="Take this bundle, made by the command of model-signing.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Keep the bundle, too.")
@comment_option
def sign(
    address: str,
    private_key: Path | None,
    password_file: Any,
    certificates: tuple[Path, ...],
    bundle: Path | None,
    output: Path | None,
    comment: str | None,
) -> None:
    """Sign a version's files by OpenSSF model-signing, after comparing every byte with the registry's manifest."""
    from headrace.client.acts import act
    from headrace.registry import signatures

    if (private_key is None) == (bundle is None):
        raise InvalidValue(message="Give either --private-key, or the --bundle of a signature that was made elsewhere.")
    version = version_at(address)
    manifest = _manifest(version)
    if bundle is not None:
        signature = signatures.signature_of(bundle.read_text(encoding="utf-8"), manifest)
    else:
        assert private_key is not None
        password = None if password_file is None else password_file.read().rstrip("\r\n")
        with tempfile.TemporaryDirectory(prefix="headrace-model-") as scratch:
            folder = _files(version, Path(scratch))
            signature = signatures.sign(folder, manifest, private_key, password=password, certificates=certificates)
    registry().add_version_signature(version.name, version.version, signature, act=act(comment))
    if output is not None:
        output.write_text(signature.bundle, encoding="utf-8")
    signer = _called(signature.method, signature.signer)
    done(
        f"Version {version.version} of model {version.name!r} is signed by {signer}.",
        {
            "name": version.name,
            "version": version.version,
            "digest": signature.digest,
            "method": signature.method,
            "signer": signature.signer,
        },
    )


@click.command(
    "verify",
    cls=Command,
    examples=[
        "headrace models verify models:/digits/3",
        "headrace models verify models:/digits@champion --key release-team.pem",
        "headrace models verify ./model",
    ],
)
@click.argument("model", metavar="PATH_OR_URI")
@click.option(
    "--key", "keys", multiple=True, type=_FILE, metavar="FILE",
    help="PEM file of a public key or root certificate that must prove a signature, instead of the policy's keys.",
)  # fmt: skip
def verify(model: str, keys: tuple[Path, ...]) -> None:
    """Compare every byte of a model with its manifest: a registered version's with the registry's, of which the file
    cannot know, and its signatures with the keys; a folder's with its own.
    """
    if is_models_uri(model) and not parse(model).model_id:
        found = _verified(model, [key.read_text(encoding="utf-8") for key in keys])
        show(found, lambda: _shown(found))
        if keys and found.proven is None:
            raise Problem(f"No signature of {model} is proven by {', '.join(map(str, keys))}: {found.why_not}.")
        return
    if keys:
        raise InvalidValue("--key", str(keys[0]), "only versions of registered models have signatures.")
    _verify_folder(model)


def _verified(uri: str, keys: Sequence[str]) -> Verified:
    from headrace.registry.policy import signer_of

    version = version_at(uri)
    manifest = _manifest(version)
    with tempfile.TemporaryDirectory(prefix="headrace-model-") as scratch:
        _files(version, Path(scratch))
    found = registry().get_version_signatures(version.name, version.version)
    counting = tuple(keys) or registry().get_policy(version.name).keys
    proven, why_not = signer_of(manifest, found, counting)
    return Verified(
        model=f"models:/{version.name}/{version.version}",
        files=len(manifest.files),
        size_bytes=manifest.size_bytes,
        digest=manifest.digest,
        signers=[_called(each.method, each.signer) for each in found if each.digest == manifest.digest],
        proven=proven,
        proven_by=None if proven is None else "--key" if keys else "policy",
        why_not=why_not,
    )


def _shown(found: Verified) -> RenderableType:
    if found.proven is not None:
        by = "a key of the model's policy" if found.proven_by == "policy" else "the given key"
        signed = f"by {found.proven}, proven by {by}"
    elif found.signers:
        signed = f"by {', '.join(found.signers)}, which nothing proves: {found.why_not}"
    else:
        signed = f"no: {found.why_not}"
    return fields(
        [
            ("Model", found.model),
            ("Files", f"all {found.files} ({cells.size(found.size_bytes)}) are as they were registered"),
            ("Digest", found.digest),
            ("Signed", signed),
        ]
    )


def _manifest(version: ModelVersion) -> VersionManifest:
    found = registry().get_version_manifest(version.name, version.version)
    if found is None:
        raise Problem(
            f"Version {version.version} of model {version.name!r} has no manifest, so nothing says what its files "
            f"were: they lie at {registry().get_model_version_download_uri(version.name, version.version)}, where its "
            "registry doesn't read them.",
            "Log the model to the server, or register it from where the server keeps artifacts.",
        )
    return found


def _files(version: ModelVersion, scratch: Path) -> Path:
    """The version's folder, compared with its manifest: where it lies if that is on this machine, or downloaded."""
    from headrace.client.artifact_uris import place_of
    from headrace.client.uri import get_tracking_uri
    from headrace.client.version_checks import fetch, local_files

    place = place_of(f"models:/{version.name}/{version.version}", get_tracking_uri())
    return local_files(place) or fetch(place, scratch / "model")


def _verify_folder(model: str) -> None:
    from headrace.cli.models import local_folder
    from headrace.packaging import manifest

    with local_folder(model) as folder:
        stated = manifest.read(folder)
        if stated is None:
            raise InvalidValue("PATH_OR_URI", model, "the model has no manifest; those that Headrace saves have one.")
        edited = manifest.check(folder, stated, contents=True)
    note = f"; edited since it was saved: {', '.join(edited)}" if edited else ""
    done(
        f"All {len(stated.files)} files of {model} are as they were saved{note}.",
        {"model": model, "files": len(stated.files), "size_bytes": stated.size_bytes, "edited": edited},
    )


def _called(method: str, signer: str) -> str:
    return f"the key {signer[:16]}…" if method == "key" else signer
