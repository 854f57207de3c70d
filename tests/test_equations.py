"""Every numbered equation of the book is checked by a cell, with a control that fails.

What is looked for is in `book/_ext/course_equations.py`, which also counts the equations for the
pages of the book.  The second half feeds it broken notebooks and expects it to complain.
"""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
WHERE = ROOT / "book" / "_ext" / "course_equations.py"
SPEC = importlib.util.spec_from_file_location("course_equations", WHERE)
course = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(course)

BOOK = list(course.pages())


# --- the book ----------------------------------------------------------------------------------


def test_every_equation_is_verified_and_has_a_control():
    if said := course.complaints(BOOK):
        pytest.fail("\n".join(said), pytrace=False)


def test_the_lessons_number_their_equations():
    for page, content in BOOK:
        if page.startswith("lessons/"):
            assert course.labels(course.prose(content)), page


def test_labels_of_equations_begin_alike():
    found = [course.labels(c if isinstance(c, str) else course.prose(c)) for _, c in BOOK]
    assert [name for names in found for name in names if not name.startswith("eq-")] == []


def test_counts_are_those_of_the_book():
    counted = course.counts()
    assert counted["equations"] == counted["equations_verified"] == counted["equations_controlled"]
    assert counted["equations"] > 40
    assert counted["lessons"] == 6
    assert 300 <= counted["lessons_minutes"] <= 9 * 60
    assert counted["exercises"] > 60
    assert counted["mistakes_known"] >= 4 * counted["exercises"]
    assert counted["exercises_minutes"] > counted["lessons_minutes"]


def test_pages_are_those_of_the_book():
    names = [page for page, _ in BOOK]
    assert {"index", "book/notation", "lessons/03_bptt", "solutions/03_bptt"} <= set(names)
    assert "README" not in names
    assert "CONTRIBUTING" not in names


# --- what counts as a verdict ------------------------------------------------------------------

PASSES = [
    "same states: True",
    "dL/dW  agrees   relative difference below 1e-10",
    "numbers: exact",
    "T = 1: 11 quantities, wrong: 0\nh agrees",
    "differences agree: True   control: False",
    "h agrees\ncontrols, one thing wrong in each: L, dL/dU",
    "as written: True; without the bias: False",
]
FAILS = [
    "",
    "h_t has shape (2, 4)",
    "same states: False",
    "same states: True\nsame gradients: False",
    "dL/dW  DIFFERS",
    "all of it agrees; wrong in dL/dh",
    "T = 1: 11 quantities, wrong: 2\nh agrees",
    "control, bias left out: True",
    "recursion agrees: True\nclosed form off by 3%",
]
CONTROL_FAILS = [
    "control, W_hh transposed: False",
    "control, earliest first: wrong",
    "Control: fails",
    "controls, one thing wrong in each: L, dL/dU",
    "control, ours not cut: wrong in dL/dh",
    "T = 1  without the factor f   wrong: dL/dc0",
    "control, immediate alone: off by 53%",
    "control, off by 0.02",
    "same: True   control: False",
]
CONTROL_PASSES = [
    "",
    "control, W_hh transposed: True",
    "same states: False",
    "control, one thing wrong in each: ",
    "control, ours not cut: wrong in ",
    "T = 1  without the factor f   wrong: ",
    "control, quantities wrong: 0",
    "control, immediate alone: off by 0%",
    "control, off by 0.00",
    "control: 1.32",
]


@pytest.mark.parametrize("prints", PASSES)
def test_a_verifying_cell_passes(prints):
    assert course.passes(prints)


@pytest.mark.parametrize("prints", FAILS)
def test_a_verifying_cell_that_says_nothing_or_no_does_not_pass(prints):
    assert not course.passes(prints)


@pytest.mark.parametrize("prints", CONTROL_FAILS)
def test_a_control_that_fails_is_seen(prints):
    assert course.control_fails(prints)


@pytest.mark.parametrize("prints", CONTROL_PASSES)
def test_a_control_that_does_not_fail_is_no_control(prints):
    assert not course.control_fails(prints)


# --- labels ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$$\nh = x\n$$ (eq-a)\n\n$$ y = 1 $$ (eq-b)", ["eq-a", "eq-b"]),
        ("$$\nh = x\n$$\n\n(eq-a)", []),
        ("{eq}`eq-a` and $x$ (eq-b)", []),
        (":::{math}\n:label: eq-a\nh = x\n:::", ["eq-a"]),
        ("```{math}\n:label: eq-a\nh = x\n```", ["eq-a"]),
        (":::{figure} a.png\n:label: fig-a\n:::", []),
        ("\\begin{align}\nh = x \\label{eq-a}\n\\end{align}", ["eq-a"]),
    ],
)
def test_labels(source, expected):
    assert course.labels(source) == expected


# --- broken books ------------------------------------------------------------------------------


def said(*lines: str) -> list[dict]:
    """The outputs of a cell that prints these lines."""
    return [{"output_type": "stream", "name": "stdout", "text": [f"{line}\n" for line in lines]}]


def code(ident: str, *lines: str, **metadata) -> dict:
    """A code cell with these printed lines."""
    return {"cell_type": "code", "id": ident, "metadata": metadata, "outputs": said(*lines)}


