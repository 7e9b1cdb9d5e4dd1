"""Random filters and orders that are valid, as text, with values near those of the data."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from hypothesis import strategies as st

from headrace.entities import DatasetFilter, ModelOrder
from headrace.query.dialect import NUMERIC, PRESENCE, Dialect, Field, OpenEntity

TEXTS = [
    "", "a", "A", "b", "ab", "aB", "ba", "a_b", "a%b", "%", "_", "é", "É", "ß", "ẞ", "İ", "ı", "\u212a", "k", "K",
    "Ж", "ж", "a\nb", " a", "a ", "it's", 'say "a"', "\\", "a\\b", "🜁", "ｚ", "0", "10", "9", "1e3", "NULL", "null",
    "e\u0301", "[a]", "*", "?", "a*b",
]  # fmt: skip
COMMON_TEXTS = TEXTS[:6]  # in most of the data, so that filters often match
KEYS = ["a", "A", "b c", "d.e", "ключ", "none"]
FLOATS = [0.0, 1.0, -1.5, 0.1, 1 / 3, 1e308, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 2.0**53]
TIMES = [0, 1, 1000, 1001, 2**53, 2**53 + 1, (1 << 63) - 1, -5, 1_700_000_000_000]
PATTERNS = st.lists(st.sampled_from(["%", "_", "a", "b", "A", "é", "ß", "Ж", "\n", "\\", " ", "K"]), max_size=5).map(
    "".join
) | st.sampled_from([*TEXTS, *(f"{text}%" for text in TEXTS), *(f"%{text}" for text in TEXTS)])
NUMBERS = st.one_of(
    st.sampled_from(FLOATS).map(repr),
    st.sampled_from(TIMES).map(str),
    st.integers(-3, 3).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["9007199254740993", "1e999", "-1e999", "1.5", ".5", "+2.", "9223372036854775808", "-1e-400"]),
)


class Pool(msgspec.Struct, frozen=True):
    """Values of attributes, as they are written, by attribute. `stored` ones stand for values that the store chose."""

    texts: dict[str, list[str]] = {}
    numbers: dict[str, list[str]] = {}


def stored(attribute: str, count: int) -> list[str]:
    return [f"⟦{attribute} {i}⟧" for i in range(count)]


def filled(rule: str, records: Sequence[object]) -> str:
    """The rule with the i-th record's attribute for each of `stored`. They must hold no quotes."""
    return re.sub(r"⟦(\w+) (\d+)⟧", lambda found: str(getattr(records[int(found[2])], found[1])), rule)


def quoted(text: str) -> str | None:
    """None where the language can't write it."""
    for quote in ("'", '"'):
        if quote not in text:
            return f"{quote}{text}{quote}"
    return None


def written_key(draw: st.DrawFn, key: str) -> str:
    plain = key.replace(".", "").replace("/", "").isalnum()
    return draw(st.sampled_from([key, f"`{key}`", f'"{key}"'] if plain else [f"`{key}`", f"'{key}'"]))


def cased(draw: st.DrawFn, words: str) -> str:
    return draw(st.sampled_from([words, words.lower(), words.title().replace(" ", "  ")]))


