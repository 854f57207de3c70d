"""What gradient_flow costs: beside the fused forward and backward pass that training does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import clock
import kernels
import torch
from kernels import Sizes

import unrolled

LAYERS = (torch.nn.RNN, torch.nn.GRU, torch.nn.LSTM)
SIZES = kernels.SIZES
SMALL = Sizes(T=100, N=8, D=8, H=16)  # where the interpreter weighs more than the arithmetic
LARGEST_RATIO = {SIZES: 6.0}


def measure(pairs: int, sizes: tuple[Sizes, ...] = (SIZES, SMALL)) -> Iterator[dict[str, Any]]:
    """One row for each size, kind of layer and depth."""
    for here in sizes:
        for kind in LAYERS:
            for layers in (1, 2):
                torch.manual_seed(0)
                model = kind(here.D, here.H, layers)
                seconds = clock.in_turn(runs(model, torch.randn(here.T, here.N, here.D)), pairs)
                yield {
                    "N": here.N,
                    "H": here.H,
                    "network": kind.__name__,
                    "layers": layers,
                    "ms": {name: clock.milliseconds(times) for name, times in seconds.items()},
                    "to_training": clock.ratio(seconds["flow"], seconds["training"]),
                    "promised": LARGEST_RATIO.get(here),
                }


def runs(model: torch.nn.Module, x: torch.Tensor) -> clock.Runs:
    """The two that take turns, with one loss."""

    def loss(output: tuple[torch.Tensor, Any]) -> torch.Tensor:
        return output[0].square().mean()

    def training() -> None:
        model.zero_grad()
        loss(model(x)).backward()

    return {"training": training, "flow": lambda: unrolled.gradient_flow(model, x, loss)}


def broken(row: dict[str, Any]) -> bool:
    """Whether a row breaks its promise, if it has one."""
    return row["promised"] is not None and row["to_training"] > row["promised"]
