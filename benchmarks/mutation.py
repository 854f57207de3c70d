"""Would the tests notice?  Changes to the package on which they should fail, tried one by one.

python benchmarks/mutation.py [module ...] [--again] [--page]

Needs ``pip install mutmut==3.8.1``, whose operators make the changes: a sign, an operator, a
number, a name, an argument left out, an assignment dropped, a branch forced.  mutmut's own runner
leaves out decorated functions and what stands at module level; here they are changed too.  Each
changed module meets the tests that are its own, and the rows about it in the tests of bad input.
No file is changed: a fork of this process gets the new code in place of the old.

The results go to ``book/_mutation/``, with the tables that the book shows.  What survives needs
a reason in ``mutation_reasons.yml``.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # libraries read these variables once, when they are imported
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["UNROLLED_QUIET"] = "1"

# ruff: noqa: E402
import argparse
import ast
import difflib
import gc
import importlib.machinery
import inspect
import json
import math
import resource
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import _pytest.main
import hypothesis
import pytest
import torch
import yaml

ROOT = Path(__file__).parents[1]
PIECES = ROOT / "book" / "_mutation"
RESULTS = PIECES / "results.json"
REASONS = Path(__file__).with_name("mutation_reasons.yml")
PROMISED = 0.95  # of the mutants of each module

TESTS = {  # of each module, beside its rows in test_bad_input.py
    "lstm": ["test_lstm"],
    "rnn": ["test_rnn"],
    "gradients": ["test_gradients"],
    "referee": ["test_referee"],
    "truncation": ["test_truncation"],
    "checkpointing": ["test_checkpointing"],
    "activations": ["test_activations"],
    "losses": ["test_losses"],
    "mlp": ["test_mlp"],
    "reader": ["test_reader"],
    "readout": ["test_readout"],
    "training": ["test_training"],
    "sequences": ["test_sequences"],
    "axes": ["test_axes"],
    "tasks": [
        *("test_tasks", "test_tasks_echo", "test_tasks_memory"),
        *("test_tasks_reference", "test_tasks_sequences"),
    ],
    "flow": ["test_flow", "test_flow_report"],
    "replay": ["test_flow"],
}
Results = dict[str, Any]


class Mutant(NamedTuple):
    """One change."""

    function: str  # the function, method or name at module level that it is in
    diff: str  # lines with - and +, in that order
    source: str  # the whole module, changed


Outcome = tuple[int, str, dict[str, Any]]  # a code, the first failed test, seconds of each test
CRASHED = 70
COLLECTING = "while the tests are collected"
OUTCOMES = {0: "survived"} | dict.fromkeys(
    (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM), "timeout"
)
MEMORY = 3 * 2**30  # more than this process has


# --- making mutants -------------------------------------------------------------------------------


def mutants(source: str) -> list[Mutant]:
    """Every change that mutmut knows, in the order of the source; nothing twice."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider
    from mutmut.mutation.file_mutation import MutationVisitor
    from mutmut.mutation.mutators import mutation_operators
    from mutmut.mutation.pragma_handling import IgnoredCode

    class Everywhere(MutationVisitor):
        def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
            if isinstance(node, cst.FunctionDef):  # mutmut itself leaves out the decorated ones
                return False
            return super()._skip_node_and_children(node)

    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = Everywhere(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    positions = wrapper.resolve(PositionProvider)
    owners = _owners(source)
    texts = [module.code_for_node(statement) for statement in module.body]
    places = {id(node): k for k, top in enumerate(module.body) for node in _walk(top)}
    seen = {ast.dump(ast.parse(text)) for text in texts}
    found = []
    for mutation in visitor.mutations:
        k = places[id(mutation.original_node)]
        top = module.body[k].deep_replace(mutation.original_node, mutation.mutated_node)
        text = module.code_for_node(top)
        try:
            tree = ast.dump(ast.parse(text))
        except SyntaxError:
            continue
        if tree in seen:
            continue
        seen.add(tree)
        line = positions[mutation.original_node].start.line
        changed = source.replace(texts[k], text, 1)
        found.append((line, Mutant(owners[line], _diff(texts[k], text), changed)))
    return [mutant for _, mutant in sorted(found, key=lambda pair: pair[0])]


def _walk(node: Any) -> list:
    return [node, *(below for child in node.children for below in _walk(child))]


def _owners(source: str) -> dict[int, str]:
    """The function, method or module-level name that each line belongs to."""
    owners: dict[int, str] = {}

    def visit(statements: list[ast.stmt], prefix: str) -> None:
        for node in statements:
            name = prefix + _name(node)
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            owners.update(dict.fromkeys(range(first, node.end_lineno + 1), name.rstrip(".")))
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{name}.")

    visit(ast.parse(source).body, "")
    return owners


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else ""


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    changed = [line for line in list(lines)[2:] if line[0] in "+-"]
    return "\n".join(line[0] + " " + line[1:].strip() for line in sorted(changed, key=_minus_first))


def _minus_first(line: str) -> bool:
    return line[0] == "+"


# --- trying them ----------------------------------------------------------------------------------


class Tests:
    """A pytest plugin: what a session collects, in an order that may change, and what failed."""

    def __init__(self, module: str, order: Callable[[str], Any] = lambda name: 0):
        self.module, self.order = module, order
        self.failed, self.seconds = "", {}
        self.place, self.calls = COLLECTING, defaultdict(set)

    def pytest_collection_modifyitems(self, items):
        others = "test_bad_input.py"
        items[:] = [i for i in items if others not in i.nodeid or f"[{self.module}." in i.nodeid]
        items.sort(key=lambda item: self.order(item.nodeid))

    def pytest_runtest_logstart(self, nodeid):
        self.place = nodeid

    def watch(self, frame, event, _):
        """For sys.setprofile: which functions of the module each test calls."""
        if event == "call" and frame.f_code.co_filename.endswith(f"unrolled/{self.module}.py"):
            self.calls[frame.f_code.co_qualname.split(".<locals>")[0]].add(self.place)

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        if report.failed and not self.failed:
            self.failed = report.nodeid


class Trial(Tests):
    """Collects once, and then tries each mutant in a fork."""

    def __init__(self, module: str, found: list[Mutant]):
        super().__init__(module)
        self.found, self.verdicts = found, []
        self.kills: dict[str, Counter[str]] = defaultdict(Counter)  # by function
        self.all_kills: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        sys.setprofile(None)
        code, self.failed, clean = forked(lambda: self.ordinary(session), 600)
        if code:
            raise SystemExit(f"{self.module}: {self.failed or code}, and nothing was changed")
        self.failed, self.seconds = "", {}
        _, _, calls = forked(lambda: self.watched(session), 600)
        self.calls = {
            function: {*calls.get(function, ()), *self.calls.get(function, ())}
            for function in {*calls, *self.calls}
        }
        self.base = sum(clean.values())
        print(f"{self.module}: {len(self.found)} mutants, {len(clean)} tests, {self.base:.1f} s")
        gc.freeze()  # so that no fork copies the whole memory to look for garbage in it
        for mutant in self.found:
            kills = self.kills[mutant.function]

            def order(test, kills=kills):
                rate = 1 / (0.02 + clean[test])
                return -kills[test] * rate, -self.all_kills[test] * rate, clean[test]

            self.verdicts.append(self.judge(session, mutant, order))
        return True

    def watched(self, session) -> Outcome:
        """The same once more, to see who calls what."""
        sys.setprofile(self.watch)
        self.ordinary(session)
        sys.setprofile(None)
        return 0, "", {function: sorted(tests) for function, tests in self.calls.items()}

    def judge(self, session, mutant: Mutant, order: Callable[[str], Any]) -> str:
        """With a function's new code in the old function, if that says all, or else anew."""
        outcome, callers = "survived", self.calls.get(mutant.function, set())
        exchange = _exchange(self.module, mutant)
        if exchange and callers - {COLLECTING}:
            outcome = self.attempt(mutant, lambda: self.ordinary(session, exchange, order, callers))
        if outcome == "survived" and (not exchange or COLLECTING in callers):
            outcome = self.attempt(mutant, lambda: anew(self.module, mutant.source, order))
        if outcome != "killed":
            print(f"{outcome} in {mutant.function}\n{mutant.diff}", flush=True)
        return outcome

    def attempt(self, mutant: Mutant, job: Callable[[], Outcome]) -> str:
        code, failed, _ = forked(job, 4 * self.base + 10)
        if code in (4, 5, CRASHED):  # 3, an error of pytest itself, comes from a changed parameter
            raise SystemExit(f"{self.module}: pytest ended with {code} on\n{mutant.diff}")
        if failed:
            self.kills[mutant.function][failed] += 1
            self.all_kills[failed] += 1
        return OUTCOMES.get(code, "killed")

    def ordinary(self, session, exchange=None, order=None, callers=None) -> Outcome:
        """What pytest does by itself, in this process; of a changed function its callers alone."""
        if exchange:
            exchange()
            session.items[:] = [item for item in session.items if item.nodeid in callers]
            session.items.sort(key=lambda item: order(item.nodeid))
        try:
            _pytest.main.pytest_runtestloop(session)
        except session.Failed:
            pass
        return int(session.testsfailed > 0), self.failed, self.seconds


class Finder(importlib.machinery.PathFinder):
    """Hands out the changed text in place of one module."""

    def __init__(self, module: str, source: str):
        self.module, self.source = f"unrolled.{module}", source

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.module:
            return None
        spec = super().find_spec(fullname, path, target)
        code = compile(self.source, spec.origin, "exec", dont_inherit=True)
        spec.loader.get_code = lambda name: code
        return spec


def anew(module: str, source: str, order: Callable[[str], Any]) -> Outcome:
    """Import the package and the tests from the beginning, with one module changed."""
    forget()
    sys.meta_path.insert(0, Finder(module, source))
    plugin = Tests(module, order)
    return int(pytest.main(options(module), plugins=[plugin])), plugin.failed, plugin.seconds


def forget() -> None:
    """Leave it to the next import to import the package and the tests again."""
    ours = {"unrolled", *(path.stem for path in (ROOT / "tests").glob("*.py"))}
    for name in [name for name in sys.modules if name.split(".")[0] in ours]:
        del sys.modules[name]


def options(module: str) -> list[str]:
    """What to tell pytest."""
    files = [f"{ROOT}/tests/{name}.py" for name in (*TESTS[module], "test_bad_input")]
    plain = [
        "-x",
        "-q",
        "-s",
        "--tb=no",
        "--assert=plain",
        "--noconftest",
        "-c",
        os.devnull,
        f"--rootdir={ROOT}",
    ]
    return [*plain, "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", *files]


def _exchange(module: str, mutant: Mutant) -> Callable[[], None] | None:
    """Puts the new code into the old function; None where that cannot be done."""
    old = sys.modules[f"unrolled.{module}"]
    for name in mutant.function.split("."):
        old = getattr(old, name, None)
    old = inspect.unwrap(old) if inspect.isfunction(old) else None
    if old is None:
        return None
    codes, k = [compile(mutant.source, old.__code__.co_filename, "exec", dont_inherit=True)], 0
    while k < len(codes):
        codes += [const for const in codes[k].co_consts if isinstance(const, CodeType)]
        k += 1
    new = [code for code in codes if code.co_qualname == mutant.function]
    if len(new) != 1 or new[0] == old.__code__ or new[0].co_freevars != old.__code__.co_freevars:
        return None
    return lambda: setattr(old, "__code__", new[0])


def forked(job: Callable[[], Outcome], cpu: float) -> Outcome:
    """Do the job in a fork that may use so many seconds: pytest's code, or minus a signal."""
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        said = CRASHED, "", {}
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(cpu), math.ceil(cpu) + 1))
            here = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (here + MEMORY, here + MEMORY))
            signal.setitimer(signal.ITIMER_REAL, 600)  # a test that sleeps for ever
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            gc.disable()
            said = job()
        finally:
            with os.fdopen(write, "w") as pipe:
                json.dump(said, pipe)
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    return tuple(json.loads(said)) if said else (os.waitstatus_to_exitcode(status), "", {})


