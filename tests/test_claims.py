"""Claims and cells hold together: every claim is measured, every measurement belongs to a claim.

The second half gives each check something broken and expects the sentence that it owes.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import chain
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import course_claims as cc  # noqa: E402

# Every row of the four sources; 2.16 stands for four equations that the text has lost.
IDS = [f"1.{n}" for n in range(1, 41)]
IDS += [f"2.{n}" for n in range(1, 44) if n not in (17, 18, 19)]
IDS += [f"3.{n}" for n in range(1, 27)] + [f"3.27{letter}" for letter in "abcde"]
IDS += [f"4.{n}" for n in range(1, 47)]
KEYS = ["xyfjason2021", "vanished", "zhihu", "d2l"]  # in references.bib, as the files stand

NUMBERS = yaml.safe_load((ROOT / "book/_claims/textbook.yml").read_text(encoding="utf-8"))
STORIES = (ROOT / "book/textbook.md").read_text(encoding="utf-8")
CITED = re.compile(r"\{cite:[pt]\}`([^`]+)`")


def accept(problems: list[str]) -> None:
    """Fail with every problem in full."""
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture(scope="module")
def cells() -> list[cc.Cell]:
    return cc.all_cells(cc.notebook_files())


@pytest.fixture(scope="module")
def claims() -> list[cc.Claim]:
    return cc.read_sources(cc.source_files())


@pytest.fixture(scope="module")
def keys() -> set[str]:
    """The keys of the bibliography."""
    text = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^,]+),", text, re.MULTILINE))


# --- the claims of the book --------------------------------------------------------------


def test_every_row_of_the_sources_is_there_in_order(claims):
    assert [claim.id for claim in claims] == IDS


def test_claims_and_cells_hold_together(claims, cells):
    accept(cc.problems(claims, cells, cc.labels_of()))


def test_every_finding_can_be_filled(claims, cells):
    for claim in claims:
        text = cc.fill(claim, cells)
        names = [name for name in cc.NAME.findall(text) if name in claim.measured]
        assert names == [], f"claim {claim.id} keeps {names}"


def test_a_source_is_the_one_of_its_file(claims):
    for claim in claims:
        assert claim.source == KEYS[int(claim.id[0]) - 1]


def test_what_is_cited_is_in_the_bibliography(claims, keys):
    cited = set(chain.from_iterable(claim.cite for claim in claims)) | set(KEYS)
    texts = [STORIES, *(c.says + c.finding for c in claims)]
    cited |= {k for text in texts for found in CITED.findall(text) for k in found.split(",")}
    assert cited - keys == set()


def test_there_is_something_to_decide(claims):
    """A court that always says the same is none."""
    verdicts = [claim.verdict for claim in claims if claim.votable]
    assert len(verdicts) > 100
    assert all(verdicts.count(verdict) > 5 for verdict in cc.VERDICTS)


# --- the page of the fifteen stories -----------------------------------------------------


def story_problems(text: str, numbers: dict, cells: list[cc.Cell]) -> list[str]:
    """What is wrong with the numbers of the page."""
    used = re.findall(r"\{measured\}`([^`]+)`", text)
    told = [f"{name} is not used" for name in numbers if name not in used]
    told += [f"{name} is not defined" for name in set(used) - set(numbers)]
    known = {f"{cell.page} {cell.id}": cell for cell in cells}
    for name, number in numbers.items():
        if number["cell"] not in known:
            told.append(f"{name}: there is no cell {number['cell']}")
        elif cc.re.compile(number["match"]).groups != 1:
            told.append(f"{name} has not one group")
        elif not (found := cc.find_named(number, cells)) or not found[0]:
            told.append(f"{name} is not printed by {number['cell']}")
    code = "".join(known[n["cell"]].code for n in numbers.values() if n["cell"] in known)
    headless = re.sub(r"^(### \d+\.|\| \d+\.)", "", text, flags=re.MULTILINE)
    return told + list(cc.unmeasured(headless, code))


def test_the_numbers_of_the_stories_are_printed_by_their_cells(cells):
    accept(story_problems(STORIES, NUMBERS, cells))


def test_each_story_is_told_cited_measured_and_given_its_due():
    stories = re.split(r"^### ", STORIES.split("## In one table")[0], flags=re.MULTILINE)[1:]
    assert [story.partition(".")[0] for story in stories] == [str(n) for n in range(1, 16)]
    for story in stories:
        assert CITED.search(story), story
        assert story.count("{measured}") >= 2, story
        assert "*It holds*" in story, story


# --- the checks complain -----------------------------------------------------------------

CODE = "T = 50\nprint('left', 5e-36)"
SAYS = "A gradient of $W_{hh}$ always vanishes."
LEFT = {"left": r"left (\S+)"}
LABELS = {"eq-forward", "4.7", "book/notation"}


def claim(**changes) -> cc.Claim:
    """A sound claim, unless the changes say otherwise."""
    whole = {"id": "1.1", "source": "d2l", "says": SAYS, "verdict": "true if", "measured": LEFT}
    whole["finding"] = "With $T = 50$ there are {left} left of $W_{hh}$ {cite:p}`le2015`."
    return cc.Claim(**(whole | changes))


def cell(**changes) -> cc.Cell:
    """A cell that measures it."""
    whole = {"page": "lessons/04_a", "index": 3, "id": "c1", "claims": ("1.1",), "section": "Why?"}
    return cc.Cell(**(whole | {"prints": "the end\nleft 5e-36", "code": CODE} | changes))


def other(**changes) -> cc.Claim:
    """A sound definition."""
    whole = {"id": "1.2", "source": "d2l", "says": SAYS, "verdict": "definition"}
    return cc.Claim(**(whole | {"see": "eq-forward"} | changes))


SOUND = [claim(), other(), other(id="1.10", verdict="exercise", see="4.7")]
BROKEN = [
    ([claim(), claim()], [cell()], "is there twice"),
    ([claim(), other(id="1.10"), other(id="1.9")], [cell()], "1.9 stands after 1.10"),
    ([claim()], [cell(claims=("1.1", "1.7"))], "measures claim 1.7, which is in no file"),
    ([claim(id="1.1.1")], [cell(claims=("1.1.1",))], "is not an id"),
    ([claim(verdict="probably")], [cell()], "the verdict 'probably' is none of"),
    ([claim(says="")], [cell()], "does not say"),
    ([claim(finding="", measured={})], [cell()], "a verdict without a finding"),
    ([claim(), other(finding="It is.")], [cell()], "has neither finding nor measured"),
    ([claim(), other(measured=LEFT)], [cell()], "has neither finding nor measured"),
    ([claim()], [cell(claims=())], "no cell measures it"),
    ([claim(finding="It is so.", measured={})], [cell()], "nothing is measured"),
    ([claim(), other(see="eq-lost")], [cell()], "'eq-lost' is no label"),
    ([claim(), other(see="")], [cell()], "'' is no label"),
    ([claim(measured={"left": "left ("})], [cell()], "is no regular expression"),
    ([claim(measured={"left": "left"})], [cell()], "has 0 groups"),
    ([claim(measured={"left": r"(left) (\S+)"})], [cell()], "has 2 groups"),
    ([claim()], [cell(prints="right 1")], "left is not printed by lessons/04_a c1"),
    ([claim(measured={"left": r"left(\d*)"})], [cell()], "left finds nothing"),
    ([claim(finding="It vanishes.")], [cell()], "does not occur in the finding"),
    ([claim(finding="{left} of {all}")], [cell()], "{all}, which is not measured"),
    ([claim(says="A {left} vanishes.")], [cell()], "holds a placeholder"),
    ([claim(finding="{left}, or 0.37")], [cell()], "0.37 is typed"),
    ([claim(finding="{left}, in 5 of 5")], [cell()], "5 is typed"),
    ([claim(finding="{left}, or $0.37$")], [cell()], "0.37 is typed"),
    ([claim(finding="{left}, or 7e-12")], [cell()], "7e-12 is typed"),
]


def test_sound_claims_have_no_problems():
    assert cc.problems(SOUND, [cell()], LABELS) == []


@pytest.mark.parametrize(("claims", "cells", "complaint"), BROKEN, ids=lambda x: str(x)[:40])
def test_a_broken_claim_is_found(claims, cells, complaint):
    problems = cc.problems(claims, cells, LABELS)
    assert any(complaint in problem for problem in problems), problems


@pytest.mark.parametrize(
    "finding",
    ["{left} at $T = 50$ and T = 50", "{left} in float16", "{left} of $h_3$, $2^4$, 1 or 2",
     "{left} of 1,600" + " " * 3, "{left}, see {cite:p}`le2015`"],
)  # fmt: skip
def test_settings_may_be_typed(finding):
    many = cell(code=CODE + "\nN = 1_600")
    assert cc.problems([claim(finding=finding)], [many], LABELS) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("claims: []", "must have the keys"),
        ("- 1", "must have the keys"),
        ("source: d2l\nclaims: [1]", "at least id, says and verdict"),
        ("source: d2l\nclaims:\n- {id: '4.1', says: a}", "at least id, says and verdict"),
        ("source: d2l\nclaims:\n- {id: 4.10, says: a, verdict: misleading}", "id must be text"),
        ("source: d2l\nclaims:\n- {id: '4.1', says: a, verdict: b, found: c}", "unknown keys"),
        ("source: d2l\nclaims:\n- {id: '4.1', says: a, verdict: b, measured: c}", "names with"),
        ("source: d2l\nclaims: {", "a.yml"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, told):
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(cc.BadClaims, match=told):
        cc.read_source(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(cc.BadClaims):
        cc.read_source(tmp_path / "lost.yml")


@pytest.mark.parametrize("verdict", ["true", "'true'", "false", "'false'"])
def test_a_bare_verdict_is_read_as_a_word(tmp_path, verdict):
    path = tmp_path / "a.yml"
    path.write_text(f"source: d2l\nclaims:\n- {{id: '4.1', says: a, verdict: {verdict}}}")
    assert cc.read_source(path)[0].verdict == verdict.strip("'")


def test_a_notebook_is_read_with_sections_code_and_what_it_prints(tmp_path):
    def made(kind: str, source: str, name: str, outputs=(), **metadata) -> dict:
        made = {"cell_type": kind, "id": name, "source": source.splitlines(True)}
        return made | {"metadata": metadata, "outputs": list(outputs)}

    said = [
        {"output_type": "stream", "name": "stdout", "text": ["a 1\n", "b 2\n"]},
        {"output_type": "execute_result", "data": {"text/plain": ["3"], "text/html": ["<b>"]}},
    ]
    notebook = [
        made("markdown", "# Title\n\n## First?\n\nText.", "m1"),
        made("code", "x = 1", "c1"),
        made("markdown", "Answer.\n\n## Second?", "m2"),
        made("code", "y = 2", "c2", said, claims=["1.1"]),
    ]
    path = tmp_path / "lessons" / "01_a.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps({"cells": notebook}), encoding="utf-8")
    first, second = cc.read_cells(path, 0.0)
    assert first == cc.Cell("lessons/01_a", 1, "c1", (), "First?", "", "x = 1\n")
    assert second[:5] == ("lessons/01_a", 3, "c2", ("1.1",), "Second?")
    assert second.prints == "a 1\nb 2\n3"
    assert second.code == "x = 1\ny = 2\n"
    assert cc.page_title(path) == "Title"


def test_the_first_cell_that_prints_it_counts():
    cells = [
        cell(id="a", prints="no"),
        cell(id="b", prints="left 1"),
        cell(id="c", prints="left 2"),
    ]
    found = cc.find(LEFT["left"], cells)
    assert (found[0], found[1].id) == ("1", "b")
    assert cc.find(LEFT["left"], cells[:1]) is None


def test_a_finding_is_filled_in_prose_and_in_formulas():
    finding = "{left} is $W_{hh} = {left}$, $$x_{left}$$"
    filled = cc.fill(claim(finding=finding), [cell()])
    assert filled == r"5 × 10{sup}`−36` is $W_{hh} = 5\times 10^{-36}$, $$x_5\times 10^{-36}$$"
    with pytest.raises(cc.BadClaims, match="no cell prints left"):
        cc.fill(claim(), [cell(prints="")])


@pytest.mark.parametrize(
    ("value", "prose", "formula"),
    [
        ("5e-36", "5 × 10{sup}`−36`", r"5\times 10^{-36}"),
        ("1e-05", "10{sup}`−5`", "10^{-5}"),
        ("1.e-26", "10{sup}`−26`", "10^{-26}"),
        ("10^-3", "10{sup}`−3`", "10^{-3}"),
        ("10^4.4", "10{sup}`4.4`", "10^{4.4}"),
        ("2.2e-01", "0.22", "0.22"),
        ("1.4e+01", "14", "14"),
        ("0e+00", "0", "0"),
        ("-0.5", "−0.5", "-0.5"),
        ("5 of 5", "5 of 5", "5 of 5"),
        ("W_hh", r"W\_hh", "W_hh"),
    ],
)
def test_a_printed_value_is_written_as_in_a_book(value, prose, formula):
    assert cc.written(value) == prose
    assert cc.written(value, maths=True) == formula


NUMBER = {"left": {"cell": "lessons/04_a c1", "match": r"left (\S+)"}}
TOLD = "### 1. Story\n\nOf $T = 50$ there is {measured}`left`."


@pytest.mark.parametrize(
    ("text", "number", "complaint"),
    [
        (TOLD, {}, None),
        (TOLD.replace("`left`", "`right`"), {}, "right is not defined"),
        (TOLD.replace("`left`", "`right`"), {}, "left is not used"),
        (TOLD, {"cell": "lessons/04_a c9"}, "there is no cell lessons/04_a c9"),
        (TOLD, {"match": r"right (\S+)"}, "left is not printed by"),
        (TOLD, {"match": "left"}, "has not one group"),
        (TOLD + " That is 0.37.", {}, "0.37 is typed"),
    ],
)
def test_a_number_of_a_story_that_nothing_printed_is_found(text, number, complaint):
    problems = story_problems(text, {"left": NUMBER["left"] | number}, [cell()])
    assert any(complaint in problem for problem in problems) if complaint else problems == []


def test_labels_are_found_in_notebooks_and_pages():
    labels = cc.labels_of()
    assert {"eq-jacobian-product", "4.7", "book/notation", "lessons/05_lstm"} <= labels
    assert any(label.startswith("fig-") for label in labels)
    assert "eq-lost" not in labels


def test_the_command_tells_problems_and_fills_findings(monkeypatch, tmp_path, capsys):
    path = tmp_path / "a.yml"
    text = "source: d2l\nclaims:\n- {id: '1.1', says: It vanishes., verdict: false, "
    path.write_text(text + "finding: '{left} left', measured: {left: 'left (\\S+)'}}")
    monkeypatch.setattr(cc, "source_files", lambda: [path])
    monkeypatch.setattr(cc, "all_cells", lambda paths: [cell()])
    assert cc.main(["1.1"]) == 0
    assert "5 × 10{sup}`−36` left" in capsys.readouterr().out
    monkeypatch.setattr(cc, "all_cells", lambda paths: [cell(prints="")])
    assert cc.main([]) == 1
    assert "claim 1.1: left is not printed" in capsys.readouterr().out
