from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from model_signing._cli import main as model_signing

from headrace.entities import (
    FileRecord,
    Gate,
    ModelPolicy,
    ModelVersion,
    SignedCheck,
    VersionManifest,
    VersionSignature,
)
from headrace.errors import Forbidden, GateRefused, InvalidState, InvalidValue
from headrace.lazy import MissingPackage
from headrace.registry import policy as policies
from headrace.registry import signatures
from headrace.registry.signatures import InvalidSignature
from tests.registry.workshop import FILES, Workshop


def stock(*arguments: str) -> int:
    """The command that model-signing installs; its exit status."""
    return CliRunner().invoke(model_signing, arguments).exit_code


class Signer:
    """A key pair in files."""

    def __init__(self, folder: Path, curve: ec.EllipticCurve | None = None, password: str | None = None) -> None:
        folder.mkdir()
        self.folder, self.key = folder, ec.generate_private_key(curve or ec.SECP256R1())
        hidden = (
            serialization.NoEncryption()
            if password is None
            else serialization.BestAvailableEncryption(password.encode())
        )
        self.private = folder / "private.pem"
        self.private.write_bytes(
            self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
        )
        self.public = (
            self.key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )
        self.public_file = folder / "public.pem"
        self.public_file.write_text(self.public)

    def certificate(self, name: str, by: Signer | None = None, *, ca: bool = False, signs: bool = True) -> Path:
        issuer = self if by is None else by
        issued_by = name if by is None else "root"
        now = dt.datetime.now(dt.UTC)
        usage = x509.KeyUsage(signs, False, False, False, False, ca, ca, False, False)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issued_by)]))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(issuer.key, hashes.SHA256())
        )
        place = self.folder / f"{name}.crt"
        place.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return place


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "signer")


def folder_of(workshop: Workshop, version: str = "1") -> Path:
    return workshop.place(workshop.registry.get_model_version_download_uri("m", version))


def signed(workshop: Workshop, signer: Signer, version: str = "1", **options: Any) -> VersionSignature:
    return signatures.sign(folder_of(workshop, version), manifest_of(workshop, version), signer.private, **options)


