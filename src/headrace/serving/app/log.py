from __future__ import annotations

import logging

from headrace.serving.observe import Observation

logger = logging.getLogger("headrace.serving.requests")
logger.setLevel(logging.INFO)


def log_request(told: Observation) -> None:
    reply = told.reply
    facts = [
        f"{told.call.kind} {told.deployment or '-'}/{told.revision or '-'} {reply.status}",
        f"{told.duration_s * 1000:.1f} ms",
        f"{len(told.call.body)} bytes",
    ]
    if reply.rows:
        facts.append(f"{reply.rows} rows")
    if reply.usage is not None:
        facts.append(f"{reply.usage.prompt}+{reply.usage.completion} tokens")
    if reply.error is not None:
        facts.append(reply.error + (f" in {reply.field}" if reply.field else ""))
    if told.shadow:
        facts.append("shadow")
    logger.info(", ".join(facts))
