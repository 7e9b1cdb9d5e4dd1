"""Environment markers of requirements (PEP 508): does `python_version < "3.12"` hold in this interpreter?"""

from __future__ import annotations

import os
import platform
import re
import sys
from functools import cache

from headrace.environments.versions import clauses

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<word>[A-Za-z_][A-Za-z_.0-9]*)|(?P<operator>===|~=|==|!=|<=|>=|<|>|\(|\)))"""
)
_VERSIONS = frozenset({"implementation_version", "platform_release", "python_full_version", "python_version"})
_OLD_NAMES = {
    "os.name": "os_name",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "platform.version": "platform_version",
    "python_implementation": "platform_python_implementation",
    "sys.platform": "sys_platform",
}


@cache
def here() -> dict[str, str]:
    """What the names in a marker stand for in this interpreter."""
    release = sys.implementation.version
    stage = "" if release.releaselevel == "final" else f"{release.releaselevel[0]}{release.serial}"
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": f"{release.major}.{release.minor}.{release.micro}{stage}",
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
        "extra": "",
    }


def holds(marker: str) -> bool:
    """ValueError for what is no marker."""
    tokens = _tokens(marker)
    value = _either(tokens)
    if tokens:
        raise ValueError(f"unexpected {tokens[0]!r}")
    return value


def _tokens(marker: str) -> list[str]:
    tokens, at = [], 0
    text = marker.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"unexpected {text[at:]!r}")
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


def _either(tokens: list[str]) -> bool:
    value = _both(tokens)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        right = _both(tokens)
        value = value or right
    return value


def _both(tokens: list[str]) -> bool:
    value = _one(tokens)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        right = _one(tokens)
        value = value and right
    return value


def _one(tokens: list[str]) -> bool:
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        value = _either(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise ValueError("a closing parenthesis is missing")
        return value
    if len(tokens) < 3:
        raise ValueError("a comparison is missing")
    left, operator = tokens.pop(0), tokens.pop(0)
    if operator == "not":
        operator += " " + tokens.pop(0)
    if not tokens:
        raise ValueError("a comparison is missing")
    right = tokens.pop(0)
    numbers = not _VERSIONS.isdisjoint((left, right))
    return _compare(_value(left), operator, _value(right), numbers=numbers)


def _value(token: str) -> str:
    if token[0] in "\"'":
        return token[1:-1]
    name = _OLD_NAMES.get(token, token)
    if name not in here():
        raise ValueError(f"unknown name {token!r}; known are {', '.join(sorted(here()))}")
    return here()[name]


def _compare(left: str, operator: str, right: str, *, numbers: bool) -> bool:
    """numbers: whether one side is a version by its name. Words have no order: of `<` and `>` neither holds."""
    condition = clauses(f"{operator}{right}") if numbers else None
    if condition:
        return condition[0].matches(left)
    match operator:
        case "in":
            return left in right
        case "not in":
            return left not in right
        case "==" | "===" | "<=" | ">=":
            return left == right
        case "!=":
            return left != right
        case "<" | ">":
            return False
    raise ValueError(f"unknown comparison {operator!r}")
