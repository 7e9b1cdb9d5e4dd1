"""All steps, each a run of its own below this one; what one step has made is the next one's parameter."""

import argparse

import headrace as mlflow


def step(entry_point: str, **parameters: object) -> str:
    """The run id of a step of this project."""
    # The environment of this process is the project's already.
    return mlflow.run(".", entry_point, parameters=parameters, env_manager="local", run_name=entry_point).run_id


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--test-share", type=float)
    parser.add_argument("--c", type=float)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    with mlflow.start_run():
        loaded = step("load", test_share=given.test_share, seed=given.seed)
        trained = step("train", data=f"runs:/{loaded}/data", c=given.c)
        evaluated = step("evaluate", data=f"runs:/{loaded}/data", model=f"runs:/{trained}/model")
        mlflow.log_metrics(mlflow.get_run(evaluated).data.metrics)


if __name__ == "__main__":
    main()
