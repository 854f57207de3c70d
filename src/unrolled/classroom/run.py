"""Inside the process of one notebook: run its cells and write down what it hands in.

Started as ``python -m unrolled.classroom.run ORDERS``; nothing here is trusted afterwards. ORDERS
is a JSON file with the `cells`, the `limits` and the `log` to write, one JSON object a line:
``{"cell": 3}`` before a cell, ``{"raised": "..."}`` after one that failed, ``{"check": "2.3",
"status": ...}`` for an answer, and ``{"end": true}``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[[dict[str, Any]], None]


def limit(memory: int, size: int) -> None:
    """No more memory and no larger files than this, in bytes; Windows has no such limits."""
    try:
        import resource
    except ImportError:
        return
    for name, most in (("RLIMIT_AS", memory), ("RLIMIT_FSIZE", size), ("RLIMIT_CORE", 0)):
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def hand_in(say: Say) -> None:
    """From now on every `check` of this process also writes down the answer."""
    from unrolled import exercises
    from unrolled.classroom.handed_in import encode, recorded
    from unrolled.exercises.model import CodeExercise

    judge = exercises.judge

    def judge_and_say(exercise: Any, answer: Any) -> Any:
        calls: list[Any] = []
        code = isinstance(exercise, CodeExercise)
        result = judge(exercise, recorded(answer, calls) if code and callable(answer) else answer)
        lines = [*result.lines, *([str(result.map)] if result.map else [])]
        said = {"check": exercise.id, "status": result.status, "lines": lines}
        if result.passed:
            said["answer"] = calls if code else encode(answer)
        say(said)
        return result

    exercises.judge = judge_and_say


def run(cells: list[tuple[int, str]], say: Say) -> None:
    """All cells, with IPython's magics; one that raises does not stop those after it."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    for number, source in cells:
        say({"cell": number})
        done = shell.run_cell(source, store_history=True)
        if error := done.error_before_exec or done.error_in_exec:
            say({"raised": f"{type(error).__name__}: {error}"[:300]})
    say({"end": True})


def main(path: str) -> None:
    orders = json.loads(Path(path).read_text(encoding="utf-8"))
    limit(**orders["limits"])
    log = os.open(orders["log"], os.O_WRONLY | os.O_APPEND)

    def say(words: dict[str, Any]) -> None:
        os.write(log, json.dumps(words).encode() + b"\n")

    hand_in(say)
    run(orders["cells"], say)


if __name__ == "__main__":
    main(sys.argv[1])
