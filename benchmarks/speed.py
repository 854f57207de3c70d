"""How fast are the networks?  Forward and backward against torch.nn, and against the limit.

python benchmarks/speed.py [rnn] [lstm] [--pairs 31] [--check]

Both sides compute the same thing from the same numbers: all states, and the gradients of the
inputs, the initial states and the weights, for an upstream gradient on every hidden state and,
for the LSTM, on the last cell state.  README.md says how to read the table.
"""

from __future__ import annotations

import os

# One thread each, and NumPy's BLAS free to take the kernels it would take by itself.
# Libraries read these variables once, when they are imported.
os.environ.pop("OPENBLAS_CORETYPE", None)
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

# ruff: noqa: E402
import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from unrolled import lstm, referee, rnn

T, N, D, H = 100, 32, 64, 128
WARM_UPS = 3


class Network(NamedTuple):
    """One kernel, what it must compute at least, and what it promises."""

    kernel: ModuleType
    functions: dict[np.ufunc, int]  # how many times H numbers each step puts through them
    largest_ratio: dict[str, float]  # of torch's time, with --check


NETWORKS = {
    "rnn": Network(rnn, {np.tanh: 1}, {"float32": 0.7, "float64": 0.7}),
    "lstm": Network(lstm, {np.exp: 3, np.tanh: 2}, {"float32": 1.6, "float64": 0.9}),
}


class Problem(NamedTuple):
    """Random inputs, initial states, weights and upstream gradients."""

    x: np.ndarray  # (T, N, D)
    states: list[np.ndarray]  # h0, and for the LSTM c0
    params: rnn.Params | lstm.Params
    upstream: list[np.ndarray]  # dh, and for the LSTM dc_T


def problem(network: Network, dtype: str) -> Problem:
    """The numbers that both sides get."""
    rng = np.random.default_rng(0)
    params = network.kernel.init(D, H, rng, dtype=np.dtype(dtype).type)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(dtype)

    x, states, upstream = draw(T, N, D), [draw(N, H)], [draw(T, N, H)]
    if network.kernel is lstm:
        states.append(draw(N, H))
        upstream.append(draw(N, H))
    return Problem(x, states, params, upstream)


def numpy_run(network: Network, data: Problem) -> Callable:
    """What is measured: one forward and one backward pass of ours."""

    def run() -> rnn.Grads | lstm.Grads:
        *_, tape = network.kernel.forward(data.x, *data.states, data.params)
        return network.kernel.backward(*data.upstream, tape)

    return run


def torch_run(network: Network, data: Problem) -> Callable:
    """The rival: the same with torch.nn and its autograd."""
    module = referee.to_torch(data.params)
    x, *states = (torch.from_numpy(a).requires_grad_() for a in (data.x, *_stacked(data.states)))
    dh, *dc_T = (torch.from_numpy(a) for a in data.upstream)
    wanted = [x, *states, *module.parameters()]

    def run() -> list[torch.Tensor]:
        for tensor in wanted:
            tensor.grad = None  # fresh gradients, not a running sum
        if network.kernel is lstm:
            h, (_, c_T) = module(x, tuple(states))
            torch.autograd.backward([h, c_T[0]], [dh, *dc_T])
        else:
            h, _ = module(x, *states)
            h.backward(dh)
        return [tensor.grad for tensor in wanted]

    return run


def _stacked(states: list[np.ndarray]) -> list[np.ndarray]:
    """States as torch wants them: (1, N, H), for one layer."""
    return [state[None] for state in states]


def limit_run(network: Network, data: Problem) -> Callable:
    """The limit: the bare matrix products, exp and tanh of the same shapes, into arrays kept ready.

    No program that calls this BLAS and these functions can be faster.
    """
    W_xh, W_hh, _ = data.params
    h, *_ = network.kernel.forward(data.x, *data.states, data.params)
    z = np.empty((T, N, len(W_hh)), h.dtype)
    z_rows, x_rows = z.reshape(T * N, -1), data.x.reshape(T * N, D)
    of_step, dh, dx = np.empty_like(z[0]), np.empty_like(h[0]), np.empty_like(x_rows)
    dW_xh, dW_hh = np.empty_like(W_xh), np.empty_like(W_hh)
    rng = np.random.default_rng(1)
    work = [
        (function, *rng.uniform(-1, 1, (2, N, times * H)).astype(h.dtype))
        for function, times in network.functions.items()
    ]

    def run() -> None:
        np.matmul(x_rows, W_xh.T, out=z_rows)
        for t in range(T):
            np.matmul(h[t], W_hh.T, out=of_step)
            for function, numbers, out in work:
                function(numbers, out=out)
        for t in reversed(range(T)):
            np.matmul(z[t], W_hh, out=dh)
        np.matmul(z_rows.T, x_rows, out=dW_xh)
        np.matmul(z_rows.T, h.reshape(T * N, H), out=dW_hh)
        np.matmul(z_rows, W_xh, out=dx)

    return run


