from __future__ import annotations

import pytest

from headrace.errors import InvalidValue
from headrace.projects.sweeps.plan import Plan, Wishes, extended, plan_from, plan_of
from headrace.projects.sweeps.proposals import proposer_of
from headrace.projects.sweeps.trial import Trial

TEXTS = {"lr": "log:1e-4..1e-1", "depth": "int:2..8", "mode": "a,b", "width": "logint:16..128/2", "epochs": "3"}
SAMPLERS = ["optuna", "optuna:random", "optuna:nsgaii"]


def optuna(kind: str = "optuna", trials: int = 20, **more: object) -> Plan:
    return plan_of(Wishes(kind=kind, trials=trials, metric="loss", direction="minimize", **more), TEXTS)  # type: ignore[arg-type]


def ended(number: int, parameters: dict[str, str], value: float | None, state: str = "finished") -> Trial:
    return Trial(number=number, parameters=parameters, run_id=f"run-{number}", state=state, value=value)  # type: ignore[arg-type]


def test_a_grid_is_every_combination_in_the_order_of_nested_loops() -> None:
    plan = plan_of(Wishes(kind="grid"), {"a": "1,2", "k": "x", "b": "int:5..6"})
    assert plan.trials == 4
    proposer = proposer_of(plan)
    assert [list(proposer.propose(number).values()) for number in range(4)] == [
        ["1", "x", "5"],
        ["1", "x", "6"],
        ["2", "x", "5"],
        ["2", "x", "6"],
    ]


def test_a_random_trial_depends_on_seed_and_number_only() -> None:
    plan = plan_of(Wishes(kind="random:5", seed=7), TEXTS)
    forward = [proposer_of(plan).propose(number) for number in range(5)]
    once = proposer_of(plan)
    assert [once.propose(number) for number in reversed(range(5))] == forward[::-1]
    assert len({tuple(each.values()) for each in forward}) == 5
    other = plan_of(Wishes(kind="random:5", seed=8), TEXTS)
    assert proposer_of(other).propose(0) != forward[0]
    assert plan_of(Wishes(kind="random", trials=5), TEXTS).seed != plan_of(Wishes(kind="random", trials=5), TEXTS).seed


@pytest.mark.parametrize("plan", [plan_of(Wishes(kind="grid"), {"a": "x\\,y,z"}), optuna("optuna:random", seed=3)])
def test_a_plan_comes_back_from_its_tags(plan: Plan) -> None:
    assert plan_from(plan.as_tags()) == plan
    assert plan_from({"mlflow.user": "ada"}) is None


@pytest.mark.parametrize("kind", SAMPLERS)
def test_optuna_proposes_what_the_space_has(kind: str) -> None:
    proposer = proposer_of(optuna(kind, seed=1))
    seen = []
    for number in range(20):
        parameters = proposer.propose(number)
        assert list(parameters) == list(TEXTS)
        assert 1e-4 <= float(parameters["lr"]) <= 1e-1
        assert int(parameters["depth"]) in range(2, 9)
        assert parameters["mode"] in ("a", "b")
        assert parameters["width"] in ("16", "32", "64", "128")
        assert parameters["epochs"] == "3"
        seen.append(parameters)
        proposer.learn(ended(number, parameters, float(parameters["lr"])), [])
    assert len({each["lr"] for each in seen}) == 20


@pytest.mark.parametrize("kind", SAMPLERS)
def test_one_seed_gives_the_same_proposals(kind: str) -> None:
    def proposed(seed: int) -> list[dict[str, str]]:
        proposer, found = proposer_of(optuna(kind, seed=seed)), []
        for number in range(14):
            found.append(proposer.propose(number))
            proposer.learn(ended(number, found[-1], float(found[-1]["lr"])), [])
        return found

    assert proposed(1) == proposed(1)
    assert proposed(1) != proposed(2)


def test_optuna_learns_from_what_ended_before() -> None:
    """With a valley at depth 5, what it draws after 40 remembered trials lies nearer to it than chance."""
    plan = plan_of(Wishes(kind="optuna", trials=60, metric="loss", direction="minimize", seed=2), {"x": "float:0..100"})
    proposer = proposer_of(plan, known=40)
    for number in range(40):
        x = number * 2.5
        proposer.remember(ended(number, {"x": repr(x)}, abs(x - 30)), [(0, 1.0), (1, abs(x - 30))])
    proposer.remember(ended(40, {"x": "1.0"}, None, "failed"), [])
    proposer.remember(ended(41, {"x": "99.0"}, 69.0, "pruned"), [(0, 69.0)])
    drawn = [float(proposer.propose(number)["x"]) for number in range(42, 52)]
    assert sum(abs(x - 30) for x in drawn) / len(drawn) < 15


