"""How fast is the RNN?  Forward and backward against torch.nn.RNN, and against the limit.

python benchmarks/rnn_speed.py [--pairs 31] [--check]

Both sides compute the same thing from the same numbers: all states, and the gradients of the
inputs, the initial state and the weights, for an upstream gradient on every state.  README.md
says how to read the table.
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

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from unrolled import referee, rnn

T, N, D, H = 100, 32, 64, 128
WARM_UPS = 3
LARGEST_RATIO = 0.7  # of torch's time, with --check


def numpy_run(x: np.ndarray, h0: np.ndarray, params: rnn.Params, dh: np.ndarray) -> Callable:
    """What is measured: one forward and one backward pass of ours."""

    def run() -> rnn.Grads:
        _, tape = rnn.forward(x, h0, params)
        return rnn.backward(dh, tape)

    return run


def torch_run(x: np.ndarray, h0: np.ndarray, params: rnn.Params, dh: np.ndarray) -> Callable:
    """The rival: the same with nn.RNN and its autograd."""
    module = referee.to_torch(params)
    x_, h0_ = (torch.from_numpy(a).clone().requires_grad_() for a in (x, h0[None]))
    dh_ = torch.from_numpy(dh)
    wanted = [x_, h0_, *module.parameters()]

    def run() -> list[torch.Tensor]:
        for tensor in wanted:
            tensor.grad = None  # fresh gradients, not a running sum
        h, _ = module(x_, h0_)
        h.backward(dh_)
        return [tensor.grad for tensor in wanted]

    return run


def limit_run(x: np.ndarray, h0: np.ndarray, params: rnn.Params, dh: np.ndarray) -> Callable:
    """The limit: the bare matrix products and tanh of the same shapes, into arrays kept ready.

    No program that calls this BLAS and this tanh can be faster.
    """
    h = rnn.forward(x, h0, params)[0]
    z, out, dx = np.empty_like(h), np.empty_like(h), np.empty_like(x)
    x_rows, dh_rows = x.reshape(-1, D), dh.reshape(-1, H)
    dW_xh, dW_hh = np.empty_like(params.W_xh), np.empty_like(params.W_hh)

    def run() -> None:
        np.matmul(x_rows, params.W_xh.T, out=z.reshape(-1, H))
        for t in range(T):
            np.matmul(h[t], params.W_hh.T, out=out[t])
            np.tanh(z[t], out=out[t])
        for t in reversed(range(T)):
            np.matmul(dh[t], params.W_hh, out=out[t])
        np.matmul(dh_rows.T, x_rows, out=dW_xh)
        np.matmul(dh_rows.T, h.reshape(-1, H), out=dW_hh)
        np.matmul(dh_rows, params.W_xh, out=dx.reshape(-1, D))

    return run


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


def problem(dtype: str) -> tuple[np.ndarray, np.ndarray, rnn.Params, np.ndarray]:
    """Random inputs, initial state, weights and upstream gradient."""
    rng = np.random.default_rng(0)
    params = rnn.init(D, H, rng, dtype=np.dtype(dtype).type)
    x, h0, dh = (
        rng.standard_normal(shape).astype(dtype) for shape in ((T, N, D), (N, H), (T, N, H))
    )
    return x, h0, params, dh


def same_answers(ours: rnn.Grads, theirs: list[torch.Tensor], dtype: str) -> bool:
    """Whether both sides found the same gradients: a fast wrong answer is no record."""
    arrays = [ours.x, ours.h0[None], *ours.params]
    close = 1e-3 if dtype == "float32" else 1e-10
    pairs = zip(arrays, theirs[:5], strict=True)
    return all(np.abs(a - b.numpy()).max() <= close * np.abs(a).max() for a, b in pairs)


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
    """Measure, print the table, and say with --check whether the promise holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=31, help="repetitions, at least 9")
    parser.add_argument(
        "--check", action="store_true", help=f"fail if a ratio to torch exceeds {LARGEST_RATIO}"
    )
    arguments = parser.parse_args()
    if arguments.pairs < 9:
        parser.error("--pairs: expected at least 9")

    torch.set_num_threads(1)
    print(kernels())
    print(f"T={T} N={N} D={D} H={H}, forward + backward, {arguments.pairs} pairs, medians\n")
    print(f"{'':8}  {'ours ms':>8}  {'torch ms':>8}  {'limit ms':>8}  ours/torch  ours/limit")
    too_slow = False
    for dtype in ("float32", "float64"):
        data = problem(dtype)
        runs = {"ours": numpy_run(*data), "torch": torch_run(*data), "limit": limit_run(*data)}
        if not same_answers(runs["ours"](), runs["torch"](), dtype):
            raise AssertionError(f"{dtype}: ours and torch's gradients differ.")
        seconds = measure(runs, arguments.pairs)
        ours, theirs, limit = (1e3 * median(seconds[name]) for name in runs)
        to_torch, to_limit = (
            median(a / b for a, b in zip(seconds["ours"], seconds[name], strict=True))
            for name in ("torch", "limit")
        )
        milliseconds = f"{ours:8.2f}  {theirs:8.2f}  {limit:8.2f}"
        print(f"{dtype:8}  {milliseconds}  {to_torch:10.2f}  {to_limit:10.2f}")
        too_slow |= to_torch > LARGEST_RATIO
    if arguments.check and too_slow:
        print(f"\nslower than {LARGEST_RATIO} of torch's time", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
