"""The measurements. Systems take turns, each alone on the machine with its load generator."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.serving import clients, systems
from benchmarks.serving.systems import HEADRACE, Server, free_port, serving
from benchmarks.tracking import wrk
from benchmarks.tracking.process import settle, settled_memory

Figures = dict[str, Any]  # value, note, figures: as a result holds them
FAILED = (systems.NotReady, wrk.LoadFailed, ValueError, OSError, subprocess.SubprocessError)
LATENCY_TARGET_MS = 60
QUESTION = {"messages": [{"role": "user", "content": "What is the capital of Spain?"}], "max_tokens": 16}
MID_TOKENS = 64


@dataclass(frozen=True, kw_only=True)
class Setup:
    """folder: of the whole run. seconds: of each load. repeats: of requests one by one."""

    folder: Path
    seconds: float
    repeats: int

    def model(self, name: str) -> Path:
        """Made once."""
        place = self.folder / "models" / name / "model"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            script = Path(__file__).with_name("made.py")
            subprocess.run(
                [str(HEADRACE / "python"), str(script), name, str(place)],
                check=True,
                stdout=subprocess.DEVNULL,
                env={**systems.variables(self.folder), "OMP_NUM_THREADS": "1"},
            )
        return place

    def body(self, name: str, value: object) -> Path:
        place = self.folder / f"{name}.json"
        place.write_text(json.dumps(value))
        return place

    def alone(self, what: str, folder: Path) -> dict[str, float]:
        script = Path(__file__).with_name("alone.py")
        said = subprocess.run(
            [str(HEADRACE / "python"), str(script), what, str(folder)],
            check=True,
            capture_output=True,
            text=True,
            env=systems.variables(self.folder),
        )
        found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
        return found


Command = Callable[[int], list[str]]


def turns(
    setup: Setup, row: str, commands: dict[str, Command], measure: Callable[[str, Server], Figures]
) -> dict[str, Figures]:
    """probe: of BentoML, which has no /ping."""
    found: dict[str, Figures] = {}
    for system, command in commands.items():
        port = free_port()
        probe = "/livez" if system == "bentoml" else "/ping" if system != "litserve" else "/health"
        try:
            with serving(command(port), port, setup.folder / row / system, probe) as server:
                settle(server.tree)
                found[system] = measure(system, server)
        except FAILED as why:
            print(f"{row}, {system}: {why}")
            found[system] = {"value": None, "note": "failed", "figures": {}}
    return found


def loaded(server: Server, path: str, body: Path, connections: int, seconds: float) -> wrk.Seen:
    """The second of two stretches: the first warms up."""
    wrk.once("fixed", server.url, "POST", path, str(body), connections=connections, duration_s=1, threads=1)
    return wrk.load("fixed", server.url, "POST", path, str(body), connections=connections, duration_s=seconds)


def per_second(seen: wrk.Seen, times: float = 1.0) -> Figures:
    note = f"p50 {seen.p50_ms:.3g} ms, p99 {seen.p99_ms:.3g} ms"
    figures = {"p50_ms": seen.p50_ms, "p99_ms": seen.p99_ms, "max_ms": seen.max_ms, "requests": seen.requests}
    return {"value": seen.per_s * times, "note": note, "figures": figures}


def _iris_systems(setup: Setup) -> dict[str, Command]:
    model = setup.model("iris")
    return {
        "mlflow": lambda port: systems.mlflow(model, port),
        "fastapi": lambda port: systems.peer("fastapi_iris", port),
        "litserve": lambda port: systems.peer("litserve_iris", port),
        "bentoml": lambda port: systems.peer("bento_iris:Iris", port),
        "headrace": lambda port: systems.headrace(model, port),
    }


def _iris_body(setup: Setup, rows: int) -> Path:
    names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    data = [[5.1 + row % 7 / 10, 3.5, 1.4 + row % 5, 0.2] for row in range(rows)]
    return setup.body(f"iris-{rows}", {"dataframe_split": {"columns": names, "data": data}})


def sklearn_rows(rows: int) -> Callable[[Setup], dict[str, Figures]]:
    def measure(setup: Setup) -> dict[str, Figures]:
        body = _iris_body(setup, rows)
        return turns(
            setup,
            f"sklearn-{rows}",
            _iris_systems(setup),
            lambda _, server: per_second(loaded(server, "/invocations", body, 8, setup.seconds)),
        )

    return measure


def overhead(setup: Setup) -> dict[str, Figures]:
    """Of one request at a time, over `predict` alone."""
    alone_ms = setup.alone("predict", setup.model("iris"))["predict_s"] * 1000
    body = _iris_body(setup, 1)
    commands = {name: each for name, each in _iris_systems(setup).items() if name in ("mlflow", "headrace")}

    def measure(_: str, server: Server) -> Figures:
        took_ms = loaded(server, "/invocations", body, 1, setup.seconds).p50_ms
        note = f"{took_ms:.3g} with, {alone_ms:.3g} alone"
        return {"value": took_ms - alone_ms, "note": note, "figures": {"with_ms": took_ms, "alone_ms": alone_ms}}

    return turns(setup, "overhead", commands, measure)


def batching(setup: Setup) -> dict[str, Figures]:
    model = setup.model("sleeper")
    body = setup.body("sleeper", {"dataframe_split": {"columns": ["value"], "data": [[1.0]]}})
    listed = setup.body("sleeper-list", {"batch": [1.0]})
    target = ["--latency-target", str(LATENCY_TARGET_MS)]
    commands: dict[str, Command] = {
        "mlflow": lambda port: systems.mlflow(model, port),
        "unbatched": lambda port: systems.headrace(model, port, "--no-batching"),
        "litserve": lambda port: systems.peer("litserve_sleep", port),
        "bentoml": lambda port: systems.peer("bento_sleep:Sleeper", port),
        "headrace": lambda port: systems.headrace(model, port, *target),
    }
    return turns(
        setup,
        "batching",
        commands,
        lambda system, server: per_second(
            loaded(server, "/invocations", listed if system == "bentoml" else body, 64, setup.seconds)
        ),
    )


def _chat_systems(setup: Setup) -> dict[str, Command]:
    genai, wrapper, pipeline = (setup.model(name) for name in ("chat_genai", "chat_wrapper", "chat_transformers"))
    return {
        "mlflow": lambda port: systems.mlflow(wrapper, port),
        "mlflow-transformers": lambda port: systems.mlflow(pipeline, port),
        "headrace": lambda port: systems.headrace(genai, port),
    }


def chat(connections: int) -> Callable[[Setup], dict[str, Figures]]:
    def measure(setup: Setup) -> dict[str, Figures]:
        asked = setup.body("question", QUESTION)
        text = "<|user|>\nWhat is the capital of Spain?<|end|>\n<|assistant|>\n"
        wrapped = setup.body("question-wrapped", {"inputs": {"prompt": [text]}})
        paths = {
            "mlflow": ("/invocations", wrapped),
            "mlflow-transformers": ("/invocations", asked),
            "headrace": ("/v1/chat/completions", asked),
        }

        def one(system: str, server: Server) -> Figures:
            path, body = paths[system]
            said = json.dumps(clients.answer_of(server.url, path, body.read_bytes()))
            if "Madrid" not in said:
                raise ValueError(f"the answer is {said[:500]}")
            found = per_second(loaded(server, path, body, connections, setup.seconds))
            memory = settled_memory(server.tree)
            found["figures"]["pss_mb"] = memory.pss_mb
            found["note"] += f", {memory.pss_mb:.0f} MB"
            return found

        return turns(setup, f"chat-{connections}", _chat_systems(setup), one)

    return measure


def first_token(setup: Setup) -> dict[str, Figures]:
    commands = {"headrace": _chat_systems(setup)["headrace"]}

    def measure(_: str, server: Server) -> Figures:
        clients.first_tokens(server.url, QUESTION, 20)
        took = sorted(clients.first_tokens(server.url, QUESTION, setup.repeats))
        p99_ms = took[int(len(took) * 0.99) - 1] * 1000
        return {"value": clients.in_ms(took), "note": f"p99 {p99_ms:.3g} ms", "figures": {"p99_ms": p99_ms}}

    return turns(setup, "first-token", commands, measure)


def mid(connections: int) -> Callable[[Setup], dict[str, Figures]]:
    def measure(setup: Setup) -> dict[str, Figures]:
        model = setup.model("chat_mid")
        ceiling = setup.alone("tokens", model)["1" if connections == 1 else "8"]
        asked = setup.body("mid", {**QUESTION, "max_tokens": MID_TOKENS, "temperature": 0})

        def one(_: str, server: Server) -> Figures:
            said: Any = clients.answer_of(server.url, "/v1/chat/completions", asked.read_bytes())
            tokens = said["usage"]["completion_tokens"]
            found = per_second(loaded(server, "/v1/chat/completions", asked, connections, setup.seconds), times=tokens)
            found["note"] = f"{found['value'] / ceiling:.0%} of the engine's"
            return found

        found = turns(setup, f"mid-{connections}", {"headrace": lambda port: systems.headrace(model, port)}, one)
        found["engine"] = {"value": ceiling, "note": "", "figures": {}}
        return found

    return measure


def ready(setup: Setup) -> dict[str, Figures]:
    """From the start of the command to its first answer, over loading the model in a Python process of its own."""
    model = setup.model("iris")
    # The first reads files that aren't in memory yet, as the first start below does.
    load_s = sorted(setup.alone("predict", model)["load_s"] for _ in range(4))[1]
    commands: dict[str, Command] = {
        "mlflow": lambda port: systems.mlflow(model, port),
        "headrace": lambda port: systems.headrace(model, port),
    }
    found: dict[str, Figures] = {}
    for system, command in commands.items():
        took = []
        try:
            for _ in range(4):
                port = free_port()
                with serving(command(port), port, setup.folder / "ready" / system) as server:
                    took.append(server.ready_s)
        except FAILED as why:
            print(f"ready, {system}: {why}")
            found[system] = {"value": None, "note": "failed", "figures": {}}
            continue
        middle = sorted(took[1:])[1]  # the first reads files that aren't in memory yet
        figures = {"took_s": took, "load_s": load_s}
        found[system] = {"value": middle - load_s, "note": f"{middle:.2f}, load {load_s:.2f}", "figures": figures}
    return found


def memory(setup: Setup) -> dict[str, Figures]:
    """4 workers' memory over one worker's."""
    model = setup.model("weighty")
    sizes = {}
    for workers in (1, 4):
        port = free_port()
        command = systems.headrace(model, port, "--workers", str(workers))
        with serving(command, port, setup.folder / "memory" / str(workers)) as server:
            body = json.dumps({"inputs": [1]}).encode()
            for _ in range(20):
                clients.answer_of(server.url, "/invocations", body)
            sizes[workers] = settled_memory(server.tree).pss_mb
    note = f"{sizes[4]:,.0f} v {sizes[1]:,.0f} MB"
    return {"headrace": {"value": sizes[4] / sizes[1], "note": note, "figures": {str(k): v for k, v in sizes.items()}}}
