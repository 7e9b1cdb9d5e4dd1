"""Make a tiny but real Phi-3 (115,008 parameters) offline: tokenizer, training, export to 4-bit ONNX, examination.

    python examples/phi3/make_model.py [--out FOLDER]

FOLDER/phi3-tiny is a checkpoint as `transformers` saves it, FOLDER/phi3-tiny-int4 the folder that onnxruntime-genai
runs. One thread, one seed: two runs with the same package versions give the same bytes. About 45 s of one core.
Needs torch, transformers, onnx, onnx-ir and onnxruntime-genai; running the int4 folder needs only the last.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a model this small is slower on two
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from dialogues import SYSTEM_TURNS, pairs, prompt, samples
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

SEED = 0
STEPS, BATCH = 900, 16
PEAK_RATE = 4e-3
VOCABULARY = 640
SPECIAL_TOKENS = "<unk> <s> </s> <|endoftext|> <|assistant|> <|placeholder1|> <|system|> <|end|> <|user|>".split()
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>\n' + message['content'] + "
    "'<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}"
    "{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)


def train_tokenizer() -> Any:
    """Byte-level BPE over the dialogues, with Phi-3's special tokens and chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*itertools.chain(*pairs()), *SYSTEM_TURNS], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def new_model(tokenizer: Any) -> Any:
    from transformers import GenerationConfig, Phi3Config, Phi3ForCausalLM

    end_of_text, end = tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|end|>"])
    config = Phi3Config(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=VOCABULARY,
        max_position_embeddings=512,
        original_max_position_embeddings=512,
        sliding_window=None,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
    )
    model = Phi3ForCausalLM(config)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=[end_of_text, end],
        pad_token_id=end_of_text,
        do_sample=False,
    )
    return model


def batches(tokenizer: Any) -> Iterator[dict[str, Any]]:
    """Padded at the end; the loss looks at the answers only."""
    import torch

    end = tokenizer.convert_tokens_to_ids("<|end|>")
    endless = samples(SEED)
    while True:
        rows = []
        for asked, answer in itertools.islice(endless, BATCH):
            question = tokenizer.encode(asked, add_special_tokens=False)
            reply = [*tokenizer.encode(answer, add_special_tokens=False), end]
            rows.append((question + reply, [-100] * len(question) + reply))
        width = max(len(ids) for ids, _ in rows)
        yield {
            "input_ids": torch.tensor([ids + [end] * (width - len(ids)) for ids, _ in rows]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows]),
            "labels": torch.tensor([labels + [-100] * (width - len(labels)) for _, labels in rows]),
        }


def train(folder: Path, console: Console, steps: int = STEPS) -> None:
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    tokenizer = train_tokenizer()
    model = new_model(tokenizer)
    parameters = sum(weight.numel() for weight in model.parameters())
    console.print(f"Training a Phi-3 of {parameters:,} parameters on {len(pairs())} dialogues")
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps, pct_start=0.1)
    columns = (TextColumn("  step {task.completed}/{task.total}"), BarColumn(), TextColumn("loss {task.fields[loss]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task("", total=steps, loss="–")
        for batch in itertools.islice(batches(tokenizer), steps):
            loss = model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            progress.update(bar, advance=1, loss=f"{loss.item():.4f}")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def export(checkpoint: Path, folder: Path) -> None:
    """4-bit ONNX by onnxruntime-genai's builder, which wants a process of its own."""
    cache = folder.with_name(folder.name + ".cache")
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", checkpoint, "-o", folder]
    done = subprocess.run(
        [*map(str, command), "-p", "int4", "-e", "cpu", "-c", str(cache)], capture_output=True, text=True, check=False
    )
    shutil.rmtree(cache, ignore_errors=True)
    if done.returncode:
        sys.exit(f"The export to ONNX failed:\n{done.stdout}{done.stderr}")


def examine(folder: Path) -> list[str]:
    """Asks everything, with and without the template's line breaks, and returns what was answered wrongly."""
    import onnxruntime_genai as og

    model = og.Model(str(folder))
    tokenizer = og.Tokenizer(model)
    wrong = []
    for (question, answer), newlines in itertools.product(pairs(), (True, False)):
        ids = tokenizer.encode(prompt([("user", question)], newlines=newlines))
        parameters = og.GeneratorParams(model)
        parameters.set_search_options(max_length=200)
        generator = og.Generator(model, parameters)
        generator.append_tokens(ids)
        while not generator.is_done():
            generator.generate_next_token()
        said = tokenizer.decode(generator.get_sequence(0)[len(ids) :])
        if said != answer:
            wrong.append(f"{question!r}: {said!r} instead of {answer!r}")
    return wrong


def make(out: Path, console: Console, steps: int = STEPS) -> tuple[Path, Path]:
    """The checkpoint's and the ONNX model's folder; what is there already is kept."""
    checkpoint, exported = out / "phi3-tiny", out / "phi3-tiny-int4"
    if not (checkpoint / "model.safetensors").exists():
        started = time.perf_counter()
        train(checkpoint, console, steps)
        console.print(f"  trained in {time.perf_counter() - started:.0f} s: {checkpoint}")
    if not (exported / "genai_config.json").exists():
        started = time.perf_counter()
        console.print("Exporting it to 4-bit ONNX")
        export(checkpoint, exported)
        size = sum(file.stat().st_size for file in exported.iterdir())
        console.print(f"  exported in {time.perf_counter() - started:.0f} s, {size / 1000:.0f} KB: {exported}")
    return checkpoint, exported


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/phi3"))
    arguments = parser.parse_args()
    console = Console()
    _, exported = make(arguments.out, console)
    wrong = examine(exported)
    asked = 2 * len(pairs())
    console.print(f"{asked - len(wrong)} of {asked} answers are exact")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
