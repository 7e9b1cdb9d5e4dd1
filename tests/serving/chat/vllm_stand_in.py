"""Speaks what `vllm serve` speaks, as far as our host makes use of it: `vllm_stand_in.py serve FOLDER --port …`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    name, folder = "", Path()

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(200, b"")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {os.environ['VLLM_API_KEY']}" or body["model"] != self.name:
            self._answer(401, b'{"error": {"message": "no"}}')
        elif body.get("temperature", 0) > 2:
            told = {"message": "temperature is too high", "param": "temperature", "code": 400}
            self._answer(400, json.dumps({"error": told}).encode())
        elif body.get("user") == "die":
            os._exit(3)
        elif body.get("user") == "odd":
            self._answer(200, b'{"choices": [], "usage": {"prompt_tokens": null}}')
        elif body.get("stream"):
            self._stream(endless=body.get("user") == "endless")
        else:
            said = {"path": self.path, "files": sorted(path.name for path in self.folder.iterdir())}
            choice = {"index": 0, "message": {"role": "assistant", "content": json.dumps(said)}}
            usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
            self._answer(200, json.dumps({"model": self.name, "choices": [choice], "usage": usage}).encode())

    def _answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, *, endless: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        number = 0
        while endless or number < 3:
            self.wfile.write(f'data: {{"piece": {number}}}\n\n'.encode())
            number += 1
            time.sleep(0.01)
        self.wfile.write(b"data: [DONE]\n\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--served-model-name", required=True)
    parser.add_argument("--load-format", choices=["safetensors"], required=True)
    arguments = parser.parse_args()
    if not (arguments.folder / "config.json").is_file():
        sys.exit("no config.json")
    Handler.name, Handler.folder = arguments.served_model_name, arguments.folder
    ThreadingHTTPServer((arguments.host, arguments.port), Handler).serve_forever()


main()
