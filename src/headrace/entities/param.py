from __future__ import annotations

import msgspec


class Param(msgspec.Struct, frozen=True, gc=False):
    key: str
    value: str
