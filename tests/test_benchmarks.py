"""The benchmarks run, compare what is the same, and the book shows what they stored.

No test looks at a clock: times are reported, not judged.
"""

import copy
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import clock  # noqa: E402
import flow_cost  # noqa: E402
import growth  # noqa: E402
import kernels  # noqa: E402
import page  # noqa: E402
import threads  # noqa: E402

TINY = kernels.Sizes(T=7, N=3, D=2, H=4)
RESULTS = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
SPEED = (ROOT / "book" / "speed.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(clock, "WARM_UPS", 0)


@pytest.fixture
def _no_process(monkeypatch):
    monkeypatch.setattr(growth, "peak_of_torch", lambda name, sizes: None)


def names(rows, *keys):
    return [tuple(row[key] for key in keys) for row in rows]


def test_runs_take_turns_and_warm_ups_do_not_count(monkeypatch):
    monkeypatch.setattr(clock, "WARM_UPS", 1)
    order = []
    seconds = clock.in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2)
    assert order == ["a", "b"] * 3
    assert [len(times) for times in seconds.values()] == [2, 2]


def test_a_ratio_is_the_median_over_pairs_and_not_the_ratio_of_medians():
    assert clock.ratio([1.0, 20.0, 3.0], [2.0, 10.0, 1.0]) == 2.0
    assert clock.ratio([1.0, 20.0, 9.0], [2.0, 10.0, 1.0]) == 2.0


@pytest.mark.parametrize("part", ["kernels", "growth", "threads", "flow"])
def test_every_part_measures_the_rows_that_are_stored(part, _no_process):
    measured = {
        "kernels": lambda: kernels.measure(1, TINY),
        "growth": lambda: growth.measure(1, TINY, growth.LENGTHS[:1]),
        "threads": lambda: threads.measure(1, (TINY,)),
        "flow": lambda: flow_cost.measure(1, (TINY,)),
    }[part]
    rows = list(measured())
    keys = {
        "kernels": ("network", "dtype"),
        "growth": ("network", "strategy"),
        "threads": ("side",),
        "flow": ("network", "layers"),
    }[part]
    stored = RESULTS[part]["rows"]
    assert set(names(rows, *keys)) == set(names(stored, *keys))
    assert all(row.keys() == other.keys() for row, other in zip(rows, stored, strict=False))


def test_a_wrong_kernel_is_not_timed(monkeypatch):
    right = kernels.numpy_run

    def wrong(network, data):
        run = right(network, data)
        return lambda: run()._replace(x=1.01 * run().x)

    monkeypatch.setattr(kernels, "numpy_run", wrong)
    with pytest.raises(AssertionError, match="gradients differ"):
        next(kernels.measure(1, TINY))


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_every_way_back_finds_its_gradients_and_a_missing_carry_is_noticed(name):
    network = kernels.NETWORKS[name]
    data = kernels.problem(network, "float64", TINY._replace(T=120))
    runs = growth.strategies(name, data)
    growth.check(name, data, runs)
    runs["truncated"] = runs["full"]
    with pytest.raises(AssertionError, match="truncated: the gradients are wrong"):
        growth.check(name, data, runs)


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_memory_grows_as_the_page_says(name):
    network, sizes = kernels.NETWORKS[name], kernels.Sizes(T=1, N=8, D=4, H=32)
    memory = {}
    for T in (200, 2_000):
        data = kernels.problem(network, "float32", sizes._replace(T=T))
        for strategy, run in growth.strategies(name, data).items():
            memory.setdefault(strategy, []).append(growth.peak(run, data))
    factor = {strategy: after / before for strategy, (before, after) in memory.items()}
    assert factor["full"] == pytest.approx(10, rel=0.1)
    assert factor["truncated"] == pytest.approx(1, abs=0.2)
    assert 1 < factor["randomized"] < 4
    if name == "rnn":
        assert factor["checkpointed"] == pytest.approx(np.sqrt(10), rel=0.2)


def test_the_peak_is_counted_beyond_the_gradient_of_the_inputs():
    data = kernels.problem(kernels.NETWORKS["rnn"], "float32", TINY._replace(T=1_000))
    held = growth.peak(lambda: (np.empty_like(data.x), np.empty(250_000, np.float32)), data)
    assert held == pytest.approx(1.0, abs=0.02)


def test_a_run_gets_the_threads_that_it_asks_for_and_leaves_the_others(monkeypatch):
    """torch is told too: a limit on the libraries does not reach what is linked into it."""
    before, told = torch.get_num_threads(), []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    assert [threads.on_threads(torch.get_num_threads, count)() for count in (1, 2)] == [1, 2]
    assert told == [1, before, 2, before]
    assert torch.get_num_threads() == before


def test_a_broken_promise_is_seen_and_a_kept_one_is_not():
    row = {"to_torch": 0.71, "promised": 0.7}
    assert kernels.broken(row) and not kernels.broken(row | {"to_torch": 0.7})
    row = {"to_training": 6.01, "promised": 6.0}
    assert flow_cost.broken(row) and not flow_cost.broken(row | {"to_training": 6.0})
    assert not flow_cost.broken(row | {"promised": None})


@pytest.mark.parametrize("name", sorted(page.texts(RESULTS)))
def test_the_book_shows_the_stored_results(name):
    shown = (page.PIECES / name).read_text(encoding="utf-8")
    assert shown == page.texts(RESULTS)[name], "run: python benchmarks/page.py"
    assert f"_speed/{name}" in SPEED


def test_another_result_would_be_another_page():
    other = copy.deepcopy(RESULTS)
    for part in ("kernels", "growth", "threads", "flow"):
        for row in other[part]["rows"]:
            row["ms"] = (
                {key: 2 * value for key, value in row["ms"].items()}
                if isinstance(row["ms"], dict)
                else 2 * row["ms"]
            )
    before, after = page.texts(RESULTS), page.texts(other)
    assert [name for name in before if before[name] == after[name]] == ["machine.md"]


@pytest.mark.parametrize("name", ["kernels.html", "growth.html"])
def test_the_figures_say_the_stored_numbers(name):
    drawn, shown = (
        text[text.index("aria-label=") :].split('"')[1]
        for text in (
            page.figures(RESULTS)[name],
            (page.PIECES / name).read_text(encoding="utf-8"),
        )
    )
    assert shown == drawn, "run: python benchmarks/page.py"
    assert f"_speed/{name}" in SPEED


def test_the_page_holds_no_number_of_its_own():
    """Every measured number is in the pieces that are made from the results."""
    words = SPEED.split()
    units = {"ms", "MB", "times", "%", "seconds", "milliseconds"}
    typed = [a for a, b in zip(words, words[1:], strict=False) if b in units and a[0].isdigit()]
    assert typed == []
