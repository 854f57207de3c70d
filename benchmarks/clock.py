"""Running programs in turn and comparing their times; and on what computer that was."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import threadpoolctl
import torch

WARM_UPS = 3

Runs = dict[str, Callable[[], Any]]
Seconds = dict[str, list[float]]


def in_turn(runs: Runs, pairs: int) -> Seconds:
    """Seconds of each run, interleaved A B C A B C, so that a busy moment meets all alike."""
    seconds: Seconds = {name: [] for name in runs}
    for repetition in range(WARM_UPS + pairs):
        for name, run in runs.items():
            start = perf_counter()
            run()
            if repetition >= WARM_UPS:
                seconds[name].append(perf_counter() - start)
    return seconds


def milliseconds(times: list[float]) -> float:
    """The median, to three digits."""
    return to_digits(1e3 * median(times))


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios, pair by pair: what is slow in one moment is so for both."""
    return round(median(a / b for a, b in zip(ours, theirs, strict=True)), 2)


def to_digits(number: float, digits: int = 3) -> float:
    """The number, rounded to so many digits."""
    return float(f"{number:.{digits}g}")


def machine() -> dict[str, Any]:
    """What the times depend on: the processor, how busy it is, instructions and libraries."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    blas = next(
        (lib for lib in threadpoolctl.threadpool_info() if "numpy" in lib["filepath"]), None
    )
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "simd": ", ".join(simd.get("found", [])) or "the baseline alone",
        "blas": f"{blas['internal_api']} {blas['version']}, kernels for {blas['architecture']}"
        if blas
        else np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"],
        "torch": torch.__version__,
        "torch_simd": torch.backends.cpu.get_cpu_capability(),
    }


def _processor() -> str:
    """The name that Linux gives it, else the one that Python knows."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
