"""Prompts live in the registry as models with a tag; the genuine client's functions for them."""

import json
from collections.abc import Callable

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from rest import EXISTS, INVALID, Api, error

Unique = Callable[[str], str]
TEXT = "Answer in {{ language }}: {{ question }}"


@pytest.fixture
def prompt(fluent: str, unique: Unique) -> str:
    """A prompt with two versions."""
    name = unique("prompt")
    mlflow.genai.register_prompt(name, TEXT, commit_message="first", tags={"team": "a"})
    mlflow.genai.register_prompt(name, TEXT + "!", commit_message="second")
    return name


def test_a_registered_prompt_is_loaded(prompt: str) -> None:
    loaded = mlflow.genai.load_prompt(prompt, version=1)
    assert (loaded.name, loaded.version, loaded.template) == (prompt, 1, TEXT)
    assert (loaded.commit_message, loaded.tags, loaded.variables) == ("first", {"team": "a"}, {"language", "question"})
    assert loaded.format(language="German", question="Why?") == "Answer in German: Why?"
    assert mlflow.genai.load_prompt(f"prompts:/{prompt}/2").template == TEXT + "!"
    assert mlflow.genai.load_prompt(f"prompts:/{prompt}@latest").version == 2


def test_a_chat_prompt_keeps_its_messages(fluent: str, unique: Unique) -> None:
    name = unique("chat")
    messages = [{"role": "system", "content": "You are {{ style }}."}, {"role": "user", "content": "{{ question }}"}]
    made = mlflow.genai.register_prompt(name, messages, response_format={"type": "object"})
    assert made.template == messages
    loaded = mlflow.genai.load_prompt(name, version=1)
    assert (loaded.template, loaded.response_format) == (messages, {"type": "object"})
    assert loaded.format(style="kind", question="?")[0]["content"] == "You are kind."


def test_aliases_of_prompts(prompt: str) -> None:
    mlflow.genai.set_prompt_alias(prompt, alias="live", version=1)
    found = mlflow.genai.load_prompt(f"prompts:/{prompt}@live")
    assert (found.version, found.aliases) == (1, ["live"])
    mlflow.genai.set_prompt_alias(prompt, alias="live", version=2)
    assert mlflow.genai.load_prompt(f"prompts:/{prompt}@live").version == 2
    mlflow.genai.delete_prompt_alias(prompt, alias="live")
    with pytest.raises(MlflowException):
        mlflow.genai.load_prompt(f"prompts:/{prompt}@live")


def test_prompts_are_searched_and_models_are_not_among_them(client: MlflowClient, prompt: str, unique: Unique) -> None:
    model = client.create_registered_model(unique("model")).name
    stem = prompt.removeprefix("prompt")
    assert [found.name for found in mlflow.genai.search_prompts(f"name = '{prompt}'")] == [prompt]
    assert [found.name for found in mlflow.genai.search_prompts(f"name LIKE '%{stem}'")] == [prompt]
    assert mlflow.genai.search_prompts(f"name = '{model}'") == []
    assert model not in [found.name for found in mlflow.genai.search_prompts()]
    names = [found.name for found in client.search_registered_models(max_results=1000)]
    assert (model in names, prompt in names) == (True, False)
    assert client.search_model_versions(f"name = '{prompt}'") == []


@pytest.mark.parametrize(
    ("rule", "prompts"),
    [
        ("tags.`mlflow.prompt.is_prompt` = 'true'", True),
        ("tags.`mlflow.prompt.is_prompt` != 'false'", True),
        ("tags.`mlflow.prompt.is_prompt` = 'false'", False),
        ("tags.`mlflow.prompt.is_prompt` != 'true'", False),
        ("name LIKE '%'", False),
    ],
)
def test_the_tag_in_a_filter_says_what_is_wanted(
    client: MlflowClient, prompt: str, unique: Unique, rule: str, prompts: bool
) -> None:
    model = client.create_registered_model(unique("model")).name
    found = [each.name for each in client.search_registered_models(rule, max_results=1000)]
    assert (prompt in found, model in found) == (prompts, not prompts)
    client.create_model_version(model, "s3://bucket/x")
    found = [each.name for each in client.search_model_versions(rule)]
    assert (prompt in found, model in found) == (prompts, not prompts)


def test_tags_of_prompts_and_of_their_versions(client: MlflowClient, prompt: str) -> None:
    client.set_prompt_tag(prompt, "owner", "me")
    assert client.get_prompt(prompt).tags["owner"] == "me"
    client.delete_prompt_tag(prompt, "owner")
    assert "owner" not in client.get_prompt(prompt).tags
    client.set_prompt_version_tag(prompt, "1", "checked", "yes")
    assert client.get_prompt_version(prompt, "1").tags["checked"] == "yes"
    client.delete_prompt_version_tag(prompt, "1", "checked")
    assert "checked" not in client.get_prompt_version(prompt, "1").tags
    assert [found.name for found in mlflow.genai.search_prompts(f"name = '{prompt}' AND tags.none = 'x'")] == []


def test_versions_of_prompts_are_listed_and_deleted(client: MlflowClient, prompt: str) -> None:
    assert [found.version for found in client.search_prompt_versions(prompt)] == [2, 1]
    client.delete_prompt_version(prompt, "1")
    with pytest.raises(MlflowException) as caught:
        client.get_prompt_version(prompt, "1")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert [found.version for found in client.search_prompt_versions(prompt)] == [2]
    client.delete_prompt(prompt)
    assert client.get_prompt(prompt) is None


def test_a_prompt_that_is_not_there(client: MlflowClient, fluent: str, unique: Unique) -> None:
    name = unique("nobody")
    assert client.get_prompt(name) is None
    assert mlflow.genai.load_prompt(name, version=1, allow_missing=True) is None
    with pytest.raises(MlflowException):
        mlflow.genai.load_prompt(name, version=1)


def test_a_loaded_prompt_is_linked_to_its_run(client: MlflowClient, prompt: str) -> None:
    with mlflow.start_run() as run:
        mlflow.genai.load_prompt(prompt, version=1)
    linked = json.loads(client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"])
    assert linked == [{"name": prompt, "version": "1"}]


def test_prompts_and_models_share_their_names(client: MlflowClient, prompt: str, unique: Unique) -> None:
    with pytest.raises(MlflowException, match=r"(?i)prompt") as caught:
        client.create_registered_model(prompt)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    model = client.create_registered_model(unique("model")).name
    with pytest.raises(MlflowException, match=r"(?i)model"):
        mlflow.genai.register_prompt(model, TEXT)


def test_a_prompt_has_no_files(api: Api, prompt: str) -> None:
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "t"}]
    body = {"name": prompt, "source": "s3://bucket/x", "tags": tags}
    assert error(api.send("POST", "model-versions/create", json=body)) == INVALID
    made = api.post("model-versions/create", {**body, "source": "prompt-template"})["model_version"]
    assert made["source"] == "prompt-template"


def test_a_taken_prompt_is_refused_on_the_wire(api: Api, prompt: str) -> None:
    body = {"name": prompt, "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    answer = api.send("POST", "registered-models/create", json=body)
    assert error(answer) == EXISTS
    assert "prompt" in answer.json()["message"].lower()
