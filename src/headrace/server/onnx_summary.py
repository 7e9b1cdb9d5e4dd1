"""What an ONNX file holds, without its tensors and without the onnx package: a file of gigabytes is answered at once.

Numbers of fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections import Counter

from headrace.server.protobuf import Malformed, Message, Wire, signed
from headrace.wire.messages import artifacts as m

TYPES: dict[int, tuple[str, int]] = {  # number → (name, bits of an element)
    1: ("float32", 32),
    2: ("uint8", 8),
    3: ("int8", 8),
    4: ("uint16", 16),
    5: ("int16", 16),
    6: ("int32", 32),
    7: ("int64", 64),
    8: ("string", 0),
    9: ("bool", 8),
    10: ("float16", 16),
    11: ("float64", 64),
    12: ("uint32", 32),
    13: ("uint64", 64),
    14: ("complex64", 64),
    15: ("complex128", 128),
    16: ("bfloat16", 16),
    17: ("float8e4m3fn", 8),
    18: ("float8e4m3fnuz", 8),
    19: ("float8e5m2", 8),
    20: ("float8e5m2fnuz", 8),
    21: ("uint4", 4),
    22: ("int4", 4),
    23: ("float4e2m1", 4),
    24: ("float8e8m0", 8),
    25: ("uint2", 2),
    26: ("int2", 2),
    27: ("float6e2m3", 6),
    28: ("float6e3m2", 6),
}
MAX_DEPTH = 50  # of graphs in graphs, and of types in types
MAX_VALUES = 10_000  # inputs, outputs, kinds of operators, dimensions
ANY_SHAPE = "…"


def summary(wire: Wire) -> m.OnnxAnswer:
    """Malformed if it is no ONNX model."""
    whole = wire.whole()
    ir_version, producer, release = None, "", ""
    opsets: list[m.OnnxOpsetMessage] = []
    graph: Message | None = None
    for field in whole:
        if field.number == 1:
            ir_version = signed(field.value)
        elif field.number == 2:
            producer = whole.text(field)
        elif field.number == 3:
            release = whole.text(field)
        elif field.number == 7:
            graph = whole.inner(field)
        elif field.number == 8:
            opsets.append(_opset(whole.inner(field)))
            _bound(opsets)
    if graph is None or ir_version is None:
        raise Malformed("it has no graph" if graph is None else "it has no version")
    found = _Graph(graph)
    return m.OnnxAnswer(
        ir_version=ir_version,
        producer=f"{producer} {release}".strip(),
        opsets=opsets,
        # Until version 4, constants were inputs, too.
        inputs=[each for each in found.inputs if each.name not in found.constants],
        outputs=found.outputs,
        operators=[m.OnnxOperatorMessage(name=name, count=n) for name, n in found.operators.most_common()],
        initializers=found.initializers,
        initializer_bytes=found.initializer_bytes,
    )


def _opset(opset: Message) -> m.OnnxOpsetMessage:
    domain, version = "", 0
    for field in opset:
        if field.number == 1:
            domain = opset.text(field)
        elif field.number == 2:
            version = signed(field.value)
    return m.OnnxOpsetMessage(domain=domain, version=version)


class _Graph:
    """Operators and constants of the graphs in it are counted, too."""

    def __init__(self, graph: Message) -> None:
        self.inputs: list[m.OnnxValueMessage] = []
        self.outputs: list[m.OnnxValueMessage] = []
        self.operators: Counter[str] = Counter()
        self.constants: set[str] = set()
        self.initializers = self.initializer_bytes = 0
        self._add(graph, MAX_DEPTH)

    def _add(self, graph: Message, depth: int) -> None:
        if not depth:
            raise Malformed(f"its graphs lie in each other more than {MAX_DEPTH} times")
        outermost = depth == MAX_DEPTH
        for field in graph:
            if field.number == 1:
                self._add_node(graph.inner(field), depth)
            elif field.number == 5:
                self._add_constant(graph.inner(field), outermost=outermost)
            elif field.number in (11, 12) and outermost:
                values = self.inputs if field.number == 11 else self.outputs
                values.append(_value(graph.inner(field)))
                _bound(values)
            elif field.number == 15:
                sparse = graph.inner(field)  # its values are the first field
                for part in sparse:
                    if part.number == 1:
                        self._add_constant(sparse.inner(part), outermost=outermost)

    def _add_node(self, node: Message, depth: int) -> None:
        operator = domain = ""
        for field in node:
            if field.number == 4:
                operator = node.text(field)
            elif field.number == 7:
                domain = node.text(field)
            elif field.number == 5:
                attribute = node.inner(field)
                for part in attribute:
                    if part.number in (6, 11):
                        self._add(attribute.inner(part), depth - 1)
        self.operators[operator if domain in ("", "ai.onnx") else f"{domain}.{operator}"] += 1
        _bound(self.operators)

    def _add_constant(self, tensor: Message, *, outermost: bool) -> None:
        elements, bits, text_bytes, name = 1, 0, 0, ""
        for field in tensor:
            if field.number == 1:
                for size in tensor.numbers(field):
                    elements *= max(size, 0)
                    if elements > 1 << 63:
                        raise Malformed(f"the tensor at byte {tensor.start} has more than 2^63 elements")
            elif field.number == 2:
                _, bits = TYPES.get(field.value, ("", 0))
            elif field.number == 6:
                text_bytes += field.end - field.start
            elif field.number == 8 and outermost:
                name = tensor.text(field)
        self.initializers += 1
        self.initializer_bytes += text_bytes + (elements * bits + 7) // 8
        if outermost and len(self.constants) < 100 * MAX_VALUES:
            self.constants.add(name)


def _value(value: Message) -> m.OnnxValueMessage:
    name, kind = "", ("", [ANY_SHAPE])
    for field in value:
        if field.number == 1:
            name = value.text(field)
        elif field.number == 2:
            kind = _type(value.inner(field), MAX_DEPTH)
    return m.OnnxValueMessage(name=name, type=kind[0], shape=kind[1])


def _type(found: Message, depth: int) -> tuple[str, list[str]]:
    """(type, shape)."""
    if not depth:
        raise Malformed(f"its types lie in each other more than {MAX_DEPTH} times")
    for field in found:
        if field.number in (1, 8):
            name, shape = _tensor(found.inner(field))
            return (name if field.number == 1 else f"sparse({name})"), shape
        if field.number in (4, 5, 9):
            inner = found.inner(field)
            parts = [
                _type(inner.inner(part), depth - 1) if part.kind == 2 else (_type_name(part.value), [])
                for part in inner
                if part.number in (1, 2)
            ]
            name = {4: "sequence", 5: "map", 9: "optional"}[field.number]
            shape = parts[0][1] if len(parts) == 1 else []
            return f"{name}({', '.join(kind for kind, _ in parts[:2])})", shape
    return "", [ANY_SHAPE]


def _tensor(tensor: Message) -> tuple[str, list[str]]:
    name, shape = "", [ANY_SHAPE]
    for field in tensor:
        if field.number == 1:
            name = _type_name(field.value)
        elif field.number == 2:
            sizes = tensor.inner(field)
            shape = [_dimension(sizes.inner(part)) for part in sizes if part.number == 1]
            _bound(shape)
    return name, shape


def _dimension(dimension: Message) -> str:
    for field in dimension:
        if field.number == 1:
            return str(signed(field.value))
        if field.number == 2:
            return dimension.text(field) or "?"
    return "?"


def _type_name(number: int) -> str:
    return TYPES[number][0] if number in TYPES else f"type {number}"


def _bound(found: list[str] | list[m.OnnxValueMessage] | list[m.OnnxOpsetMessage] | Counter[str]) -> None:
    if len(found) > MAX_VALUES:
        raise Malformed(f"it has more than {MAX_VALUES} inputs, outputs, operators or dimensions of a kind")
