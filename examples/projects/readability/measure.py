"""How easy a Markdown text is to read: Flesch's reading ease, from words a sentence and syllables a word.

The environment holds a reader of Markdown and nothing else, exactly as requirements.lock says: no client of MLflow's or
Headrace's. So the numbers go to the run over REST, as a program in any language would send them.

Source of the formula: Flesch, A new readability yardstick, Journal of Applied Psychology 32 (1948).
"""

import json
import os
import re
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

from markdown_it import MarkdownIt


def plain(markdown: str) -> str:
    """The text without its marks, a block a line."""
    blocks = [token for token in MarkdownIt().parse(markdown) if token.type == "inline"]
    return "\n".join("".join(child.content for child in block.children or [] if child.content) for block in blocks)


def measured(text: str) -> dict[str, float]:
    sentences = [part for part in re.split(r"[.!?\n]+", text) if re.search(r"\w", part)]
    words = re.findall(r"[^\W\d_]+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    a_sentence, a_word = len(words) / len(sentences), syllables / len(words)
    return {
        "sentences": len(sentences),
        "words": len(words),
        "reading_ease": 206.835 - 1.015 * a_sentence - 84.6 * a_word,
    }


def log(metrics: dict[str, float]) -> None:
    now = int(time.time() * 1000)
    points = [{"key": key, "value": value, "timestamp": now} for key, value in metrics.items()]
    body = json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], "metrics": points}).encode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {os.environ.get('MLFLOW_TRACKING_TOKEN', '')}",
    }
    address = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/runs/log-batch"
    with urlopen(Request(address, body, headers)) as answer:
        answer.read()


if __name__ == "__main__":
    found = measured(plain(Path(sys.argv[1]).read_text(encoding="utf-8")))
    log(found)
    print(", ".join(f"{key} {value:.1f}" for key, value in found.items()))
