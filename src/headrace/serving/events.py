"""Server-sent events, as OpenAI's clients read them."""

DONE = b"data: [DONE]\n\n"
"""The last of a stream."""


def as_event(data: bytes) -> bytes:
    """data: of one line."""
    return b"data: " + data + b"\n\n"