def same_answers(ours: rnn.Grads | lstm.Grads, theirs: list[torch.Tensor], dtype: str) -> bool:
    """Whether both sides found the same gradients: a fast wrong answer is no record."""
    states = [ours.h0, ours.c0] if isinstance(ours, lstm.Grads) else [ours.h0]
    weights = [p.detach().numpy() for p in referee.to_torch(ours.params).parameters()]
    arrays = [ours.x, *_stacked(states), *weights[:3]]  # torch's second bias is one too many
    close = 1e-3 if dtype == "float32" else 1e-10
    pairs = zip(arrays, theirs[:-1], strict=True)
    return all(np.abs(a - b.numpy()).max() <= close * np.abs(a).max() for a, b in pairs)


def measure(runs: dict[str, Callable], pairs: int) -> dict[str, list[float]]:
    """Seconds of each run, interleaved A B C A B C, so that a busy moment meets all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repetition in range(WARM_UPS + pairs):
        for name, run in runs.items():
            start = perf_counter()
            run()
            if repetition >= WARM_UPS:
                seconds[name].append(perf_counter() - start)
    return seconds


def kernels() -> str:
    """Which SIMD instructions NumPy found and which BLAS it calls."""
    config = np.show_config(mode="dicts")
    found = ", ".join(config["SIMD Extensions"].get("found", [])) or "only the baseline"
    blas = config["Build Dependencies"]["blas"]
    return (
        f"NumPy {np.__version__}: SIMD found: {found}\n"
        f"BLAS: {blas['name']} {blas['version']}, {blas.get('openblas configuration', '')}\n"
        f"torch {torch.__version__}: {torch.backends.cpu.get_cpu_capability()}"
    )


def main() -> int:
    """Measure, print the table, and say with --check whether the promises hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="network", help="rnn, lstm; all if none")
    parser.add_argument("--pairs", type=int, default=31, help="repetitions, at least 9")
    parser.add_argument("--check", action="store_true", help="fail if a promise is broken")
    arguments = parser.parse_args()
    if arguments.pairs < 9:
        parser.error("--pairs: expected at least 9")
    if unknown := set(arguments.networks) - NETWORKS.keys():
        parser.error(f"networks: {', '.join(unknown)}, expected {', '.join(NETWORKS)}")

    torch.set_num_threads(1)
    print(kernels())
    print(f"T={T} N={N} D={D} H={H}, forward + backward, {arguments.pairs} pairs, medians\n")
    print(f"{'':13}  {'ours ms':>8}  {'torch ms':>8}  {'limit ms':>8}  ours/torch  ours/limit")
    too_slow = []
    for name in arguments.networks or NETWORKS:
        network = NETWORKS[name]
        for dtype, largest in network.largest_ratio.items():
            data = problem(network, dtype)
            kinds = {"ours": numpy_run, "torch": torch_run, "limit": limit_run}
            runs = {kind: make(network, data) for kind, make in kinds.items()}
            if not same_answers(runs["ours"](), runs["torch"](), dtype):
                raise AssertionError(f"{name} {dtype}: ours and torch's gradients differ.")
            seconds = measure(runs, arguments.pairs)
            ours, theirs, limit = (1e3 * median(seconds[kind]) for kind in runs)
            to_torch, to_limit = (
                median(a / b for a, b in zip(seconds["ours"], seconds[kind], strict=True))
                for kind in ("torch", "limit")
            )
            milliseconds = f"{ours:8.2f}  {theirs:8.2f}  {limit:8.2f}"
            print(f"{name:4} {dtype:8}  {milliseconds}  {to_torch:10.2f}  {to_limit:10.2f}")
            if to_torch > largest:
                too_slow.append(f"{name} {dtype}: slower than {largest} of torch's time")
    if arguments.check and too_slow:
        print("", *too_slow, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
