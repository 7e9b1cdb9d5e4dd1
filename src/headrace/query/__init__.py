"""The filter and order language: lexer, parser, ast, order, and `evaluate`, its meaning in plain Python.

    filter = parse_filter("metrics.loss < 0.1 AND params.model = 'cnn'", RUNS)
    order = parse_order(["metrics.loss ASC"], RUNS)

One grammar, one table per resource (`dialects`). Whatever is wrong raises InvalidValue naming the piece, its position
and what is allowed. SQL and `evaluate` share the ast, the fold of ILIKE and the order's tie-breaks.

Text compares by code point. ILIKE folds `A`–`Z` only: the one fold that SQLite (`lower(x)`) and PostgreSQL
(`lower(x COLLATE "C")`) do alike in every version and locale.
"""

from headrace.query.ast import Comparison, Entity, Filter, Operator, Order, OrderKey, Value
from headrace.query.dialect import Dialect, Field, OpenEntity
from headrace.query.dialects import EXPERIMENTS, LOGGED_MODELS, MODEL_VERSIONS, REGISTERED_MODELS, RUNS
from headrace.query.evaluate import evaluate, ordered
from headrace.query.like import fold, like
from headrace.query.order import parse_model_order, parse_order
from headrace.query.parser import parse_filter
from headrace.query.records import (
    Searchable,
    SearchableExperiment,
    SearchableModel,
    SearchableModelVersion,
    SearchableRegisteredModel,
    SearchableRun,
    asks_for_prompts,
    clamped,
    is_prompt,
)

__all__ = [
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "Comparison",
    "Dialect",
    "Entity",
    "Field",
    "Filter",
    "OpenEntity",
    "Operator",
    "Order",
    "OrderKey",
    "Searchable",
    "SearchableExperiment",
    "SearchableModel",
    "SearchableModelVersion",
    "SearchableRegisteredModel",
    "SearchableRun",
    "Value",
    "asks_for_prompts",
    "clamped",
    "evaluate",
    "fold",
    "is_prompt",
    "like",
    "ordered",
    "parse_filter",
    "parse_model_order",
    "parse_order",
]