def manifest_of(workshop: Workshop, version: str = "1") -> VersionManifest:
    found = workshop.registry.get_version_manifest("m", version)
    assert found is not None
    return found


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_key(workshop: Workshop, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    workshop.version()
    signer, other = Signer(tmp_path / "a", curve), Signer(tmp_path / "b", curve)
    signature = signed(workshop, signer)
    manifest = manifest_of(workshop)

    assert (signature.method, signature.digest) == ("key", manifest.digest)
    assert signatures.verify(signature, manifest, [other.public, signer.public]) == signature.signer
    with pytest.raises(InvalidSignature, match="Key mismatch"):
        signatures.verify(signature, manifest, [other.public])
    with pytest.raises(InvalidSignature, match="no key"):
        signatures.verify(signature, manifest, [])


def test_certificate(workshop: Workshop, tmp_path: Path) -> None:
    workshop.version()
    root, signer = Signer(tmp_path / "root"), Signer(tmp_path / "signer")
    anchor, leaf = root.certificate("root", ca=True), signer.certificate("release team", root)
    signature = signed(workshop, signer, certificates=[leaf, anchor])
    manifest = manifest_of(workshop)

    assert (signature.method, signature.signer) == ("certificate", "CN=release team")
    assert signatures.verify(signature, manifest, [anchor.read_text()]) == "CN=release team"
    other = Signer(tmp_path / "other").certificate("root", ca=True)
    with pytest.raises(InvalidSignature, match="leads to none that is trusted"):
        signatures.verify(signature, manifest, [other.read_text()])
    with pytest.raises(InvalidSignature, match="made with a certificate, which no key proves"):
        signatures.verify(signature, manifest, [signer.public])


def test_certificate_that_may_not_sign(workshop: Workshop, tmp_path: Path) -> None:
    workshop.version()
    root, signer = Signer(tmp_path / "root"), Signer(tmp_path / "signer")
    anchor, leaf = root.certificate("root", ca=True), signer.certificate("web server", root, signs=False)
    signature = signed(workshop, signer, certificates=[leaf])
    with pytest.raises(InvalidSignature):
        signatures.verify(signature, manifest_of(workshop), [anchor.read_text()])


def test_key_with_password(workshop: Workshop, tmp_path: Path) -> None:
    workshop.version()
    signer = Signer(tmp_path / "a", password="open")
    signature = signed(workshop, signer, password="open")
    assert signatures.verify(signature, manifest_of(workshop), [signer.public])
    for wrong in (None, "shut"):
        with pytest.raises(InvalidValue, match="it can't sign"):
            signed(workshop, signer, password=wrong)
    with pytest.raises(InvalidValue, match="without a password"):
        signed(workshop, signer, password="open", certificates=[signer.certificate("a")])


def test_keys_that_do_not_sign(workshop: Workshop, tmp_path: Path) -> None:
    workshop.version()
    for name, content in (
        ("garbage", b"garbage"),
        (
            "ed25519",
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        ),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidValue, match="it can't sign"):
            signatures.sign(folder_of(workshop), manifest_of(workshop), tmp_path / name)
    foreign = Signer(tmp_path / "x")
    with pytest.raises(InvalidValue, match="does not match"):
        signed(workshop, foreign, certificates=[Signer(tmp_path / "y").certificate("y")])


def test_stock_command_verifies_ours(workshop: Workshop, signer: Signer, tmp_path: Path) -> None:
    """From a download, to which clients add two files."""
    workshop.version(files={**FILES, ".gitattributes": b"*.bin filter=lfs\n"})
    (tmp_path / "model.sig").write_text(signed(workshop, signer).bundle)
    folder = folder_of(workshop)
    (folder / "registered_model_meta").write_text("model_name: m\nmodel_version: '1'\n")
    (folder / "model_manifest.json").write_text("{}")
    verify = ["verify", "key", str(folder), "--signature", str(tmp_path / "model.sig")]
    verify += ["--public_key", str(signer.public_file)]

    assert stock(*verify) == 0
    (folder / "MLmodel").write_bytes(b"other")
    assert stock(*verify) != 0


def test_stock_commands_bundle_of_a_download_is_taken(workshop: Workshop, signer: Signer) -> None:
    workshop.version(files={**FILES, ".gitattributes": b"*.bin filter=lfs\n"})
    folder = folder_of(workshop)
    manifest = manifest_of(workshop)
    (folder / "registered_model_meta").write_text("model_name: m\nmodel_version: '1'\n")
    (folder / "model_manifest.json").write_text("{}")
    bundle = folder / "model.sig"
    sign = ["sign", "key", str(folder), "--signature", str(bundle), "--private_key", str(signer.private)]
    assert stock(*sign) == 0

    signature = signatures.signature_of(bundle.read_text(), manifest)
    assert signatures.verify(signature, manifest, [signer.public]) == signature.signer


def altered(signature: VersionSignature, change: Callable[[dict[str, Any]], None]) -> VersionSignature:
    """With another statement, which nobody signed."""
    bundle = json.loads(signature.bundle)
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    change(statement)
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    return VersionSignature(
        bundle=json.dumps(bundle),
        digest=signature.digest,
        method=signature.method,
        signer=signature.signer,
        created_ms=0,
    )


def test_statement_that_nobody_signed(workshop: Workshop, signer: Signer) -> None:
    workshop.version()
    signature = altered(signed(workshop, signer), lambda statement: statement["subject"][0].update(name="another"))
    with pytest.raises(InvalidSignature, match="another key made it, or it was changed"):
        signatures.verify(signature, manifest_of(workshop), [signer.public])


def test_signature_of_other_files(workshop: Workshop, signer: Signer) -> None:
    workshop.version()
    workshop.version(files={**FILES, "data/weights.bin": b"others", "more.bin": b""})
    first, second = signed(workshop, signer, "1"), signed(workshop, signer, "2")
    with pytest.raises(InvalidSignature, match=r"data/weights\.bin is another file.*it doesn't cover more\.bin"):
        signatures.signature_of(first.bundle, manifest_of(workshop, "2"))
    with pytest.raises(InvalidSignature, match=r"more\.bin was signed and isn't there"):
        signatures.signature_of(second.bundle, manifest_of(workshop, "1"))
    with pytest.raises(InvalidSignature, match="other contents"):
        signatures.verify(first, manifest_of(workshop, "2"), [signer.public])


def test_files_left_out_of_a_signature_are_not_covered(workshop: Workshop, signer: Signer) -> None:
    workshop.version()
    bundle = signer.folder / "model.sig"
    weights = str(folder_of(workshop) / "data")
    sign = ["sign", "key", str(folder_of(workshop)), "--signature", str(bundle)]
    assert stock(*sign, "--private_key", str(signer.private), "--ignore-paths", weights) == 0
    with pytest.raises(InvalidSignature, match=r"doesn't cover data/weights\.bin"):
        signatures.signature_of(bundle.read_text(), manifest_of(workshop))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda statement: statement["predicate"]["serialization"].update(method="shards"), "shards of files"),
        (lambda statement: statement["predicate"]["resources"][0].update(algorithm="blake2b"), "blake2b"),
        (lambda statement: statement.update(predicateType="https://slsa.dev"), "slsa"),
        (lambda statement: statement.pop("predicate"), "isn't a bundle"),
    ],
)
def test_bundles_that_cannot_be_held_against_a_manifest(
    workshop: Workshop, signer: Signer, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    workshop.version()
    bundle = altered(signed(workshop, signer), change).bundle
    with pytest.raises(InvalidSignature, match=said):
        signatures.signature_of(bundle, manifest_of(workshop))


@pytest.mark.parametrize(
    "bundle",
    ["", "[]", "{", "{}", "null", '{"dsseEnvelope": {"payload": "????"}}', '{"dsseEnvelope": 1}', "[" * 100_000],
)
def test_garbage(workshop: Workshop, bundle: str) -> None:
    workshop.version()
    with pytest.raises(InvalidSignature):
        signatures.signature_of(bundle, manifest_of(workshop))


@pytest.mark.parametrize("missing", ["model_signing", "OpenSSL"])
def test_without_the_extra_nothing_counts_and_the_way_out_is_told(
    workshop: Workshop, signer: Signer, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    workshop.version()
    workshop.registry.set_policy("m", ModelPolicy(unsigned="no_alias", keys=(signer.public,)))
    workshop.registry.add_version_signature("m", "1", signed(workshop, signer))
    for module in [missing, *(each for each in sys.modules if each.startswith(f"{missing}."))]:
        monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(MissingPackage, match=r"pip install 'headrace\[sign\]'"):
        signed(workshop, signer)
    with pytest.raises(GateRefused, match=r"signatures can't be checked here: .* pip install 'headrace\[sign\]'"):
        workshop.registry.set_registered_model_alias("m", "champion", "1")


class TestRegistry:
    @pytest.fixture
    def version(self, workshop: Workshop) -> ModelVersion:
        return workshop.version()

    def test_signed_version_takes_the_alias_and_loads(
        self, workshop: Workshop, signer: Signer, version: ModelVersion
    ) -> None:
        registry = workshop.registry
        registry.set_policy(
            "m",
            ModelPolicy(
                gates=(Gate(alias="champion", checks=(SignedCheck(),)),), unsigned="no_load", keys=(signer.public,)
            ),
        )
        with pytest.raises(GateRefused, match="nobody signed it"):
            registry.set_registered_model_alias("m", "champion", "1")

        registry.add_version_signature("m", "1", signed(workshop, signer))

        (result,) = registry.check_gates("m", "champion", "1")
        assert result.passed
        registry.set_registered_model_alias("m", "champion", "1")
        policies.check_load(registry, version)
        assert registry.search_history("m").pop(0).kind == "alias_set"
        assert [event.kind for event in registry.search_history("m", kinds=["version_signed"])] == ["version_signed"]

    def test_unknown_key_is_refused_where_the_policy_has_keys(
        self, workshop: Workshop, signer: Signer, version: ModelVersion, tmp_path: Path
    ) -> None:
        stranger = Signer(tmp_path / "stranger")
        workshop.registry.set_policy("m", ModelPolicy(keys=(signer.public,)))
        with pytest.raises(InvalidSignature):
            workshop.registry.add_version_signature("m", "1", signed(workshop, stranger))
        assert workshop.registry.get_version_signatures("m", "1") == []

    def test_words_of_the_caller_about_a_bundle_are_not_taken(
        self, workshop: Workshop, signer: Signer, version: ModelVersion
    ) -> None:
        real = signed(workshop, signer)
        claimed = VersionSignature(
            bundle=real.bundle, digest="f" * 64, method="certificate", signer="CN=the boss", created_ms=1
        )
        workshop.registry.add_version_signature("m", "1", claimed)
        (kept,) = workshop.registry.get_version_signatures("m", "1")
        assert (kept.digest, kept.method, kept.signer) == (version.digest, "key", real.signer)

    def test_amended_version_is_unsigned_again(self, workshop: Workshop, signer: Signer, version: ModelVersion) -> None:
        registry = workshop.registry
        registry.set_policy("m", ModelPolicy(unsigned="no_load", keys=(signer.public,)))
        registry.add_version_signature("m", "1", signed(workshop, signer))
        (folder_of(workshop) / "MLmodel").write_bytes(b"flavors: {a: {}}\n")
        files = {**manifest_of(workshop).files, "MLmodel": _record(b"flavors: {a: {}}\n")}
        registry.amend_version_manifest("m", "1", VersionManifest(files=files))

        with pytest.raises(Forbidden, match="of other contents"):
            policies.check_load(registry, version)
        registry.add_version_signature("m", "1", signed(workshop, signer))
        policies.check_load(registry, version)

    def test_copy_keeps_the_signature(self, workshop: Workshop, signer: Signer, version: ModelVersion) -> None:
        workshop.registry.add_version_signature("m", "1", signed(workshop, signer))
        workshop.model("other")
        workshop.registry.create_model_version("other", "models:/m/1")
        workshop.registry.set_policy("other", ModelPolicy(unsigned="no_load", keys=(signer.public,)))
        policies.check_load(workshop.registry, workshop.registry.get_model_version("other", "1"))

    def test_version_without_manifest(self, workshop: Workshop, signer: Signer, version: ModelVersion) -> None:
        workshop.registry.create_model_version("m", "s3://bucket/model")
        with pytest.raises(InvalidState, match="has no manifest"):
            workshop.registry.add_version_signature("m", "2", signed(workshop, signer))


def _record(content: bytes) -> FileRecord:
    return FileRecord(len(content), hashlib.sha256(content).hexdigest())
