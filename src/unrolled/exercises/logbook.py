"""What was passed, kept in a file that belongs to the reader.

The environment variable UNROLLED_PROGRESS names the file; without it, or in a folder of solutions,
nothing is read and nothing is written. The file is text:

    {
     "unrolled progress": 1,
     "exercises": {
      "2.1": {"status": "passed", "on": "2026-03-01"}
     }
    }

Two notebooks may write at once, and a file that is not understood is left as it is.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from .report import NOT_ATTEMPTED, PASSED, SYMBOLS

VARIABLE = "UNROLLED_PROGRESS"
NAME = "progress.json"  # its usual name
HEAD, VERSION = "unrolled progress", 1
PATIENCE = 5.0  # seconds to wait for another notebook that is writing


class Unreadable(ValueError):
    """The file exists and is not a record of progress that this version understands."""


def better(old: str | None, new: str) -> str:
    """The status that counts: passed once stays passed, otherwise the latest attempt."""
    return old if old == PASSED or (old and new == NOT_ATTEMPTED) else new


def place() -> Path | None:
    """The reader's file, or None if nothing is kept."""
    named = os.environ.get(VARIABLE, "")
    if not named or Path.cwd().name == "solutions":  # those are not the reader's own answers
        return None
    return Path(named).expanduser().resolve()


def statuses(path: Path) -> dict[str, str]:
    """Exercise id -> status as the file has it; empty if there is no file."""
    return {id: entry["status"] for id, entry in load(path)["exercises"].items()}


def keep(path: Path, id: str, status: str) -> bool:
    """Enter a status if it counts for more than what is there; whether the file is new."""
    if status == NOT_ATTEMPTED:
        return False
    with alone(path):
        content = load(path)
        entries, new = content["exercises"], not path.exists()
        old = entries.get(id, {}).get("status")
        if better(old, status) != old:
            today = datetime.date.today().isoformat()
            entries[id] = {**entries.get(id, {}), "status": status, "on": today}
            replace(path, content)
    return new


def load(path: Path) -> dict[str, Any]:
    """The content of the file, with whatever a newer course may have added to it."""
    if not path.exists():
        return {HEAD: VERSION, "exercises": {}}
    if not path.is_file():
        raise Unreadable(f"{path} is not a file")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):  # bad JSON, bad UTF-8
        raise Unreadable(f"{path} is damaged: it is not JSON") from None
    if not isinstance(content, dict) or HEAD not in content:
        raise Unreadable(f"{path} is not a record of progress: it has no {HEAD!r}")
    if content[HEAD] != VERSION:
        raise Unreadable(f"{path} has version {content[HEAD]!r}; this course knows {VERSION}")
    entries = content.get("exercises")
    if not isinstance(entries, dict):
        raise Unreadable(f"{path} is damaged: 'exercises' is missing or not a table")
    for id, entry in entries.items():
        if not isinstance(entry, dict) or entry.get("status") not in SYMBOLS:
            raise Unreadable(f"{path} is damaged: the status of {id!r} is not one of the four")
    return content


def replace(path: Path, content: dict[str, Any]) -> None:
    """Write the whole file beside the old one, then put it in its place: never half a file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "w", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


# --- one at a time -------------------------------------------------------------------------------


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else writes meanwhile. The lock is on a file beside it, as the file is replaced."""
    end = time.monotonic() + PATIENCE
    with open(path.with_name(f".{path.name}.lock"), "a") as lock:
        while not locked(lock):
            if time.monotonic() > end:
                raise TimeoutError(f"another program has been writing to it for {PATIENCE:g} s")
            time.sleep(0.01)
        yield  # closing the lock's file opens it for the next


def locked(lock: IO[str]) -> bool:
    """Whether the lock is now ours; the system takes it back even from a program that dies."""
    try:
        if os.name == "nt":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except PermissionError:  # how Windows says that another has it
        if os.name != "nt":
            raise
        return False
    return True
