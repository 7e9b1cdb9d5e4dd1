from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.errors import InvalidValue
from headrace.projects.backends import kubernetes_manifest as manifests

GOOD = yaml.safe_load("""
apiVersion: batch/v1
kind: Job
metadata: {name: train-1, namespace: ml, labels: {team: a}}
spec:
  backoffLimit: 2
  ttlSecondsAfterFinished: 100
  template:
    spec:
      restartPolicy: OnFailure
      volumes: [{name: data, emptyDir: {}}]
      containers:
        - name: train
          image: registry.io:5000/x/y@sha256:abc
          command: [python, train.py]
          env:
            - {name: A, value: "1"}
            - {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}
          resources: {limits: {memory: 4Gi, cpu: 1.5, nvidia.com/gpu: 1}, requests: {cpu: 500m}}
          volumeMounts: [{name: data, mountPath: /data}]
""")


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with another value at a path; ... takes it away."""
    made = copy.deepcopy(GOOD)
    at: Any = made
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in parents:
        at = at[part]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return made  # type: ignore[no-any-return]


def test_a_good_job_has_no_problems() -> None:
    assert manifests.problems(GOOD) == []
    plain = copy.deepcopy(manifests.PLAIN)
    made = manifests.filled(plain, name="a", container="b", image="i", command=["x"], env={})
    assert manifests.problems(made) == []
    assert plain == manifests.PLAIN


POD = "spec/template/spec"
FIRST = f"{POD}/containers/0"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("apiVersion", "batch/v1beta1", "apiVersion: must be batch/v1, not 'batch/v1beta1'"),
        ("kind", "CronJob", "kind: must be Job"),
        ("metadata/name", "Train_1", "metadata.name: 'Train_1' is no name"),
        ("metadata/name", "a" * 64, "metadata.name"),
        ("metadata/namespace", "a.b", "metadata.namespace"),
        ("metadata/labels", {"port": 5000}, 'metadata.labels.port: must be a text, not 5000; in YAML'),
        ("spec", ..., "spec: is required"),
        ("spec/template", [], "spec.template: is required"),
        ("spec/backoffLimit", "2", "spec.backoffLimit: must be a whole number"),
        ("spec/ttlSecondsAfterFinished", -1, "spec.ttlSecondsAfterFinished"),
        ("spec/suspend", True, "spec.suspend"),
        (f"{POD}/restartPolicy", "Always", "spec.template.spec.restartPolicy: must be Never or OnFailure"),
        (f"{POD}/restartPolicy", ..., "spec.template.spec.restartPolicy"),
        (f"{POD}/containers", [], "spec.template.spec.containers: is required"),
        (f"{POD}/containers/0", "x", "spec.template.spec.containers[0]: must be a mapping"),
        (f"{POD}/initContainers", [{"name": "train", "image": "i"}], "spec.template.spec.containers[0].name: 'train'"),
        (f"{FIRST}/name", "My Train", "spec.template.spec.containers[0].name"),
        (f"{FIRST}/image", "", "spec.template.spec.containers[0].image"),
        (f"{FIRST}/command", "python train.py", "spec.template.spec.containers[0].command: must be a list"),
        (f"{FIRST}/env/0/value", 1, 'env[0].value: must be a text, not 1; in YAML, write it in quotes: "1"'),
        (f"{FIRST}/env/0/name", "1 A", "spec.template.spec.containers[0].env[0].name"),
        (f"{FIRST}/env/1/value", "x", "spec.template.spec.containers[0].env[1]: has value and valueFrom"),
        (f"{FIRST}/env", {"A": "1"}, "spec.template.spec.containers[0].env: must be a list"),
        (f"{FIRST}/resources/limits/memory", "4 GB", "containers[0].resources.limits.memory: '4 GB' is no quantity"),
        (f"{FIRST}/volumeMounts/0/name", "date", "volumeMounts[0].name: no volume 'date' in the pod; there are: data"),
        (f"{POD}/volumes", ..., "there are: none"),
    ],
)  # fmt: skip
def test_problems_are_told_by_path(path: str, value: Any, said: str) -> None:
    found = manifests.problems(changed(path, value))
    assert len(found) == 1
    assert said in found[0]


def test_all_problems_of_a_template_are_told_at_once() -> None:
    bad = changed(f"{POD}/restartPolicy", "Always")
    bad["spec"]["backoffLimit"] = "many"
    with pytest.raises(InvalidValue) as refused:
        manifests.filled(bad, name="a", container="b", image="i", command=["x"], env={})
    assert "spec.backoffLimit: must be" in refused.value.message
    assert "spec.template.spec.restartPolicy: must be" in refused.value.message


def test_our_variables_replace_those_of_the_template_and_the_others_stay() -> None:
    made = manifests.filled(GOOD, name="a", container="b", image="i", command=["x"], env={"A": "ours", "C": "3"})
    env = made["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [(entry["name"], entry.get("value")) for entry in env] == [("B", None), ("A", "ours"), ("C", "3")]


# As in MLflow's documentation.
DOCUMENTED = """
apiVersion: batch/v1
kind: Job
metadata:
  name: "{replaced with MLflow Project name}"
  namespace: mlflow
spec:
  ttlSecondsAfterFinished: 100
  backoffLimit: 0
  template:
    spec:
      containers:
      - name: "{replaced with MLflow Project name}"
        image: "{replaced with URI of Docker image created during Project execution}"
        command: ["{replaced with MLflow Project entry point command}"]
        env: ["{appended with MLFLOW_TRACKING_URI, MLFLOW_RUN_ID and MLFLOW_EXPERIMENT_ID}"]
        resources:
          limits:
            memory: 512Mi
          requests:
            memory: 256Mi
      restartPolicy: Never
"""


def test_placeholders_of_mlflows_template_give_way() -> None:
    made = manifests.filled(
        yaml.safe_load(DOCUMENTED), name="a", container="b", image="i", command=["x"], env={"A": "1"}
    )
    assert "{" not in str(made).replace("{'", "")
    assert made["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}]


@pytest.mark.parametrize("name", ["My Project", "Überraschung!", "", None, "-", "x" * 100, "a" * 50 + "." * 20])
def test_any_project_gets_a_name_that_kubernetes_takes(name: str | None) -> None:
    made = manifests.job_name(name, "0123456789ab")
    assert manifests.problems(changed("metadata/name", made)) == []
    assert made.endswith("-0123456789ab")
    assert manifests.problems(changed(f"{FIRST}/name", manifests.slug(name))) == []


@pytest.mark.parametrize(
    ("text", "said"), [("a: [", "isn't YAML"), ("- 1", "one manifest"), ("a: 1\n---\nb: 2", "one manifest")]
)
def test_a_file_that_is_no_template_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(InvalidValue, match=said):
        manifests.template(tmp_path / "t.yaml")
