"""What a second thread brings: for the RNN, ours and torch's, narrow and wide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import clock
import kernels
import threadpoolctl
import torch
from kernels import NETWORKS, Sizes

SIZES = kernels.SIZES
WIDE = Sizes(T=100, N=64, D=64, H=512)
SIDES = {"ours": kernels.numpy_run, "torch": kernels.torch_run}


def measure(pairs: int, sizes: tuple[Sizes, ...] = (SIZES, WIDE)) -> Iterator[dict[str, Any]]:
    """One row for each size and side."""
    for here in sizes:
        data = kernels.problem(NETWORKS["rnn"], "float32", here)
        for side, make in SIDES.items():
            run = make(NETWORKS["rnn"], data)
            runs = {"one": on_threads(run, 1), "two": on_threads(run, 2)}
            seconds = clock.in_turn(runs, pairs)
            yield {
                "N": here.N,
                "H": here.H,
                "side": side,
                "ms": {name: clock.milliseconds(times) for name, times in seconds.items()},
                "to_one": clock.ratio(seconds["two"], seconds["one"]),
            }


def on_threads(run: Callable[[], Any], count: int) -> Callable[[], Any]:
    """The same run with so many threads for NumPy's matrix products, and for all of torch."""

    def limited() -> Any:
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        try:
            with threadpoolctl.threadpool_limits(count):
                return run()
        finally:
            torch.set_num_threads(before)

    return limited
