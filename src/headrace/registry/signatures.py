"""Signatures of versions, by OpenSSF model-signing: a sigstore bundle whose signed payload lists every file of a folder
with its SHA-256, so that it is held against a version's manifest without a download.

A bundle counts for a manifest if it lists each of its files with the same digest, and no others; but for:

- files of git at the root (`.git`, `.github`, `.gitattributes`, `.gitignore`), which model-signing leaves out. They
  needn't be listed: no loader reads them. Ours leave them out, too, so that its own command verifies them;
- `model_manifest.json` and `registered_model_meta`, which aren't in manifests. A bundle that was made by the command of
  model-signing from a downloaded folder lists them, and counts;
- what lies in `__pycache__`.

So the signature is of the version's content, wherever that lies. Bundles of shards, or of other digests than SHA-256,
can't be held against a manifest and are refused. Keyless signatures (sigstore's identities) need its servers; keys and
certificates don't.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from headrace import clock
from headrace.entities import VersionManifest, VersionSignature
from headrace.errors import InvalidValue, shown
from headrace.lazy import MissingPackage, optional_import
from headrace.registry.manifests import LEFT_OUT

CURVES = ("secp256r1", "secp384r1", "secp521r1")
GIT_FILES = (".git", ".github", ".gitattributes", ".gitignore")
MAX_BUNDLE_BYTES = 64 << 20  # a line of 200 characters for each of 300,000 files
MAX_NAMED = 5
_PREDICATE = "https://model_signing/signature/v1.0"
_BYTECODE = "__pycache__"
_BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----"

Method = Literal["key", "certificate"]


class InvalidSignature(InvalidValue):
    """A bundle that doesn't count, and why."""

    def __init__(self, why: str) -> None:
        self.why = why.rstrip(".")
        super().__init__("signature", message=f"The signature doesn't count: {self.why}.")


def sign(
    folder: str | Path,
    manifest: VersionManifest,
    private_key: str | Path,
    *,
    password: str | None = None,
    certificates: Sequence[str | Path] = (),
) -> VersionSignature:
    """Of a folder that was verified. private_key: PEM file with an elliptic curve key (P-256, P-384, P-521).
    certificates: PEM files, the signer's first, then those above it; without them, verifying needs the public key."""
    signing = _library("model_signing.signing")
    hashing = _library("model_signing.hashing")
    if certificates and password is not None:
        raise InvalidValue("password", "…", "with certificates, model-signing takes keys without a password only.")
    config = signing.Config().set_hashing_config(
        hashing.Config().set_ignored_paths(paths=sorted(LEFT_OUT), ignore_git_paths=True).set_allow_symlinks(True)
    )
    try:
        if certificates:
            above = certificates[1:] or certificates  # it can't do without any
            config.use_certificate_signer(
                private_key=private_key, signing_certificate=certificates[0], certificate_chain=above
            )
        else:
            # Stated as str there, and handed on to what takes bytes.
            secret = None if password is None else password.encode()
            config.use_elliptic_key_signer(private_key=private_key, password=secret)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidValue("private_key", str(private_key), f"it can't sign: {error}") from error
    with tempfile.TemporaryDirectory(prefix="headrace-") as scratch:
        target = Path(scratch) / "bundle"
        config.sign(Path(folder), target)
        bundle = target.read_text(encoding="utf-8")
    return signature_of(bundle, manifest)


def signature_of(bundle: str, manifest: VersionManifest) -> VersionSignature:
    """A bundle as a signature of that manifest; InvalidSignature if it isn't of these files. Who signed is what the
    bundle says: `verify` proves it."""
    _compare(_listed(bundle), manifest)
    method, signer = _signer(_material(bundle))
    return VersionSignature(
        bundle=bundle, digest=manifest.digest, method=method, signer=signer, created_ms=clock.now_ms()
    )