def run(module: str, found: list[Mutant]) -> list[str]:
    """What became of each of the mutants of a module."""
    trial = Trial(module, found)
    forget()
    sys.setprofile(trial.watch)
    pytest.main(options(module), plugins=[trial])
    if len(trial.verdicts) != len(found):
        raise SystemExit(f"{module}: stopped early")
    return trial.verdicts


# --- results --------------------------------------------------------------------------------------


def summary(found: list[Mutant], verdicts: list[str]) -> Results:
    """What is stored of a module."""
    outcomes = Counter(verdicts)
    return {
        "mutants": len(found),
        "killed": outcomes["killed"],
        "timeouts": outcomes["timeout"],
        "survivors": [
            {"function": mutant.function, "diff": mutant.diff}
            for mutant, verdict in zip(found, verdicts, strict=True)
            if verdict == "survived"
        ],
    }


def survived(found: list[Mutant], last: Results) -> list[Mutant]:
    """Those of the mutants that a run let live."""
    lived = {_key(survivor) for survivor in last["survivors"]}
    return [mutant for mutant in found if _key(mutant._asdict()) in lived]


def merged(last: Results, again: Results) -> Results:
    """What a run and a second one of its survivors say together."""
    return {
        "mutants": last["mutants"],
        "killed": last["killed"] + again["killed"],
        "timeouts": last["timeouts"] + again["timeouts"],
        "survivors": again["survivors"],
    }


