"""What a look at one file found, and how it is judged."""

from __future__ import annotations

import msgspec

# Names that no model needs and every attack does. A tripwire for the reader's eye, not a wall: what isn't in here may
# be just as bad, so nothing is ever loaded because it isn't.
ALARMING = frozenset(
    "os posix nt subprocess sys shutil socket pty runpy code codeop timeit pdb bdb ctypes importlib imp webbrowser "
    "urllib http requests asyncio multiprocessing pip ensurepip venv commands popen2 marshal types pickle _pickle "
    "pkgutil cProfile profile trace doctest pydoc platform signal threading smtplib ftplib telnetlib".split()
)
ALARMING_BUILTINS = frozenset(
    "eval exec compile open getattr setattr delattr globals locals vars input breakpoint __import__ apply execfile map "
    "filter".split()
)
_ALSO = frozenset(
    "operator.attrgetter operator.methodcaller functools.partial numpy.testing._private.utils.runstring torch.hub.load "
    "torch.load joblib.load numpy.load".split()
)
# cloudpickle carries classes and functions by value, and makes them with these.
_CLOUDPICKLE = frozenset(f"types.{kind}Type" for kind in ("Code", "Function", "Cell", "Module", "Method"))


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """path: from the folder, with `!` before the name of an entry in an archive. kind: pickle, skops, keras.
    names: what loading it would import. trouble: why it could not be read to its end, or what is odd about it."""

    path: str
    kind: str
    names: tuple[str, ...] = ()
    trouble: str | None = None

    @property
    def alarming(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if is_alarming(name))

    @property
    def is_suspicious(self) -> bool:
        return self.trouble is not None or bool(self.alarming)

    def __str__(self) -> str:
        shown = ", ".join(self.names[:6]) + (f" and {len(self.names) - 6} more" if len(self.names) > 6 else "")
        return f"{self.path} ({self.kind}): {shown or 'imports nothing'}{f'; {self.trouble}' if self.trouble else ''}"


def is_alarming(name: str) -> bool:
    module, _, function = name.rpartition(".")
    if name in _CLOUDPICKLE:
        return False
    if name in _ALSO or " " in name:
        return True
    if module in ("builtins", "__builtin__"):
        return function in ALARMING_BUILTINS
    return name.partition(".")[0] in ALARMING
