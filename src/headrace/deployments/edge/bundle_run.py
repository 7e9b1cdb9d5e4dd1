"""Talks to the language model in this folder. Needs onnxruntime-genai, nothing else.

python run.py                                a conversation, line by line, until end of input
python run.py --ask "A question?"            one answer, as text
python run.py --request request.json         a chat request of OpenAI's; the answer is one of OpenAI's, as JSON
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPTIONS = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k"}


class Chat:
    def __init__(self, folder: Path) -> None:
        import onnxruntime_genai as og

        self.og = og
        self.about: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.model = og.Model(str(folder / "model"))
        self.tokenizer = og.Tokenizer(self.model)
        config = json.loads((folder / "model" / "genai_config.json").read_text(encoding="utf-8"))
        self.context: int = config["model"]["context_length"]
        self.prompt_tokens = self.new_tokens = 0
        self.reason = "stop"

    def pieces(self, messages: list[dict[str, Any]], options: dict[str, Any]) -> Iterator[str]:
        """The answer as it comes. Afterwards prompt_tokens, new_tokens and reason are those of this answer."""
        options = {**self.about["options"], **{key: value for key, value in options.items() if value is not None}}
        if self.about["task"] == "llm/v1/chat":
            prompt = self.tokenizer.apply_chat_template(json.dumps(messages), add_generation_prompt=True)
        else:
            prompt = "\n".join(str(message["content"]) for message in messages)
        ids = self.tokenizer.encode(prompt)
        self.prompt_tokens, self.new_tokens, self.reason = len(ids), 0, "stop"
        if len(ids) >= self.context:
            raise SystemExit(f"The prompt has {len(ids)} tokens; the model takes fewer than {self.context}.")
        limit = min(int(options.get("max_tokens") or self.context), self.context - len(ids))
        parameters = self.og.GeneratorParams(self.model)
        chosen = {theirs: options[ours] for ours, theirs in OPTIONS.items() if ours in options}
        if options.get("temperature"):
            chosen["do_sample"] = True
        parameters.set_search_options(max_length=len(ids) + limit, **chosen)
        generator = self.og.Generator(self.model, parameters)
        generator.append_tokens(ids)
        stream = self.tokenizer.create_stream()
        while not generator.is_done():
            generator.generate_next_token()
            self.new_tokens += 1
            yield stream.decode(int(generator.get_next_tokens()[0]))
        if self.new_tokens >= limit:
            self.reason = "length"

    def completion(self, request: dict[str, Any]) -> dict[str, Any]:
        """One chat completion."""
        messages = request.get("messages") or [{"role": "user", "content": request.get("prompt", "")}]
        stops = request.get("stop") or []
        text = ""
        for piece in self.pieces(messages, request):
            text += piece
            found = [text.find(stop) for stop in ([stops] if isinstance(stops, str) else stops) if stop in text]
            if found:
                text, self.reason = text[: min(found)], "stop"
                break
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.about["name"],
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": self.reason}],
            "usage": {
                "prompt_tokens": self.prompt_tokens,
                "completion_tokens": self.new_tokens,
                "total_tokens": self.prompt_tokens + self.new_tokens,
            },
        }


def converse(chat: Chat, options: dict[str, Any]) -> None:
    messages: list[dict[str, Any]] = []
    while True:
        try:
            said = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if not said.strip():
            continue
        messages.append({"role": "user", "content": said})
        answer = ""
        for piece in chat.pieces(messages, options):
            answer += piece
            print(piece, end="", flush=True)
        print()
        messages.append({"role": "assistant", "content": answer})


def main() -> int:
    parser = argparse.ArgumentParser(description="Talk to the language model in this folder.")
    parser.add_argument("--ask", metavar="TEXT", help="one question")
    parser.add_argument("--request", metavar="FILE", help="a chat request as JSON; - for standard input")
    parser.add_argument("--max-tokens", type=int)
    parser.add_argument("--temperature", type=float)
    options = parser.parse_args()
    given = {"max_tokens": options.max_tokens, "temperature": options.temperature}
    chat = Chat(Path(__file__).resolve().parent)
    if options.ask is not None:
        for piece in chat.pieces([{"role": "user", "content": options.ask}], given):
            print(piece, end="", flush=True)
        print()
    elif options.request is not None:
        text = sys.stdin.read() if options.request == "-" else Path(options.request).read_text(encoding="utf-8")
        print(json.dumps(chat.completion({**json.loads(text)}), ensure_ascii=False))
    else:
        converse(chat, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
