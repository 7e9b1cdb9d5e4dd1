"""A tokenizer's chat template: what it has variables for, and prompts made by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from headrace.errors import InvalidValue

# What transformers gives a template itself.
_GIVEN = frozenset(
    "messages tools documents add_generation_prompt continue_final_message raise_exception strftime_now "
    "bos_token eos_token unk_token sep_token pad_token cls_token mask_token additional_special_tokens".split()
)


class Template:
    """variables: those that a request may fill by `custom_inputs`."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        text = getattr(tokenizer, "chat_template", None)
        texts = list(text.values()) if isinstance(text, Mapping) else [text] if text else []
        self._names = _undeclared(tuple(texts))
        self.exists = bool(texts)
        self.variables = self._names - _GIVEN

    def has(self, variable: str) -> bool:
        return variable in self._names

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        custom_inputs: Mapping[str, Any],
    ) -> str:
        from jinja2 import TemplateError

        if not self.exists:
            raise InvalidValue(message=NO_TEMPLATE)
        unknown = sorted(set(custom_inputs) - self.variables)
        if unknown:
            raise InvalidValue(
                f"custom_inputs.{unknown[0]}",
                custom_inputs[unknown[0]],
                f"the model's chat template has {', '.join(sorted(self.variables)) or 'no variables'}",
            )
        try:
            text: str = self._tokenizer.apply_chat_template(
                [dict(message) for message in messages],
                tools=list(tools) or None,
                add_generation_prompt=True,
                tokenize=False,
                **custom_inputs,
            )
        except (TemplateError, TypeError, KeyError) as error:
            raise InvalidValue(message=f"The model's chat template refuses the messages: {error}") from error
        return text


NO_TEMPLATE = (
    "The model's tokenizer has no chat_template, so it can't put messages into a prompt. Set tokenizer.chat_template "
    "before saving, or save with task='llm/v1/completions'."
)


@lru_cache(maxsize=16)
def _undeclared(texts: tuple[str, ...]) -> frozenset[str]:
    if not texts:
        return frozenset()
    from jinja2 import Environment, TemplateSyntaxError, meta, nodes
    from jinja2.ext import Extension

    class Generation(Extension):
        """transformers' own tag round what an assistant says."""

        tags = {"generation"}  # noqa: RUF012 — as jinja has it

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body, lineno=line)

    environment = Environment(extensions=[Generation, "jinja2.ext.loopcontrols"])  # noqa: S701 — parsed, never rendered
    found: set[str] = set()
    for text in texts:
        try:
            found |= meta.find_undeclared_variables(environment.parse(text))
        except TemplateSyntaxError:
            found.add("tools" if "tools" in text else "messages")
    return frozenset(found)
