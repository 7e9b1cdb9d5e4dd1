"""What the model costs without any server, in a process of its own: prints a line of JSON.

alone.py predict FOLDER        seconds of one `predict` of one row, and of loading the model
alone.py tokens FOLDER         tokens a second of the engine, for 1 and 8 prompts at a time
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

PROMPT_TOKENS, NEW_TOKENS, REPEATS = 13, 64, 5


def predict(folder: str) -> dict[str, float]:
    begun = time.perf_counter()
    import headrace

    model = headrace.pyfunc.load_model(folder, allow_pickle=True)
    load_s = time.perf_counter() - begun
    data = model.input_example[:1]
    data = (
        data[:1]
        if data is not None and not isinstance(data, dict)
        else {"messages": [{"role": "user", "content": "Hi"}]}
    )
    took = []
    for _ in range(500):
        begun = time.perf_counter()
        model.predict(data)
        took.append(time.perf_counter() - begun)
    return {"load_s": load_s, "predict_s": median(took)}


def tokens(folder: str) -> dict[str, float]:
    import numpy as np
    import onnxruntime_genai as og

    model = og.Model(folder)
    found = {}
    for rows in (1, 8):
        best = 0.0
        for _ in range(REPEATS):
            parameters = og.GeneratorParams(model)
            parameters.set_search_options(max_length=PROMPT_TOKENS + NEW_TOKENS, batch_size=rows, do_sample=False)
            generator = og.Generator(model, parameters)
            begun = time.perf_counter()
            generator.append_tokens(np.full((rows, PROMPT_TOKENS), 300, dtype=np.int32))
            made = 0
            while not generator.is_done():
                generator.generate_next_token()
                made += rows
            best = max(best, made / (time.perf_counter() - begun))
        found[str(rows)] = best
    return found


if __name__ == "__main__":
    folder = sys.argv[2]
    if sys.argv[1] == "tokens":
        inside = [path.parent for path in Path(folder).rglob("genai_config.json")]
        folder = str(inside[0])
    print(json.dumps(globals()[sys.argv[1]](folder)))