def verify(signature: VersionSignature, manifest: VersionManifest, keys: Iterable[str]) -> str:
    """Who signed these files, proven by one of the keys (PEM: public keys, or root certificates). InvalidSignature."""
    if signature.digest != manifest.digest:
        raise InvalidSignature("it is of other contents; the files were amended since.")
    material = _material(signature.bundle)
    method, signer = _signer(material)
    reasons = []
    for key in keys:
        if method != method_of(key):
            reasons.append(f"it was made with a {method}, which no {method_of(key)} proves")
            continue
        try:
            signed = _proven(signature.bundle, key, method)
        except InvalidSignature as error:
            reasons.append(error.why)
            continue
        _compare(signed, manifest)
        return signer
    raise InvalidSignature("; ".join(dict.fromkeys(reasons)) or "there is no key to prove it by")


def method_of(key: str) -> Method:
    return "certificate" if _BEGIN_CERTIFICATE in key else "key"


def check_key(key: str) -> None:
    """InvalidValue for what is no key or certificate that can prove a signature, as far as can be told here: without
    the extra `sign`, any PEM text will do."""
    try:
        serialization = optional_import("cryptography.hazmat.primitives.serialization")
        ec = optional_import("cryptography.hazmat.primitives.asymmetric.ec")
        x509 = optional_import("cryptography.x509")
    except MissingPackage:
        return
    try:
        if method_of(key) == "certificate":
            x509.load_pem_x509_certificates(key.encode())
            return
        public = serialization.load_pem_public_key(key.encode())
    except ValueError as error:
        what = "certificate" if method_of(key) == "certificate" else "public key"
        raise InvalidValue("keys", key, f"it can't be read as a {what}: {_first_line(error)}") from error
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name not in CURVES:
        raise InvalidValue("keys", key, f"model-signing takes elliptic curve keys only: {', '.join(CURVES)}.")


class _Signed:
    """Stands where model-signing compares a folder's digests with the signed ones: it is equal to those, and keeps
    them, since ours are compared with the manifest's and not with a folder's."""

    listed: dict[str, tuple[str, str]]

    def __eq__(self, other: Any) -> bool:
        method = other.serialization_type.get("method")
        if method != "files":
            raise InvalidSignature(_not_files(method))
        self.listed = {
            each.identifier: (each.digest.algorithm, each.digest.digest_hex) for each in other.resource_descriptors()
        }
        return True

    __hash__ = None  # type: ignore[assignment]

    def add_ignored_paths(self, **_: Any) -> None:
        """As its configuration of hashing, which it stands for, too."""

    def hash(self, *_: Any, **__: Any) -> _Signed:
        return self


def _proven(bundle: str, key: str, method: Method) -> dict[str, tuple[str, str]]:
    """What the bundle lists, if that key signed it."""
    verifying = _library("model_signing.verifying")
    openssl = _library("OpenSSL.crypto")
    refused = _library("cryptography.exceptions").InvalidSignature
    signed = _Signed()
    with tempfile.TemporaryDirectory(prefix="headrace-") as scratch:
        key_file, bundle_file = Path(scratch) / "key", Path(scratch) / "bundle"
        key_file.write_text(key, encoding="utf-8")
        bundle_file.write_text(_with_hint(bundle, key) if method == "key" else bundle, encoding="utf-8")
        config = verifying.Config().set_hashing_config(signed)
        try:
            if method == "key":
                config.use_elliptic_key_verifier(public_key=key_file)
            else:
                config.use_certificate_verifier(certificate_chain=[key_file])
            config.verify(Path(scratch), bundle_file)
        except refused:
            raise InvalidSignature("another key made it, or it was changed") from None
        except openssl.X509StoreContextError as error:
            raise InvalidSignature(f"its certificate leads to none that is trusted ({error})") from error
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise InvalidSignature(_first_line(error)) from error
    return signed.listed


def _with_hint(bundle: str, key: str) -> str:
    """Bundles of model-signing 1.0 don't say which key they were made with; it prints a warning about those to stdout.
    The hint isn't signed, and only saves trying the wrong keys."""
    parsed = json.loads(bundle)
    public_key = parsed["verificationMaterial"].setdefault("publicKey", {})
    if not public_key.get("hint"):
        public_key["hint"] = _key_hint(key)
    return json.dumps(parsed)


