"""Forward and backward of the RNN and the LSTM: beside torch.nn, and beside the limit.

All sides compute the same thing from the same numbers: all states, and the gradients of the
inputs, the initial states and the weights, for an upstream gradient on every hidden state and,
for the LSTM, on the last cell state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import clock
import numpy as np
import torch

from unrolled import lstm, referee, rnn


class Sizes(NamedTuple):
    """How much there is to compute."""

    T: int
    N: int
    D: int
    H: int

    def __str__(self) -> str:
        return " ".join(f"{letter}={size}" for letter, size in self._asdict().items())


SIZES = Sizes(T=100, N=32, D=64, H=128)


class Network(NamedTuple):
    """One kernel, what it must compute at least, and what it promises."""

    kernel: ModuleType
    functions: dict[np.ufunc, int]  # how many times H numbers each step puts through them
    largest_ratio: dict[str, float]  # of torch's time


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


def problem(network: Network, dtype: str, sizes: Sizes) -> Problem:
    """The numbers that all sides get."""
    T, N, D, H = sizes
    rng = np.random.default_rng(0)
    params = network.kernel.init(D, H, rng, dtype=np.dtype(dtype).type)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype)

    x, states, upstream = draw(T, N, D), [draw(N, H)], [draw(T, N, H)]
    if network.kernel is lstm:
        states.append(draw(N, H))
        upstream.append(draw(N, H))
    return Problem(x, states, params, upstream)


def numpy_run(network: Network, data: Problem) -> Callable[[], rnn.Grads | lstm.Grads]:
    """What is measured: one forward and one backward pass of ours."""

    def run() -> rnn.Grads | lstm.Grads:
        *_, tape = network.kernel.forward(data.x, *data.states, data.params)
        return network.kernel.backward(*data.upstream, tape)

    return run


def torch_run(network: Network, data: Problem) -> Callable[[], list[torch.Tensor]]:
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


def limit_run(network: Network, data: Problem) -> Callable[[], None]:
    """The limit: the bare matrix products, exp and tanh of the same shapes, into arrays kept ready.

    No program that calls this BLAS and these functions can be faster.
    """
    W_xh, W_hh, _ = data.params
    T, N, D = data.x.shape
    h, *_ = network.kernel.forward(data.x, *data.states, data.params)
    H = h.shape[-1]
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


def same_answers(ours: rnn.Grads | lstm.Grads, theirs: list[torch.Tensor]) -> bool:
    """Whether both sides found the same gradients: a fast wrong answer is no record."""
    states = [ours.h0, ours.c0] if isinstance(ours, lstm.Grads) else [ours.h0]
    weights = [p.detach().numpy() for p in referee.to_torch(ours.params).parameters()]
    arrays = [ours.x, *_stacked(states), *weights[:3]]  # torch's second bias is one too many
    return all(close(a, b.numpy()) for a, b in zip(arrays, theirs[:-1], strict=True))


def close(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether two arrays agree up to rounding, measured by the largest number."""
    tolerance = 1e-3 if ours.dtype == np.float32 else 1e-10
    return bool(np.abs(ours - theirs).max() <= tolerance * np.abs(ours).max())


def measure(pairs: int, sizes: Sizes = SIZES) -> Iterator[dict[str, Any]]:
    """One row for each network and precision."""
    for name, network in NETWORKS.items():
        for dtype, largest in network.largest_ratio.items():
            data = problem(network, dtype, sizes)
            kinds = {"ours": numpy_run, "torch": torch_run, "limit": limit_run}
            runs = {kind: make(network, data) for kind, make in kinds.items()}
            if not same_answers(runs["ours"](), runs["torch"]()):
                raise AssertionError(f"{name} {dtype}: ours and torch's gradients differ.")
            seconds = clock.in_turn(runs, pairs)
            yield {
                "network": name,
                "dtype": dtype,
                "ms": {kind: clock.milliseconds(seconds[kind]) for kind in kinds},
                "to_torch": clock.ratio(seconds["ours"], seconds["torch"]),
                "to_limit": clock.ratio(seconds["ours"], seconds["limit"]),
                "limit_to_torch": clock.ratio(seconds["limit"], seconds["torch"]),
                "promised": largest,
            }


def broken(row: dict[str, Any]) -> bool:
    """Whether a row breaks its promise."""
    return row["to_torch"] > row["promised"]
