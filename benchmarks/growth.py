"""Time and memory as sequences grow, for every way to go back through them.

Each strategy returns the gradients of the weights and of the inputs.  The memory is what it
needs at its peak beyond the inputs and their gradients, which are there in any case.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import clock
import numpy as np
import torch
from kernels import NETWORKS, Network, Problem, Sizes, close, numpy_run, problem, torch_run

from unrolled import checkpointing, lstm, rnn, truncation

LENGTHS = (100, 1_000, 10_000)
SIZES = Sizes(T=max(LENGTHS), N=32, D=32, H=64)
SEGMENT = 50
PAIRS_OF_LONGEST = 9
STATUS = Path("/proc/self/status")

Gradients = tuple[rnn.Params | lstm.Params, np.ndarray]  # of the weights, of the inputs


def strategies(name: str, data: Problem) -> dict[str, Callable[[], Any]]:
    """The ways back: full, cut in two ways, and for the RNN recomputed from few states."""
    network = NETWORKS[name]
    T = len(data.x)
    runs = {
        "full": numpy_run(network, data),
        "truncated": in_segments(network, data, truncation.every(T, SEGMENT)),
        "randomized": in_segments(network, data, random_carry(T)),
    }
    if network.kernel is rnn:
        (h0,), (dh,) = data.states, data.upstream
        runs["checkpointed"] = lambda: checkpointing.backward(data.x, h0, data.params, dh)
    return runs


def random_carry(T: int) -> np.ndarray:
    """Random segments of mean length SEGMENT; their carry weights have mean one."""
    return truncation.randomized(T, 1 - 1 / SEGMENT, np.random.default_rng(2))


def in_segments(network: Network, data: Problem, carry: np.ndarray) -> Callable[[], Gradients]:
    """Forward and backward through one segment after the other.

    Where the carry weight is zero nothing is handed back, so that the past can be forgotten.
    """
    dh, *dc_T = data.upstream

    def one(part: slice, states: list[np.ndarray]) -> tuple[Gradients, list[np.ndarray]]:
        *values, tape = network.kernel.forward(data.x[part], *states, data.params)
        last = part.stop == len(data.x)
        dc = dc_T if last else [np.zeros_like(a) for a in dc_T]
        grads = network.kernel.backward(dh[part], *dc, tape, carry[part])
        return (grads.params, grads.x), [a[-1].copy() for a in values]  # a view would keep it all

    def run() -> Gradients:
        kind = type(data.params)
        total, dx = kind(*map(np.zeros_like, data.params)), np.empty_like(data.x)
        states = data.states
        for part in truncation.segments(carry):
            (dparams, dx[part]), states = one(part, states)
            total = kind(*map(np.add, total, dparams))
        return total, dx

    return run


def check(name: str, data: Problem, runs: dict[str, Callable[[], Any]]) -> None:
    """Raise unless every strategy finds the gradients that it should."""
    network, T = NETWORKS[name], len(data.x)
    *_, tape = network.kernel.forward(data.x, *data.states, data.params)
    carries = {"truncated": truncation.every(T, SEGMENT), "randomized": random_carry(T)}
    for strategy, run in runs.items():
        whole = network.kernel.backward(*data.upstream, tape, carries.get(strategy))
        params, dx, *_ = run()
        pairs = zip((*params, dx), (*whole.params, whole.x), strict=True)
        if not all(close(a, b) for a, b in pairs):
            raise AssertionError(f"{name}, {strategy}: the gradients are wrong.")


def peak(run: Callable[[], Any], data: Problem) -> float:
    """MB that NumPy holds at the peak of one run, beyond the inputs and their gradients."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    run()
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return clock.to_digits((highest - before - data.x.nbytes) / 1e6)


def peak_of_torch(name: str, sizes: Sizes) -> float | None:
    """The same of torch, which tracemalloc does not see: how much a fresh process grows.

    Linux counts it; None elsewhere.
    """
    if not STATUS.exists():
        return None
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_growth_of_process, name, sizes).result()


def _growth_of_process(name: str, sizes: Sizes) -> float:
    torch.set_num_threads(1)
    network = NETWORKS[name]
    torch_run(network, problem(network, "float32", sizes._replace(T=1)))()  # what is loaded once
    data = problem(network, "float32", sizes)
    run = torch_run(network, data)
    before = _largest_size()
    run()
    return clock.to_digits((_largest_size() - before - data.x.nbytes) / 1e6)


def _largest_size() -> int:
    """Bytes of memory that this process has held at most so far."""
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return 1024 * int(kilobytes)


def measure(
    pairs: int, sizes: Sizes = SIZES, lengths: tuple[int, ...] = LENGTHS
) -> Iterator[dict[str, Any]]:
    """One row for each network, length and strategy."""
    for name, network in NETWORKS.items():
        for T in lengths:
            here = sizes._replace(T=T)
            data = problem(network, "float32", here)
            runs = strategies(name, data)
            check(name, data, runs)
            memory = {strategy: peak(run, data) for strategy, run in runs.items()}
            memory["torch"] = peak_of_torch(name, here)
            runs["torch"] = torch_run(network, data)
            seconds = clock.in_turn(runs, pairs if T < max(LENGTHS) else PAIRS_OF_LONGEST)
            for strategy, times in seconds.items():
                yield {
                    "network": name,
                    "T": T,
                    "strategy": strategy,
                    "ms": clock.milliseconds(times),
                    "MB": memory[strategy],
                }