def _key_hint(key: str) -> str:
    """SHA-256 of the key in its normal form."""
    serialization = _library("cryptography.hazmat.primitives.serialization")
    try:
        public = serialization.load_pem_public_key(key.encode())
    except ValueError as error:
        raise InvalidSignature(f"the key isn't one: {_first_line(error)}") from error
    normal: bytes = public.public_bytes(
        encoding=serialization.Encoding.PEM, format=serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(normal).hexdigest()


def _compare(listed: Mapping[str, tuple[str, str]], manifest: VersionManifest) -> None:
    faults = []
    for name, record in sorted(manifest.files.items()):
        algorithm, digest = listed.get(name, ("", ""))
        if not algorithm:
            if name.partition("/")[0] not in GIT_FILES:
                faults.append(f"it doesn't cover {name}")
        elif algorithm != "sha256":
            faults.append(f"{name} is listed with {algorithm} instead of sha256")
        elif digest != record.sha256:
            faults.append(f"{name} is another file than the signed one")
    added = listed.keys() - manifest.files.keys() - LEFT_OUT
    faults += [f"{name} was signed and isn't there" for name in sorted(added) if _BYTECODE not in name.split("/")]
    if faults:
        more = f" and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
        raise InvalidSignature(f"{'; '.join(faults[:MAX_NAMED])}{more}")


def _listed(bundle: str) -> dict[str, tuple[str, str]]:
    """What the bundle says that was signed: name → algorithm and digest. Nothing proves it yet."""
    try:
        statement = json.loads(base64.b64decode(_parsed(bundle)["dsseEnvelope"]["payload"], validate=True))
        predicate = statement["predicate"]
        if statement["predicateType"] != _PREDICATE:
            raise InvalidSignature(f"its statement is of type {shown(statement['predicateType'])}, not {_PREDICATE}")
        method = predicate["serialization"]["method"]
        if method != "files":
            raise InvalidSignature(_not_files(method))
        return {str(each["name"]): (each["algorithm"], each["digest"]) for each in predicate["resources"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, InvalidSignature):
            raise
        raise InvalidSignature("it isn't a bundle that model-signing 1.x makes") from error


def _not_files(method: object) -> str:
    return (
        f"it lists {method} of files, which can't be held against a manifest; sign whole files, as model-signing does "
        "by default"
    )


def _parsed(bundle: str) -> dict[str, Any]:
    if len(bundle) > MAX_BUNDLE_BYTES:
        raise InvalidSignature(f"it has more than {MAX_BUNDLE_BYTES} bytes")
    try:
        parsed = json.loads(bundle)
    except (ValueError, RecursionError) as error:
        raise InvalidSignature("it isn't JSON") from error
    if not isinstance(parsed, dict):
        raise InvalidSignature("it isn't a JSON object")
    return parsed


def _material(bundle: str) -> dict[str, Any]:
    found = _parsed(bundle).get("verificationMaterial")
    if not isinstance(found, dict):
        raise InvalidSignature("it doesn't say how it was made")
    return found


def _signer(material: dict[str, Any]) -> tuple[Method, str]:
    if isinstance(material.get("publicKey"), dict):
        return "key", str(material["publicKey"].get("hint") or "")
    x509 = _library("cryptography.x509")
    try:
        first = material["x509CertificateChain"]["certificates"][0]["rawBytes"]
        return "certificate", x509.load_der_x509_certificate(base64.b64decode(first)).subject.rfc4514_string()
    except (KeyError, TypeError, IndexError) as error:
        raise InvalidSignature("it was made neither with a key nor with a certificate") from error
    except ValueError as error:
        raise InvalidSignature(f"its certificate can't be read: {_first_line(error)}") from error


def _library(module: str) -> ModuleType:
    """MissingPackage names the extra, also where model-signing is there and what it needs is not."""
    optional_import("OpenSSL", extra="sign", why="signatures")
    return optional_import(module, extra="sign", why="signatures")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