def test_an_interrupted_trial_is_proposed_again() -> None:
    proposer = proposer_of(optuna(seed=1))
    first = proposer.propose(0)
    again = proposer_of(optuna(seed=1), known=3)
    assert again.propose(4) != first
    assert again.propose(0, first) == first


def test_a_trial_worse_than_most_is_hopeless_once_some_have_ended() -> None:
    proposer = proposer_of(optuna(seed=1))
    courses = {number: [(0, 1.0 + number), (1, 0.5 + number), (2, 0.1 + number)] for number in range(6)}
    for number in range(5):
        parameters = proposer.propose(number)
        if number % 2:  # some ended before anybody looked
            assert not proposer.hopeless(number, courses[number][:2])
        proposer.learn(ended(number, parameters, courses[number][-1][1]), courses[number])
    proposer.propose(5)
    assert not proposer.hopeless(5, [(0, 99.0)])  # one point without a course may be the result itself
    assert proposer.hopeless(5, [(0, 99.0), (1, 99.0)])
    proposer.propose(6)
    assert not proposer.hopeless(6, [(0, 0.5), (1, 0.1)])


@pytest.mark.parametrize(
    ("wishes", "texts", "said"),
    [
        ({"kind": "bayes"}, {"x": "1,2"}, "'bayes'.*grid, random:N, optuna"),
        ({"kind": "grid:3"}, {"x": "1,2"}, "'grid:3'"),
        ({"kind": "grid"}, {"x": "log:1e-4..1"}, r"-P x.*log:0\.0001\.\.1/10.*random:N"),
        ({"kind": "grid"}, {"x": "int:1..1000", "y": "int:1..1000"}, "1,000,000 combinations"),
        ({"kind": "grid", "trials": 3}, {"x": "1,2"}, "'--trials'.*one trial for each combination: 2"),
        ({"kind": "random"}, {"x": "1,2"}, "how many trials.*random:N"),
        ({"kind": "random:many"}, {"x": "1,2"}, "random:20"),
        ({"kind": "random:0"}, {"x": "1,2"}, "1 to 100,000"),
        ({"kind": "random:5", "trials": 6}, {"x": "1,2"}, "--sweep random:5 says 5"),
        ({"kind": "optuna"}, {"x": "1,2"}, "--metric NAME with --minimize or --maximize"),
        ({"kind": "optuna:magic", "trials": 3}, {"x": "1,2"}, "tpe, random"),
        ({"kind": "optuna", "metric": "m", "direction": "minimize"}, {"x": "1,2"}, "--sweep optuna --trials N"),
        ({"kind": "grid", "metric": "m"}, {"x": "1,2"}, "--minimize or --maximize"),
        ({"kind": "grid", "direction": "minimize"}, {"x": "1,2"}, "--metric NAME"),
        ({"kind": "grid", "pruner": "median"}, {"x": "1,2"}, "only Optuna prunes"),
        ({"kind": "grid", "pruner": "axe"}, {"x": "1,2"}, "'axe'.*none, median"),
        ({"kind": "random:3", "seed": -1}, {"x": "1,2"}, "'--seed'"),
        ({"kind": "grid"}, {"x": "1"}, "nothing|several values"),
    ],
)
def test_contradictions_name_the_option_and_the_way_out(
    wishes: dict[str, object], texts: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidValue, match=said):
        plan_of(Wishes(**wishes), texts)  # type: ignore[arg-type]


def test_a_sweep_that_goes_on_may_have_more_trials_unless_it_is_a_grid() -> None:
    assert extended(optuna(trials=20), 30).trials == 30
    assert extended(optuna(trials=20), None).trials == 20
    with pytest.raises(InvalidValue, match="as many as it has combinations: 2"):
        extended(plan_of(Wishes(kind="grid"), {"x": "1,2"}), 3)


def test_more_values_than_a_run_can_keep_are_refused() -> None:
    plan = plan_of(Wishes(kind="grid"), {"x": ",".join(f"a-long-name-of-a-file-{at}" for at in range(1000))})
    with pytest.raises(InvalidValue, match="characters"):
        plan.as_tags()
