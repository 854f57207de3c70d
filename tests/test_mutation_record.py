"""The stored mutation run is honest: it adds up, it fits the package, survivors have reasons."""

import copy
import importlib
import json
import sys
from operator import attrgetter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import mutation  # noqa: E402

RESULTS = json.loads(mutation.RESULTS.read_text(encoding="utf-8"))
MODULES = RESULTS["modules"]


def complaints(module: str, row: dict) -> list[str]:
    """What is wrong with the record of one module."""
    found = []
    if row["mutants"] != row["killed"] + row["timeouts"] + len(row["survivors"]):
        found.append("the numbers do not add up")
    if mutation.share(row) < mutation.PROMISED:
        found.append(f"{100 * mutation.share(row):.1f} % noticed")
    package = importlib.import_module(f"unrolled.{module}")
    lines = {line.strip() for line in Path(package.__file__).read_text("utf-8").splitlines()}
    for survivor in row["survivors"]:
        where = f"{survivor['function']}: {survivor['diff']}"
        try:
            attrgetter(survivor["function"])(package)
        except AttributeError:
            found.append(f"no such function, {where}")
        before = [a[2:] for a in survivor["diff"].splitlines() if a.startswith("- ")]
        if not before or not lines.issuperset(before):
            found.append(f"no such line, {where}")
        if len(survivor["reason"].split()) < 4:
            found.append(f"no reason, {where}")
    return found


def test_what_is_recorded_can_be_run_again():
    assert MODULES.keys() == mutation.TESTS.keys()
    assert all((ROOT / "tests" / f"{a}.py").exists() for b in mutation.TESTS.values() for a in b)


@pytest.mark.parametrize("module", MODULES)
def test_the_record_fits_the_package(module):
    found = complaints(module, MODULES[module])
    assert not found, "\n".join([*found, f"run: python benchmarks/mutation.py {module}"])


def test_no_reason_is_left_over():
    survivors = {
        (module, survivor["function"], survivor["diff"].replace("\n", " "))
        for module, row in MODULES.items()
        for survivor in row["survivors"]
    }
    assert mutation.reasons().keys() == survivors


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda row: row.update(killed=row["killed"] - 1), "do not add up"),
        (lambda row: row.update(mutants=100, killed=94 - row["timeouts"]), "94.0 % noticed"),
        (lambda row: row["survivors"][0].update(function="Params.gone"), "no such function"),
        (lambda row: row["survivors"][0].update(diff="- return 3\n+ return 4"), "no such line"),
        (lambda row: row["survivors"][0].update(diff=""), "no such line"),
        (lambda row: row["survivors"][0].update(reason=""), "no reason"),
    ],
)
def test_a_dishonest_record_is_caught(change, says):
    row = copy.deepcopy(MODULES["lstm"])
    change(row)
    assert says in "\n".join(complaints("lstm", row))


@pytest.mark.parametrize("name", sorted(mutation.texts(RESULTS)))
def test_the_book_shows_the_stored_numbers(name):
    shown = (mutation.PIECES / name).read_text(encoding="utf-8")
    assert shown == mutation.texts(RESULTS)[name], "run: python benchmarks/mutation.py --page"
    page = (ROOT / "book" / "reproducibility.md").read_text(encoding="utf-8")
    assert f"_mutation/{name}" in page


def test_other_results_would_be_another_page():
    other = copy.deepcopy(RESULTS)
    for row in other["modules"].values():
        row.update(mutants=row["mutants"] + 1, killed=row["killed"] + 1)
        for survivor in row["survivors"]:
            survivor["reason"] += "!"
    before, after = mutation.texts(RESULTS), mutation.texts(other)
    assert [name for name in before if before[name] == after[name]] == []
