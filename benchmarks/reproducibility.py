"""Do the notebooks print the same numbers everywhere? Runs them under many conditions.

python benchmarks/reproducibility.py                   what has changed since it was last run
python benchmarks/reproducibility.py --fresh           everything, about an hour on two processors
python benchmarks/reproducibility.py --venv DIR        also the oldest and the newest packages
python benchmarks/reproducibility.py --runs "own, 2 threads" --notebooks lessons/02_forward

A condition is a level of instructions and a number of threads. Every notebook is executed in a
fresh kernel and compared with its stored outputs by strict nbval, as `python do.py test` does it,
in an order drawn for the condition. Where a text differs, the notebook is executed once more
without comparing, to tell another text from a cell that fails. What the kernel really computes
with is looked up (seen.py). The page "The same numbers everywhere" shows what is stored in
book/_reproducibility/runs.json; a record lasts as long as the notebook's code and outputs.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from filelock import FileLock

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

import course_runs as book  # noqa: E402

import do  # noqa: E402

Variables = dict[str, str]


def level(blas: str, numpy: str, torch: str, onednn: str, mkl: str) -> Variables:
    """The variables that hold every library to a level of instructions; "" leaves one free."""
    asked = {
        "OPENBLAS_CORETYPE": blas,
        "NPY_DISABLE_CPU_FEATURES": numpy,
        "ATEN_CPU_CAPABILITY": torch,
        "ONEDNN_MAX_CPU_ISA": onednn,
        "MKL_CBWR": mkl,  # obeyed on every maker's processor, and without a warning in a cell
    }
    return {name: value for name, value in asked.items() if value}


WIDEST = "X86_V4 AVX512_ICL AVX512_SPR"  # what NumPy may use beyond AVX2
WIDE = f"X86_V3 {WIDEST}"  # and beyond SSE4.2
LEVELS = {
    "own": {},  # what each library takes by itself
    "AVX-512": level("SkylakeX", "", "avx512", "AVX512_CORE", "AVX512"),
    "AVX2": level("Haswell", WIDEST, "avx2", "AVX2", "AVX2"),
    "AVX": level("Sandybridge", WIDE, "default", "AVX", "AVX"),
    "SSE4.2": level("Nehalem", WIDE, "default", "SSE41", "SSE4_2"),
    "SSE3": level("Prescott", WIDE, "default", "SSE41", "COMPATIBLE"),
    # Matrix products for NumPy as the processor does them best, everything else as it can least.
    "mixed": level("", WIDE, "default", "SSE41", "COMPATIBLE"),
}
THREADS = (1, 2)
TOOLS = ("pytest", "pytest-timeout", "nbval", "filelock", "jupyter-cache", "threadpoolctl")
LIBRARIES = ("OPENBLAS_", "MKL_", "NPY_", "ATEN_", "ONEDNN_")  # whose variables a level decides
# A notebook sets torch to one thread itself. Where two are asked for, its kernel does not listen.
TWO_THREADS = "import torch\n\ntorch.set_num_threads = lambda threads: None\n"


class Condition(NamedTuple):
    """Where a run happens."""

    name: str
    variables: Variables
    threads: int = 1
    python: str = sys.executable


class Outcome(NamedTuple):
    """What pytest told about a notebook: how many cells passed, and which did not."""

    passed: int
    failed: list[str]
    seconds: float


# --- conditions --------------------------------------------------------------------------


def grid() -> list[Condition]:
    """Every level on one thread and on two."""
    return [
        Condition(f"{name}, {count} thread{'s' * (count > 1)}", variables, count)
        for name, variables in LEVELS.items()
        for count in THREADS
    ]


def extremes(folder: Path) -> list[Condition]:
    """The oldest and the newest packages that pyproject.toml admits, each in its environment."""
    return [Condition(name, {}, python=make_environment(folder, name)) for name in book.EXTREMES]


def requirements(which: str) -> list[str]:
    """What a notebook needs, in its oldest or its newest version; JupyterLab is not needed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = [*project["dependencies"], *project["optional-dependencies"]["lessons"]]
    ranges = [one for one in ranges if not one.startswith("jupyterlab")]
    return [one.replace(">=", "==") for one in ranges] if which == "oldest" else ranges


def make_environment(folder: Path, which: str) -> str:
    """Make an environment unless it is there; return its Python.

    On Linux pip takes torch with CUDA, several GB, unless PIP_EXTRA_INDEX_URL names the index of
    the CPU builds (see do.py).
    """
    place, wanted = folder.resolve() / which, requirements(which)
    python = place / do.BIN.name / do.PYTHON.name
    stamp = place / "made.json"
    if stamp.exists() and json.loads(stamp.read_text(encoding="utf-8")) == wanted:
        return str(python)
    do.say(f"making {place}: {' '.join(wanted)}")
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True, symlinks=os.name != "nt")
    free = {one.split(">=")[0] for one in requirements("newest")}
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in pinned if line.split("==")[0] not in free]
    (place / "constraints.txt").write_text("\n".join(pinned) + "\n", encoding="utf-8")
    held = ["--constraint", place / "constraints.txt"] if which == "oldest" else []
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*map(str, [*pip, *held]), *wanted, *TOOLS], check=True)
    # The package itself is read where it stands.
    (next(place.glob("[Ll]ib/**/site-packages")) / "unrolled.pth").write_text(f"{ROOT / 'src'}\n")
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return str(python)


