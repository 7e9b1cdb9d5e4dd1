from __future__ import annotations

import pytest

from headrace.entities import Act, VersionManifest, VersionSignature
from headrace.entities.version_manifest import FileRecord
from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import invalid, refused
from headrace.testing.stores.registry_making import SOURCE, manifest, new_model


def signature(digest: str, signer: str = "key") -> VersionSignature:
    return VersionSignature(bundle='{"b": 1}', digest=digest, method="key", signer=signer, created_ms=1)


class RegistryIntegritySuite:
    """What only whoever holds the store itself decides: manifests, signatures, who it was. Fixture: `registry`."""

    def test_manifest_of_a_new_version_is_kept(self, registry: RegistryStore) -> None:
        name, files = new_model(registry), manifest(a=1, b=2)
        made = registry.create_model_version(name, SOURCE, manifest=files, storage_location="s3://kept/here")
        assert made.digest == files.digest
        assert registry.get_version_manifest(name, "1") == files
        assert registry.get_model_version(name, "1").digest == files.digest
        assert registry.search_model_versions(f"name = '{name}'")[0].digest == files.digest
        assert registry.get_model_version_download_uri(name, "1") == "s3://kept/here"
        assert registry.search_history(name)[0].digest == files.digest

    def test_version_without_a_manifest_says_so(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        registry.create_model_version(name, SOURCE)
        assert registry.get_version_manifest(name, "1") is None

    def test_manifest_of_many_files_is_kept(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        many = VersionManifest(files={f"d/{i}/ключ {i}": FileRecord(i, f"{i:064x}") for i in range(20_000)})
        registry.create_model_version(name, SOURCE, manifest=many)
        assert registry.get_version_manifest(name, "1") == many

    def test_amended_manifest_replaces_the_former(self, registry: RegistryStore) -> None:
        name, before, after = new_model(registry), manifest(a=1), manifest(a=2)
        registry.create_model_version(name, SOURCE, manifest=before)
        amended = registry.amend_version_manifest(name, "1", after, if_digest=before.digest)
        assert amended.digest == after.digest
        assert registry.get_version_manifest(name, "1") == after
        event = registry.search_history(name)[0]
        assert (event.kind, event.before, event.after, event.digest) == (
            "manifest_amended",
            before.digest,
            after.digest,
            after.digest,
        )
        with refused("RESOURCE_CONFLICT", before.digest):
            registry.amend_version_manifest(name, "1", before, if_digest=before.digest)
        assert registry.get_version_manifest(name, "1") == after

    def test_alias_is_journalled_with_the_digest_of_that_moment(self, registry: RegistryStore) -> None:
        name, before, after = new_model(registry), manifest(a=1), manifest(a=2)
        registry.create_model_version(name, SOURCE, manifest=before)
        registry.set_registered_model_alias(name, "a", "1")
        registry.amend_version_manifest(name, "1", after)
        registry.set_registered_model_alias(name, "a", "1")
        told = [each.digest for each in registry.search_history(name, kinds=["alias_set"])]
        assert told == [after.digest, before.digest]

    @pytest.mark.parametrize(
        "files",
        [
            {"/a": FileRecord(1, "a" * 64)},
            {"../a": FileRecord(1, "a" * 64)},
            {"a//b": FileRecord(1, "a" * 64)},
            {"": FileRecord(1, "a" * 64)},
            {"a": FileRecord(1, "A" * 64)},
            {"a": FileRecord(1, "a" * 63)},
            {"a": FileRecord(-1, "a" * 64)},
            {"a\x00": FileRecord(1, "a" * 64)},
        ],
    )
    def test_impossible_manifest_is_refused(self, registry: RegistryStore, files: dict[str, FileRecord]) -> None:
        name = new_model(registry)
        with invalid():
            registry.create_model_version(name, SOURCE, manifest=VersionManifest(files=files))
        with invalid():
            registry.create_model_version(name, SOURCE)
            registry.amend_version_manifest(name, "1", VersionManifest(files=files))

    def test_signatures_are_kept_in_order(self, registry: RegistryStore) -> None:
        name, files = new_model(registry), manifest(a=1)
        registry.create_model_version(name, SOURCE, manifest=files, signatures=[signature(files.digest, "one")])
        registry.add_version_signature(name, "1", signature(files.digest, "two"))
        assert registry.get_version_signatures(name, "1") == [
            signature(files.digest, "one"),
            signature(files.digest, "two"),
        ]
        event = registry.search_history(name)[0]
        assert (event.kind, event.after, event.digest) == ("version_signed", "two", files.digest)

    def test_next_version_of_a_number_has_nothing_of_a_deleted_model(self, registry: RegistryStore) -> None:
        name, files = new_model(registry), manifest(a=1)
        registry.create_model_version(name, SOURCE, manifest=files, signatures=[signature(files.digest)])
        registry.delete_registered_model(name)
        registry.create_registered_model(name)
        registry.create_model_version(name, SOURCE)
        assert registry.get_version_manifest(name, "1") is None
        assert registry.get_version_signatures(name, "1") == []

    def test_journal_tells_who_it_was(self, registry: RegistryStore) -> None:
        name = new_model(registry, act=Act("ann", "new"))
        registry.create_model_version(name, SOURCE, act=Act("unverified:bob"))
        assert [each.who for each in registry.search_history(name)] == ["unverified:bob", "ann"]
        with invalid():
            registry.update_registered_model(name, "x", act=Act("x" * 501))
