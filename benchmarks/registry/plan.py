"""What is asked, and what it should take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from benchmarks.registry.fill import ALIAS, model_name
from benchmarks.tracking.rest import PREFIX

FIRST = 100
CONNECTIONS = 8
ASKED = 42  # the model that single requests ask for
BOTH: Sequence[str] = ("mlflow", "headrace")


@dataclass(frozen=True, kw_only=True)
class Size:
    models: int
    versions: int
    repeats: int
    duration_s: float  # of one repeat; slow answers make it longer
    digest_bytes: int  # of one file


FULL = Size(models=10_000, versions=10, repeats=3, duration_s=2, digest_bytes=512 << 20)
QUICK = Size(models=500, versions=10, repeats=1, duration_s=1, digest_bytes=64 << 20)


@dataclass(frozen=True, kw_only=True)
class Row:
    """systems: whom the row is asked of."""

    id: str
    title: str
    unit: str
    target: str
    better: Literal["higher", "lower"] = "lower"
    systems: Sequence[str] = BOTH


@dataclass(frozen=True, kw_only=True)
class Request(Row):
    """One connection, the same request again and again. holds: how an answer is seen to be right."""

    method: str
    path: str
    query: Mapping[str, str]
    holds: Callable[[Any], bool]
    unit: str = "ms"

    @property
    def target_path(self) -> str:
        return f"{PREFIX}{self.path}?{urlencode(self.query)}"


def _search(kind: str, rule: str) -> dict[str, Any]:
    key = "registered_models" if kind == "registered-models" else "model_versions"
    return {
        "method": "GET",
        "path": f"/{kind}/search",
        "query": {"filter": rule, "max_results": str(FIRST)},
        "holds": lambda answer: len(answer[key]) >= FIRST // 5,
    }


REQUESTS = (
    Request(
        id="alias",
        title="resolve an alias",
        target="≤ 1",
        method="GET",
        path="/registered-models/alias",
        query={"name": model_name(ASKED), "alias": ALIAS},
        holds=lambda answer: answer["model_version"]["aliases"] == [ALIAS],
    ),
    Request(
        id="version",
        title="get a version",
        target="≤ 1",
        method="GET",
        path="/model-versions/get",
        query={"name": model_name(ASKED), "version": "3"},
        holds=lambda answer: answer["model_version"]["version"] == "3",
    ),
    Request(
        id="download-uri",
        title="where a version's files lie",
        target="≤ 1",
        method="GET",
        path="/model-versions/get-download-uri",
        query={"name": model_name(ASKED), "version": "3"},
        holds=lambda answer: answer["artifact_uri"].startswith("s3://bucket/"),
    ),
    Request(
        id="search-models",
        title="search models by tag and name, first 100",
        target="≤ 15",
        **_search("registered-models", "tags.team = 'team-3' AND name LIKE 'model-0%'"),
    ),
    Request(
        id="search-versions",
        title="search versions by tag and name, first 100",
        target="≤ 15",
        **_search("model-versions", "tags.team = 'team-3' AND name LIKE 'model-0%'"),
    ),
    Request(
        id="search-middle",
        title="the same by what the name contains, with two tags",
        target="≤ 15",
        **_search("model-versions", "tags.team = 'team-3' AND tags.validation = 'passed' AND name LIKE '%4%'"),
    ),
)
CREATE = Row(
    id="create-version",
    title=f"create versions, {CONNECTIONS} connections, a model each",
    unit="versions/s",
    target="≥ 500",
    better="higher",
)
OURS = ("headrace",)
DIGEST_ONE = Row(
    id="digest-one",
    title="digests of one file, by hashlib's own speed on one core",
    unit="%",
    target="≥ 90",
    better="higher",
    systems=OURS,
)
DIGEST_FOUR = Row(
    id="digest-four",
    title="digests of four files on all cores, by that of one file",
    unit="×",
    target="≥ 1.7",
    better="higher",
    systems=OURS,
)
ROWS: Sequence[Row] = (*REQUESTS, CREATE, DIGEST_ONE, DIGEST_FOUR)
