"""How fast are the networks, how near to the limit, and how do time and memory grow?

python benchmarks/speed.py [kernels] [growth] [threads] [flow] [--pairs 31] [--check] [--write]

README.md says how to read what it prints.
"""

from __future__ import annotations

import os

# One thread each, and NumPy's BLAS free to take the kernels it would take by itself.
# Libraries read these variables once, when they are imported.
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

# ruff: noqa: E402
import argparse
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
import clock
import flow_cost
import growth
import kernels
import page
import threads

RESULTS = Path(__file__).with_name("results.json")
PARTS = {"kernels": kernels, "growth": growth, "threads": threads, "flow": flow_cost}
PROMISES = {"kernels": kernels.broken, "flow": flow_cost.broken}


def report(row: dict) -> str:
    """A row on one line of the terminal."""
    cells = []
    for key, value in row.items():
        if isinstance(value, dict):
            cells += [f"{inner} {number:8g} {key}" for inner, number in value.items()]
        elif isinstance(value, str):
            cells.append(f"{value:12}")
        else:
            cells.append(f"{key} {'unknown' if value is None else format(value, 'g'):6}")
    return "  ".join(cells)


def main() -> int:
    """Measure, print, and say with --check whether the promises hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all if none")
    parser.add_argument("--pairs", type=int, default=31, help="repetitions, at least 9")
    parser.add_argument("--check", action="store_true", help="fail if a promise is broken")
    parser.add_argument("--write", action="store_true", help="store the results for the book")
    arguments = parser.parse_args()
    if arguments.pairs < 9:
        parser.error("--pairs: expected at least 9")
    if unknown := set(arguments.parts) - PARTS.keys():
        parser.error(f"parts: {', '.join(unknown)}, expected {', '.join(PARTS)}")
    if arguments.write and arguments.parts:
        parser.error("--write: the book shows all parts, expected none to be chosen")

    torch.set_num_threads(1)
    results: dict = {"machine": clock.machine(), "pairs": arguments.pairs}
    print(*(f"{key}: {value}" for key, value in results["machine"].items()), sep="\n")
    broken = []
    for name in arguments.parts or PARTS:
        print(f"\n{name}: {PARTS[name].SIZES}, forward + backward, medians")
        results[name] = {"sizes": PARTS[name].SIZES._asdict(), "rows": []}
        for row in PARTS[name].measure(arguments.pairs):
            print(report(row), flush=True)
            results[name]["rows"].append(row)
            if name in PROMISES and PROMISES[name](row):
                broken.append(f"broken promise: {report(row)}")
    if arguments.write:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        page.write(results)
    if broken:
        print("", *broken, sep="\n", file=sys.stderr)
    return 1 if broken and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