def environment(condition: Condition, folder: str = "", profile: str = "") -> Variables:
    """The variables of a child: those of do.py, then those of the condition."""
    gate = do.variables_of_child(UNROLLED_GATE="1", **do.EXECUTION)
    kept = {name: value for name, value in gate.items() if not name.startswith(LIBRARIES)}
    kept |= {"UNROLLED_STRICT": "1"} if folder == "solutions" else {}
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    kept |= dict.fromkeys(names, str(condition.threads))
    if condition.threads > 1:  # who waits for the other thread lets others compute
        kept |= {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "4"}
    if profile:  # IPython's settings: empty, or what a second thread needs
        kept["IPYTHONDIR"] = profile
    return kept | condition.variables


def make_profile(folder: str, threads: int) -> str:
    """Settings of IPython for a kernel on so many threads."""
    profile = Path(folder) / f"{threads}"
    startup = profile / "profile_default" / "startup"
    startup.mkdir(parents=True)
    if threads > 1:
        (startup / "threads.py").write_text(TWO_THREADS, encoding="utf-8")
    return str(profile)


def look(condition: Condition, profile: str) -> dict[str, Any] | str:
    """What a kernel under a condition computes with, or why there is none."""
    seen = subprocess.run(
        [condition.python, Path(__file__).with_name("seen.py")],
        env=environment(condition, profile=profile),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if seen.returncode:
        last = (seen.stderr.strip() or "it ended without a word").splitlines()[-1]
        return last.rpartition("Error: ")[2]
    return json.loads(seen.stdout.splitlines()[-1])


# --- a notebook --------------------------------------------------------------------------


def execute(path: Path, condition: Condition, profile: str, compare: bool) -> Outcome:
    """Run a notebook in a fresh kernel by nbval, strictly or only for what fails."""
    ids = [cell["id"] for cell in book.code_cells(book.read(path))]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        mode = "--nbval" if compare else "--nbval-lax"
        options = [mode, "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
        began = time.monotonic()
        done = subprocess.run(
            [condition.python, "-m", "pytest", path, *options, f"--junitxml={report}"],
            env=environment(condition, path.parent.name, profile),
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - began
        if not report.exists():
            raise RuntimeError(f"{path.name}: no report\n{done.stdout}\n{done.stderr}")
        cases = list(ElementTree.parse(report).iter("testcase"))
    good = [case.get("name").split()[-1] for case in cases if len(case) == 0]  # "Cell 12"
    failed = [name for number, name in enumerate(ids) if str(number) not in good]
    if bool(done.returncode) != bool(failed):
        raise RuntimeError(f"{path.name}: pytest ended with {done.returncode}\n{done.stdout}")
    if failed:
        print(done.stdout, flush=True)
    return Outcome(len(good), failed, seconds)


def record(path: Path, condition: Condition, profile: str) -> dict[str, Any] | None:
    """Run a notebook under a condition; nothing if somebody changed it meanwhile."""
    before = book.read(path)
    strict = execute(path, condition, profile, compare=True)
    breaks = execute(path, condition, profile, compare=False).failed if strict.failed else []
    if book.digest(book.read(path)) != book.digest(before):
        return None
    return {
        "digest": book.digest(before),
        "outputs": book.sizes(before)["outputs"],
        "seconds": round(strict.seconds, 1),
        "differs": [cell for cell in strict.failed if cell not in breaks],
        "breaks": breaks,
    }


# --- what is stored ----------------------------------------------------------------------


def stored() -> dict[str, Any]:
    """The runs so far."""
    if not book.RUNS.exists():
        return {"runs": {}, "absent": {}, "packages": {}}
    return json.loads(book.RUNS.read_text(encoding="utf-8"))


def update(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Change what is stored, whole at every moment, also when two programs do it at once."""
    order = {
        name: number for number, name in enumerate([*(c.name for c in grid()), *book.EXTREMES])
    }
    with FileLock(Path(tempfile.gettempdir()) / "unrolled-runs.lock"):
        now = stored()
        change(now)
        now["runs"] = dict(sorted(now["runs"].items(), key=lambda run: order[run[0]]))
        used = {one["package"] for run in now["runs"].values() for one in run["notebooks"].values()}
        now["packages"] = {name: now["packages"][name] for name in sorted(used)}
        draft = book.RUNS.with_suffix(".draft")
        draft.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(book.RUNS)
    return now


def twin(name: str, seen: dict[str, Any], runs: dict[str, Any]) -> str | None:
    """An earlier run of the table that computes with the very same, to the last bit."""
    keys = ("blas", "numpy", "torch", "threads", "bits", "versions")
    earlier = itertools.takewhile(lambda other: other != name, (c.name for c in grid()))
    found = (other for other in earlier if other in runs)
    return next((o for o in found if all(runs[o]["seen"][k] == seen[k] for k in keys)), None)


def begin(condition: Condition, profile: str, fresh: bool) -> dict[str, Any] | None:
    """Look at a condition and store what was seen; nothing if it adds nothing here."""
    level, why = level_of(condition), ""
    if condition.threads > 1 and level in stored()["absent"]:  # one thread has shown it
        update(lambda now: now["runs"].pop(condition.name, None))
        return None
    seen = look(condition, profile)
    if isinstance(seen, str):
        why = f"no kernel lives under it on this machine ({seen})"
    elif other := twin(condition.name, seen, stored()["runs"]):
        why = f"computes here with the very same as the run “{other}”"

    def change(now: dict[str, Any]) -> None:
        now["absent"].pop(level, None)
        before = now["runs"].pop(condition.name, {})
        if why:
            now["absent"][level] = why
            return
        kept = before.get("notebooks", {}) if before.get("seen") == seen and not fresh else {}
        order = before["order"] if kept else random.randrange(10_000)
        now["runs"][condition.name] = {"seen": seen, "order": order, "notebooks": kept}

    now = update(change)
    do.say(f"{condition.name}: {why or short(seen)}")
    return None if why else now["runs"][condition.name]


def level_of(condition: Condition) -> str:
    """Its name without the threads."""
    return condition.name.partition(",")[0]


def short(seen: dict[str, Any]) -> str:
    """What was seen, on one line of the terminal."""
    threads = " and ".join(map(str, seen["threads"]))
    return f"{seen['blas']}, {seen['numpy']}, {seen['torch']}, threads {threads}, {seen['bits']}"


def run(condition: Condition, profile: str, only: list[str], fresh: bool, jobs: int) -> bool:
    """Bring a run up to date; return whether all of its notebooks printed what is stored."""
    now = begin(condition, profile, fresh)
    if now is None:
        return True
    names = sorted(book.notebooks())
    random.Random(now["order"]).shuffle(names)
    known = {name for name, one in now["notebooks"].items() if one["digest"] == today(name)}
    wanted = [name for name in names if name in (only or names) and name not in known]
    if wanted:
        do.say(f"{condition.name}: order {now['order']}, {len(wanted)} to run: {' '.join(wanted)}")

    def one(name: str) -> None:
        before = book.package()
        found = record(book.notebooks()[name], condition, profile)
        if found is None:
            do.say(f"{condition.name}: {name} was changed meanwhile; not counted")
            return
        after = book.package()  # a module edited meanwhile: nobody knows which one was run
        code = {module: one if after.get(module) == one else "" for module, one in before.items()}
        version = hashlib.sha256(json.dumps(code).encode()).hexdigest()[:8]

        def change(now: dict[str, Any]) -> None:
            now["packages"][version] = code
            now["runs"][condition.name]["notebooks"][name] = {"package": version, **found}

        update(change)
        verdict = "same" if book.same(found) else f"{found['differs']} {found['breaks']}"
        do.say(f"{condition.name}: {name}: {verdict}, {found['seconds']:.0f} s")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, wanted))
    done = stored()["runs"][condition.name]["notebooks"]
    return all(map(book.same, done.values()))


def today(name: str) -> str:
    """The fingerprint of a notebook as it is."""
    return book.digest(book.read(book.notebooks()[name]))


# --- the command line --------------------------------------------------------------------


def main() -> int:
    """Run what is missing, store it, say what differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebooks", nargs="+", choices=book.notebooks(), metavar="NOTEBOOK")
    parser.add_argument("--runs", nargs="+", metavar="RUN", help="names as in the table; all")
    parser.add_argument("--fresh", action="store_true", help="run also what has not changed")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time")
    parser.add_argument("--venv", type=Path, help="folder for the environments of two more runs")
    arguments = parser.parse_args()
    conditions = grid() + (extremes(arguments.venv) if arguments.venv else [])
    if unknown := set(arguments.runs or ()) - {condition.name for condition in conditions}:
        parser.error(f"--runs: there is no {', '.join(sorted(unknown))}")
    wanted = [one for one in conditions if one.name in (arguments.runs or one.name)]
    with tempfile.TemporaryDirectory() as folder:
        profiles = {count: make_profile(folder, count) for count in THREADS}
        same = [
            run(one, profiles[one.threads], arguments.notebooks, arguments.fresh, arguments.jobs)
            for one in wanted
        ]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
