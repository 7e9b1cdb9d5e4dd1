"""Tiny random models of every kind that the transformers flavor's tests need, made offline in milliseconds.

Made from seeds, so two processes (ours and genuine MLflow's) have equal ones. Imports transformers and torch only.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import transformers

torch.set_num_threads(1)  # faster for models this small
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()

TEXTS = [
    "what is the capital of spain ?",
    "the capital of spain is madrid .",
    "the mill stands by the river and the water turns the wheel",
    "flour sunny great awful happy sad",
]
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'tool' %}{{ raise_exception('no tools here') }}{% endif %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if mood is defined %}{{ '(' + mood + ')' }}{% endif %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
CONTEXT = 96
VERSION = tuple(map(int, transformers.__version__.split(".")[:2]))
IS_4 = VERSION < (5, 0)


def chat_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<unk>", "<s>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="<|end|>",
        pad_token="<|end|>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT,
        model_input_names=["input_ids", "attention_mask"],
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def word_tokenizer() -> Any:
    """Of BERT's kind."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = sorted({word for text in TEXTS for word in text.split()} | set(map(chr, range(97, 123))))
    listed = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *(f"##{chr(code)}" for code in range(97, 123))]
    tokenizer = Tokenizer(models.WordPiece({word: number for number, word in enumerate(listed)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        model_max_length=48,
    )


def phi3(tokenizer: Any, seed: int = 0, **more: Any) -> Any:
    torch.manual_seed(seed)
    config = transformers.Phi3Config(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        vocab_size=len(tokenizer),
        max_position_embeddings=CONTEXT,
        original_max_position_embeddings=CONTEXT,
        sliding_window=None,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        initializer_range=0.5,  # so that logits differ, and answers with them
        **more,
    )
    return transformers.Phi3ForCausalLM(config).eval()


def gpt2(tokenizer: Any) -> Any:
    torch.manual_seed(1)
    config = transformers.GPT2Config(
        n_embd=32, n_layer=1, n_head=2, n_positions=CONTEXT, vocab_size=len(tokenizer), bos_token_id=1, eos_token_id=2
    )
    return transformers.GPT2LMHeadModel(config).eval()


def bert(kind: str, tokenizer: Any, **more: Any) -> Any:
    """kind: what follows `Bert` in the class's name."""
    torch.manual_seed(2)
    config = transformers.BertConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        vocab_size=len(tokenizer),
        max_position_embeddings=64,
        initializer_range=0.5,
        **more,
    )
    return getattr(transformers, f"Bert{kind}")(config).eval()


def generation(**more: Any) -> Any:
    tokenizer = chat_tokenizer()
    return transformers.pipeline("text-generation", model=phi3(tokenizer, **more), tokenizer=tokenizer, device="cpu")


def pipeline(task: str) -> Any:
    """A pipeline of any text task, by its name; "encoder" is one of sentence-transformers."""
    if task == "text-generation":
        return generation()
    if task == "encoder":
        return encoder()
    tokenizer = word_tokenizer()
    labels = {"id2label": {0: "calm", 1: "joyful"}, "label2id": {"calm": 0, "joyful": 1}}
    entails = {"id2label": {0: "contradiction", 1: "entailment"}, "label2id": {"contradiction": 0, "entailment": 1}}
    models = {
        "fill-mask": lambda: bert("ForMaskedLM", tokenizer),
        "text-classification": lambda: bert("ForSequenceClassification", tokenizer, **labels),
        "token-classification": lambda: bert("ForTokenClassification", tokenizer, **labels),
        "zero-shot-classification": lambda: bert("ForSequenceClassification", tokenizer, **entails),
        "feature-extraction": lambda: bert("Model", tokenizer),
        "question-answering": lambda: bert("ForQuestionAnswering", tokenizer),
    }
    return transformers.pipeline(task, model=models[task](), tokenizer=tokenizer, device="cpu")


def sounds() -> Any:
    """An audio-classification pipeline."""
    torch.manual_seed(3)
    config = transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(16,),
        conv_kernel=(10,),
        conv_stride=(5,),
        num_feat_extract_layers=1,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
        id2label={0: "water", 1: "wheel"},
    )
    model = transformers.Wav2Vec2ForSequenceClassification(config).eval()
    return transformers.pipeline(
        "audio-classification", model=model, feature_extractor=transformers.Wav2Vec2FeatureExtractor(), device="cpu"
    )


def encoder(*more: Any) -> Any:
    """more: modules after the pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    tokenizer = word_tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        place = checkpoint(Path(folder) / "tiny-bert", bert("Model", tokenizer), tokenizer)
        inner = modules.Transformer(str(place), max_seq_length=32)
    return SentenceTransformer(modules=[inner, modules.Pooling(32, pooling_mode="mean"), *more], device="cpu")


def checkpoint(folder: Path, model: Any, tokenizer: Any) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def plain(answer: Any) -> Any:
    """An answer as JSON has it, without what differs by nature (ids, times), numbers to the digits that count."""
    if hasattr(answer, "to_dict"):
        return plain(answer.to_dict(orient="records"))
    if hasattr(answer, "tolist"):
        return plain(answer.tolist())
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items() if key not in {"id", "created", "model"}}
    if isinstance(answer, list):
        return [plain(item) for item in answer]
    return round(float(answer), 4) if isinstance(answer, float) else answer