def share(row: Results) -> float:
    """How many of the mutants of a module were noticed: a test failed, or ran for ever."""
    return (row["killed"] + row["timeouts"]) / row["mutants"]


def reasons() -> dict[tuple[str, str, str], str]:
    """Why each survivor may survive, by module, function and change."""
    return {
        (module, function, diff): " ".join(group["reason"].split())
        for group in yaml.safe_load(REASONS.read_text(encoding="utf-8"))
        for module, functions in group["survivors"].items()
        for function, diffs in functions.items()
        for diff in diffs
    }


def with_reasons(results: Results) -> Results:
    """The same results, each survivor with its reason; an empty one where none is known."""
    known = reasons()
    modules = {
        module: row
        | {
            "survivors": [
                {**survivor, "reason": known.get((module, *_key(survivor)), "")}
                for survivor in row["survivors"]
            ]
        }
        for module, row in results["modules"].items()
    }
    order = sorted(modules, key=list(TESTS).index)
    return results | {"modules": {module: modules[module] for module in order}}


def _key(survivor: dict[str, str]) -> tuple[str, str]:
    return survivor["function"], survivor["diff"].replace("\n", " ")


def texts(results: Results) -> dict[str, str]:
    """Each piece of the book's page by the name of its file."""
    rows = results["modules"]
    total = {
        "mutants": sum(row["mutants"] for row in rows.values()),
        "killed": sum(row["killed"] for row in rows.values()),
        "timeouts": sum(row["timeouts"] for row in rows.values()),
        "survivors": [survivor for row in rows.values() for survivor in row["survivors"]],
    }
    table = ["| module | changes | noticed | not noticed | share noticed |"]
    table += ["|---|--:|--:|--:|--:|"]
    for name, row in [*rows.items(), ("all", total)]:
        cells = [f"`{name}`" if name != "all" else "**all**", f"{row['mutants']:,}"]
        cells += [f"{row['killed'] + row['timeouts']:,}", f"{len(row['survivors'])}"]
        cells.append(f"{100 * share(row):.1f} %")
        table.append(f"| {' | '.join(cells)} |")
    groups: dict[str, list[str]] = defaultdict(list)
    for module, row in rows.items():
        for survivor in row["survivors"]:
            groups[survivor["reason"]].append(f"`{module}.{survivor['function']}`")
    why = [
        f"- **{len(places)}**: {reason} ({', '.join(dict.fromkeys(places))})"
        for reason, places in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]
    return {"mutation.md": "\n".join(table) + "\n", "survivors.md": "\n".join(why) + "\n"}


