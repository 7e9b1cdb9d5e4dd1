"""The limits of MLflow's tracking API (contract of REST, "Limits") and the checks that hold them.

Checks raise InvalidValue. Where MLflow truncates instead of refusing, the function returns the kept value.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from headrace import settings
from headrace.errors import InvalidValue

MAX_METRICS_PER_BATCH = 1000
MAX_PARAMS_PER_BATCH = 100
MAX_TAGS_PER_BATCH = 100
MAX_ITEMS_PER_BATCH = 1000
MAX_KEY_CHARS = 250
MAX_PARAM_VALUE_CHARS = 6000
MAX_RUN_TAG_VALUE_CHARS = 8000
MAX_EXPERIMENT_NAME_CHARS = 500
MAX_EXPERIMENT_TAG_KEY_CHARS = 250
MAX_EXPERIMENT_TAG_VALUE_CHARS = 20_000
MAX_DATASET_NAME_CHARS = 500
MAX_DATASET_DIGEST_CHARS = 36
MAX_DATASET_SOURCE_CHARS = 65_535
MAX_DATASET_SCHEMA_CHARS = 1_048_575
MAX_DATASET_PROFILE_CHARS = 16_777_215
MAX_INPUT_TAG_KEY_CHARS = 255
MAX_INPUT_TAG_VALUE_CHARS = 500
MAX_SEARCH_RESULTS = 50_000
MAX_HISTORY_RUNS = 100
MAX_HISTORY_BULK_ROWS = 25_000
MAX_HISTORY_INTERVAL_ROWS = 2_500
MAX_UPLOAD_ARTIFACT_BYTES = 10 << 20
MAX_REGISTERED_MODEL_NAME_CHARS = 256
MAX_ALIAS_CHARS = 255
MAX_REGISTRY_TAG_VALUE_CHARS = 100_000
MAX_REGISTRY_DESCRIPTION_CHARS = 100_000
MAX_MODEL_SOURCE_CHARS = 65_535
MAX_RUN_LINK_CHARS = 5_000
MAX_COMMENT_CHARS = 10_000
MAX_POLICY_CHARS = 1_000_000
MAX_REGISTERED_MODEL_RESULTS = 1_000
MAX_MODEL_VERSION_RESULTS = 200_000
MAX_HISTORY_EVENTS = 10_000
INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1

_KEY = re.compile(r"^[/\w.\- :]*$")
_RUN_ID = re.compile(r"^[a-zA-Z0-9][\w\-]{0,255}$")
_KEY_RULE = (
    "names may hold letters, digits, underscores (_), dashes (-), periods (.), colons (:), spaces ( ) and slashes (/)"
)


def check_text(field: str, value: str) -> None:
    """NUL can't be stored by PostgreSQL, lone surrogates by neither: refused for both."""
    if "\x00" in value:
        raise InvalidValue(field, value, "text may not hold the NUL character (\\x00).")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValue(field, value, "text must be valid Unicode; a lone surrogate is not.") from None


def check_length(field: str, value: str, most: int) -> None:
    if len(value) > most:
        raise InvalidValue(field, value, f"it has {len(value)} characters; at most {most} are allowed.")


def check_key(field: str, key: str) -> None:
    """A name of a metric, param or run tag."""
    if not key or not _KEY.match(key) or key.endswith("\n"):
        raise InvalidValue(field, key, f"{_KEY_RULE}, and not be empty.")
    if posixpath.normpath(key) != key or key == "." or key.startswith(("..", "/")):
        raise InvalidValue(
            field,
            key,
            f"names may not be resolved as a path to another name: write {posixpath.normpath(key)!r}?",
        )
    check_length(field, key, MAX_KEY_CHARS)


@lru_cache(maxsize=1 << 14)  # the same keys come with every step of a run
def is_key(key: str) -> bool:
    """Would `check_key` take it?"""
    try:
        check_key("key", key)
    except InvalidValue:
        return False
    return True


def check_run_id(field: str, run_id: str) -> None:
    if not _RUN_ID.match(run_id) or run_id.endswith("\n"):
        raise InvalidValue(
            field,
            run_id,
            "a run id starts with a letter or digit and holds letters, digits, _ and -, 256 at most.",
        )


@lru_cache(maxsize=1 << 10)
def is_run_id(run_id: str) -> bool:
    """Would `check_run_id` take it?"""
    return _RUN_ID.match(run_id) is not None and not run_id.endswith("\n")


def kept_value(field: str, value: str, most: int) -> str:
    """The value cut to `most` characters, or InvalidValue where truncation is switched off."""
    check_text(field, value)
    if len(value) <= most:
        return value
    if settings.TRUNCATE_LONG_VALUES.get():
        return value[:most]
    raise InvalidValue(
        field,
        value,
        f"it has {len(value)} characters; at most {most} are allowed (HEADRACE_TRUNCATE_LONG_VALUES is false).",
    )


def check_int64(field: str, value: int) -> None:
    if not INT64_MIN <= value <= INT64_MAX:
        raise InvalidValue(field, value, f"a 64-bit integer is needed ({INT64_MIN} to {INT64_MAX}).")


def check_max_results(value: int, most: int = MAX_SEARCH_RESULTS) -> None:
    if not 1 <= value <= most:
        raise InvalidValue("max_results", value, f"allowed are 1 to {most}.")
