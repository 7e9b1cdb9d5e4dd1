"""What a registered model demands of its versions before an alias moves to one, or one is loaded."""

from __future__ import annotations

from typing import Literal

import msgspec


class MetricCheck(msgspec.Struct, frozen=True, kw_only=True, tag="metric", tag_field="check"):
    """minimum, maximum: inclusive. better: the version's value must beat that of the alias's holder by at least
    `margin` (same unit as the metric; 0: at least as good); without a holder, or where the holder has no such metric,
    only the bounds count. A version without the metric, or with NaN, fails."""

    metric: str
    minimum: float | None = None
    maximum: float | None = None
    better: Literal["higher", "lower"] | None = None
    margin: float = 0.0


class SignedCheck(msgspec.Struct, frozen=True, kw_only=True, tag="signed", tag_field="check"):
    """The version's present manifest is signed by one of the policy's keys."""


class SchemaCheck(msgspec.Struct, frozen=True, kw_only=True, tag="schema", tag_field="check"):
    """Whatever the alias's holder takes as input, the version takes too: no column that is required and was not there,
    none gone, no type narrowed. Both must have a model signature; without a holder, only the version."""


class TagCheck(msgspec.Struct, frozen=True, kw_only=True, tag="tag", tag_field="check"):
    """The version carries this tag, with this value."""

    key: str
    value: str


Check = MetricCheck | SignedCheck | SchemaCheck | TagCheck


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """alias: which one it guards; "*" = every one. All checks must pass."""

    alias: str
    checks: tuple[Check, ...]


class ModelPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """unsigned: what a version may not do whose manifest is not signed by one of `keys`. keys: public keys or
    certificates, PEM. An empty policy demands nothing."""

    gates: tuple[Gate, ...] = ()
    unsigned: Literal["allowed", "no_alias", "no_load"] = "allowed"
    keys: tuple[str, ...] = ()