EQUATIONS = "A state.\n\n$$\nh = x W\n$$ (eq-step)\n\n$$\ny = h V\n$$ (eq-out)\n"
SOUND = {
    "cells": [
        {"cell_type": "markdown", "id": "m0", "metadata": {}, "source": [EQUATIONS]},
        code("c1", "states agree: True", verifies=["eq-step"]),
        code("c2", "control, W left out: False", control=["eq-step"]),
        code("c3", "y: True; control: False", verifies=["eq-out"], control=["eq-out"]),
        code("c4", "nothing to do with it: False"),
    ]
}


def changed(change) -> list[tuple[str, dict]]:
    """The sound book with a change to its cells."""
    notebook = copy.deepcopy(SOUND)
    change(notebook["cells"])
    return [("lessons/07_new", notebook)]


def metadata(cells: list[dict], index: int, **new) -> None:
    """Put other metadata in place of a cell's own."""
    cells[index]["metadata"] = new


BROKEN = {
    "no cell verifies eq-step": lambda cells: metadata(cells, 1),
    "no cell is a control of eq-step": lambda cells: metadata(cells, 2),
    "no cell verifies eq-new": lambda cells: cells[0]["source"].append("\n$$\nz\n$$ (eq-new)\n"),
    "lessons/07_new c1 names eq-stop, which is no equation": lambda cells: metadata(
        cells, 1, verifies=["eq-step", "eq-stop"]
    ),
    "lessons/07_new c4 names eq-gone, which is no equation": lambda cells: metadata(
        cells, 4, control=["eq-gone"]
    ),
    "lessons/07_new c1 prints no verdict, or one against its equation": lambda cells: cells[
        1
    ].update(outputs=said("h has shape (2, 3)")),
    "lessons/07_new c3 prints no verdict, or one against its equation": lambda cells: cells[
        3
    ].update(outputs=said("y: False; control: False")),
    "lessons/07_new c2 prints no control that failed": lambda cells: cells[2].update(
        outputs=said("control, W left out: True")
    ),
    "lessons/07_new c3 prints no control that failed": lambda cells: cells[3].update(outputs=[]),
    "eq-out is the label of 2 equations": lambda cells: cells[0]["source"].append(
        "\n$$\nz\n$$ (eq-out)\n"
    ),
}


def test_a_sound_book_is_accepted():
    assert course.complaints(changed(lambda cells: None)) == []
    assert course.equations(changed(lambda cells: None)) == {
        "equations": 2,
        "equations_verified": 2,
        "equations_controlled": 2,
    }


@pytest.mark.parametrize("complaint", BROKEN)
def test_a_broken_book_is_not(complaint):
    assert complaint in course.complaints(changed(BROKEN[complaint]))


def test_an_equation_on_a_page_of_prose_needs_a_cell_too():
    pages = [*changed(lambda cells: None), ("book/notation", "$$\nz\n$$ (eq-z)\n")]
    assert course.complaints(pages) == ["no cell verifies eq-z", "no cell is a control of eq-z"]


def test_a_text_cell_checks_nothing():
    def to_text(cells):
        cells[3].update(cell_type="markdown", source=["y: True; control: False"])

    assert "no cell verifies eq-out" in course.complaints(changed(to_text))


def test_equations_count_only_what_a_cell_confirms():
    def fail(cells):
        cells[1]["outputs"] = said("states agree: False")
        cells[3]["outputs"] = said("y: True; control: True")

    assert course.equations(changed(fail)) == {
        "equations": 2,
        "equations_verified": 1,
        "equations_controlled": 1,
    }


# --- the counts in the build -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("introduction", "expected"),
    [
        ("**How long.** About 50 minutes for the text, an hour for the exercises.", 50),
        ("**How long.** About an hour for the text, an hour for the exercises.", 60),
    ],
)
def test_minutes(introduction, expected):
    assert course.minutes(introduction) == expected


def test_minutes_are_kept_for_each_lesson():
    said = (
        "About 50 minutes for the text",
        "About an hour for the text",
        "About 90 minutes for the text",
    )
    assert course.times(said) == {
        **{"minutes_1": 50, "minutes_2": 60, "minutes_3": 90},
        **{"minutes_least": 50, "minutes_most": 90, "lessons_minutes": 200},
    }


def test_stories_are_counted_as_a_word(tmp_path):
    page = tmp_path / "textbook.md"
    page.write_text("### 1. One\n\n### Aside\n\n### 2. Two\n", encoding="utf-8")
    assert course.spelled(course.stories(page)) == "two"
    assert course.spelled(1000) == "1,000"


def test_minutes_must_be_said():
    with pytest.raises(ValueError, match="how long"):
        course.minutes("# Backpropagation through time")


def test_counts_become_substitutions_beside_those_of_others(tmp_path):
    lesson = copy.deepcopy(SOUND)
    lesson["cells"][0]["source"].insert(0, "About 45 minutes for the text.\n\n")
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "01_new.ipynb").write_text(json.dumps(lesson), encoding="utf-8")
    config = SimpleNamespace(myst_substitutions={"claims": 7})
    course.offer_counts(SimpleNamespace(srcdir=tmp_path), config)
    offered = config.myst_substitutions
    assert offered["claims"] == 7
    assert (offered["equations_verified"], offered["lessons"]) == (2, 1)
    assert offered["lessons_minutes"] == 45
    assert offered["minutes_1"] == offered["minutes_least"] == offered["minutes_most"] == 45
    assert offered["stories"] == "none"
    assert offered["exercises"] == course.exercises()["exercises"]