def write(results: Results) -> None:
    """Store the results, and the pieces of the page."""
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, text in texts(results).items():
        (PIECES / name).write_text(text, encoding="utf-8")


def main() -> int:
    """Try the mutants, store what came out, and say what survives without a reason."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="module", help="all if none")
    parser.add_argument("--again", action="store_true", help="only what survived the last time")
    parser.add_argument("--page", action="store_true", help="no run: reasons and tables anew")
    arguments = parser.parse_args()
    if unknown := set(arguments.modules) - TESTS.keys():
        parser.error(f"modules: {', '.join(unknown)}, expected {', '.join(TESTS)}")
    sys.path.insert(0, str(ROOT / "src"))
    torch.set_num_threads(1)
    hypothesis.settings.register_profile("quick to fail", phases=[hypothesis.Phase.generate])
    hypothesis.settings.load_profile("quick to fail")
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for module in [] if arguments.page else arguments.modules or TESTS:
        source = (ROOT / "src" / "unrolled" / f"{module}.py").read_text(encoding="utf-8")
        found = mutants(source)
        last = results.get("modules", {}).get(module)
        if arguments.again:
            if last is None or last["mutants"] != len(found):
                parser.error(f"--again: {module} is not what it was, expected a whole run first")
            found = survived(found, last)
        row = summary(found, run(module, found))
        row = merged(last, row) if arguments.again else row
        print(f"{module}: {row['killed']} of {row['mutants']} killed, {row['timeouts']} timeouts")
        results["mutmut"] = version("mutmut")
        results.setdefault("modules", {})[module] = row
        write(with_reasons(results))
    if arguments.page:
        write(results := with_reasons(results))
    for module, row in with_reasons(results)["modules"].items():
        for survivor in row["survivors"]:
            if not survivor["reason"]:
                print(f"no reason: {module}.{survivor['function']}\n{survivor['diff']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
