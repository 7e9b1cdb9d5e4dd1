from __future__ import annotations

from headrace.entities import ManifestEntry
from headrace.stores.base import ManifestStore
from headrace.testing.stores.making import unique


def entry(root: str, path: str, size: int = 1, mark: str = "a") -> ManifestEntry:
    return ManifestEntry(root, path, size, mark * 64, 5)


class ManifestStoreSuite:
    """All promises of `stores.base.ManifestStore`. Fixture: `manifest`."""

    def test_entry_is_read_back_and_replaced(self, manifest: ManifestStore) -> None:
        root = f"s3://{unique()}"
        manifest.record_artifact(entry(root, "a/b.txt"))
        assert manifest.list_manifest(root) == [entry(root, "a/b.txt")]
        manifest.record_artifact(entry(root, "a/b.txt", 1 << 40, "b"))
        assert manifest.list_manifest(root, "a/b.txt") == [entry(root, "a/b.txt", 1 << 40, "b")]

    def test_listing_is_by_path_of_the_folder_only(self, manifest: ManifestStore) -> None:
        root = f"s3://{unique()}"
        for path in ("b", "a/z", "a", "a/b/c", "a-b", "aa/x", "A/x", "a%/x", "a_/x"):
            manifest.record_artifact(entry(root, path))
        manifest.record_artifact(entry(root + "2", "a/other"))
        assert [each.path for each in manifest.list_manifest(root, "a")] == ["a", "a/b/c", "a/z"]
        assert [each.path for each in manifest.list_manifest(root, "a%")] == ["a%/x"]
        assert [each.path for each in manifest.list_manifest(root, "a_")] == ["a_/x"]
        assert [each.path for each in manifest.list_manifest(root)] == sorted(
            ["b", "a/z", "a", "a/b/c", "a-b", "aa/x", "A/x", "a%/x", "a_/x"]
        )
        assert manifest.list_manifest(root, "none") == []

    def test_forget_takes_all_below(self, manifest: ManifestStore) -> None:
        root = f"s3://{unique()}"
        for path in ("a", "a/b", "ab", "c/d"):
            manifest.record_artifact(entry(root, path))
            manifest.record_artifact(entry(root + "2", path))
        manifest.forget_artifacts(root, "a")
        assert [each.path for each in manifest.list_manifest(root)] == ["ab", "c/d"]
        manifest.forget_artifacts(root, "none")
        manifest.forget_artifacts(root)
        assert manifest.list_manifest(root) == []
        assert len(manifest.list_manifest(root + "2")) == 4

    def test_odd_paths_are_kept(self, manifest: ManifestStore) -> None:
        root = f"file:///{unique()}"
        paths = ["ключ/指标.txt", "a b#c?d", "it's", "x" * 500]
        for path in paths:
            manifest.record_artifact(entry(root, path))
        assert [each.path for each in manifest.list_manifest(root)] == sorted(paths)