@st.composite
def comparison(draw: st.DrawFn, dialect: Dialect, pool: Pool) -> str:
    prefix, entity = draw(st.sampled_from(list(dialect.entities.items())))
    kind: Field | OpenEntity
    if entity in dialect.open:
        kind, key = dialect.open[entity], draw(st.sampled_from(KEYS))
        name = f"{prefix}.{written_key(draw, key)}"
    else:
        kind = draw(st.sampled_from([field for field in dialect.fields[entity] if field.operators]))
        key = kind.name
        written = draw(st.sampled_from([kind.name, *kind.aliases]))
        name = f"{prefix}.{written_key(draw, written)}"
        if entity == "attribute" and " " not in written and draw(st.booleans()):
            name = written
    op = draw(st.sampled_from(kind.operators))
    if op in PRESENCE:
        return f"{name} {cased(draw, op)}"
    space = "" if op in NUMERIC and draw(st.booleans()) else " "
    if kind.kind in ("int", "float"):
        numbers = NUMBERS
        if isinstance(kind, Field) and not kind.fractions:
            numbers = st.integers().map(str)
        own = pool.numbers.get(key)
        value = draw(numbers | st.sampled_from(own) if own and entity == "attribute" else numbers)
        return f"{name}{space}{op}{space}{value}"
    own = pool.texts.get(key) if entity == "attribute" else None
    texts = st.sampled_from(own or COMMON_TEXTS)
    if kind.kind == "id":
        texts |= st.integers(0, 30).map(str)
    else:
        texts |= st.sampled_from(TEXTS)
    if op in ("IN", "NOT IN"):
        items = [quoted(text) for text in draw(st.lists(texts, min_size=1, max_size=4))]
        listed = ", ".join(item for item in items if item) or "'1'"
        return f"{name} {cased(draw, op)} ({listed})"
    text = draw(PATTERNS | texts if op in ("LIKE", "ILIKE") else texts)
    value = quoted(text) or "'a'"
    if dialect.bare_values and not value.startswith("'"):
        value = "'a'"
    return f"{name}{space}{cased(draw, op)}{space}{value}"


def filters(dialect: Dialect, pool: Pool) -> st.SearchStrategy[str]:
    return st.lists(comparison(dialect, pool), max_size=3).map(" AND ".join)


@st.composite
def orders(draw: st.DrawFn, dialect: Dialect) -> list[str]:
    names = {field.name: "attribute" for field in dialect.fields["attribute"] if field.order}
    for entity, keys in dialect.open.items():
        if keys.order:
            names |= {f"{entity}.`{key}`": entity for key in KEYS}
    chosen = draw(st.lists(st.sampled_from(sorted(names)), unique=True, max_size=3))
    return [f"{name}{draw(st.sampled_from(['', ' ASC', ' DESC', ' desc']))}" for name in chosen]


@st.composite
def model_orders(draw: st.DrawFn, dialect: Dialect) -> list[ModelOrder]:
    names = [field.name for field in dialect.fields["attribute"]]
    chosen: list[ModelOrder] = []
    for _ in range(draw(st.integers(0, 3))):
        ascending = draw(st.booleans())
        if draw(st.booleans()):
            chosen.append(ModelOrder(draw(st.sampled_from(names)), ascending))
        else:
            key, data = draw(st.sampled_from(KEYS)), draw(st.sampled_from(DATASETS))
            name, digest = data or (None, None)
            chosen.append(ModelOrder(f"metrics.{key}", ascending, name, digest))
    return chosen


DATASETS: Sequence[tuple[str, str | None] | None] = [None, ("iris", "1"), ("iris", "2"), ("wine", None), ("Iris", "1")]


def dataset_filters() -> st.SearchStrategy[list[DatasetFilter]]:
    return st.lists(st.sampled_from([DatasetFilter(*each) for each in DATASETS if each]), max_size=2)


RUN_POOL = Pool(
    texts={
        "run_id": stored("run_id", 60),
        "status": ["RUNNING", "FINISHED", "finished"],
        "user_id": ["", "ann", "ANN"],
        "artifact_uri": stored("artifact_uri", 3),
    }
)
EXPERIMENT_POOL = Pool(
    texts={"experiment_id": stored("experiment_id", 25)},
    numbers={
        "creation_time": stored("creation_time", 25),
        "last_update_time": stored("last_update_time", 25),
    },
)
MODEL_POOL = Pool(
    texts={
        "model_id": stored("model_id", 20),
        "status": ["1", "2", "3", "READY"],
        "experiment_id": [*stored("experiment_id", 1), "0"],
        "lifecycle_stage": ["active", "deleted", "ACTIVE"],
        "artifact_location": stored("artifact_location", 2),
    },
    numbers={"creation_timestamp": stored("creation_timestamp", 20)},
)
