"""The pages to look things up in, as the site shows them, and how the index finds its sections."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from site_checks import parse

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))

import course_index  # noqa: E402


def article(site: Path, name: str):
    """The article of a page as elements."""
    root = parse((site / "book" / name).read_text(encoding="utf-8"))
    return next(element for element in root.all() if element.tag == "article")


def links(element) -> list[tuple[str, str]]:
    """Address and text of every link inside an element."""
    return [(e.attributes.get("href", ""), e.text().strip()) for e in element.all() if e.tag == "a"]


# --- how a section is chosen ---------------------------------------------------------------


def place(title: str, text: str = "", marked: str = "") -> course_index.Place:
    return course_index.Place("lessons/01_x", title.lower(), title, text, marked)


@pytest.mark.parametrize(
    ("term", "found", "not_found"),
    [
        ("mask", "Two masks.", "unmasked"),
        ("GRU", "A GRU and GRUs", "gruff gru"),
        ("lag matrix", "Lag matrices", "lag matrixes"),
        ("half-life", "the half-life of", "the other half-lifetime"),
        ("fixed point", "fixed points", "fixed pointer"),
    ],
)
def test_a_term_is_found_as_a_word(term, found, not_found):
    assert course_index.pattern(term).search(found)
    assert not course_index.pattern(term).search(not_found)


def test_a_section_treats_what_it_names_sets_apart_or_says_most_often():
    named, bold = place("What is a mask?"), place("B", "a mask", marked="mask")
    often, seldom = place("C", "mask mask mask"), place("D", "mask")
    assert course_index.treated("mask", [seldom, often, bold, named]) == [often, bold, named]
    assert course_index.treated("gate", [seldom, often]) == []


def test_a_common_word_is_listed_only_where_it_is_set_apart():
    everywhere = [place(f"S{k}", "loss " * (k + 1)) for k in range(course_index.COMMON + 1)]
    assert course_index.treated("loss", everywhere) == []
    assert course_index.treated("loss", everywhere[:3]) == [everywhere[2]]
    apart = place("T", "loss", marked="loss")
    assert course_index.treated("loss", [*everywhere, apart]) == [apart]


def test_no_term_lists_more_than_a_few_sections():
    many = [place("mask", "mask") for _ in range(course_index.MOST + 2)]
    assert len(course_index.treated("mask", many[: course_index.MOST])) == course_index.MOST


# --- the built pages -----------------------------------------------------------------------


def test_the_index_leads_from_every_term_to_the_glossary_and_on(site):
    found = links(article(site, "genindex.html"))
    to_glossary = {text for address, text in found if address.startswith("glossary.html#term-")}
    glossary = article(site, "glossary.html")
    terms = {
        re.sub(r"\s*(#|¶)$", "", e.text().strip())
        for e in glossary.all()
        if e.tag == "dt" and e.attributes.get("id", "").startswith("term-")
    }
    assert len(terms) > 100
    assert to_glossary == terms
    to_lessons = [address for address, _ in found if address.startswith("../lessons/")]
    assert len(to_lessons) > 100
    assert len({address.partition("#")[0] for address in to_lessons}) == 6


def test_the_index_knows_where_a_term_is_treated(site):
    entries = [e for e in article(site, "genindex.html").all() if e.tag == "li"]
    by_term = {e.text().strip().partition(":")[0]: links(e)[1:] for e in entries}
    for term, lesson in [
        ("Lyapunov exponent", "04_gradient_analysis"),
        ("chrono initialisation", "05_lstm"),
        ("dead unit", "06_activations"),
        ("teacher forcing", "01_sequence_shapes"),
        ("detach", "03_bptt"),
    ]:
        assert any(lesson in address for address, _ in by_term[term]), term


def test_the_index_names_the_functions_of_the_package(site):
    found = links(article(site, "genindex.html"))
    names = {text for address, text in found if address.startswith("package.html#unrolled.")}
    assert {"forward", "backward", "gradient_flow", "lag_matrix", "check", "Params"} <= names


def test_the_four_texts_stand_by_themselves(site):
    text = (site / "book" / "references.html").read_text(encoding="utf-8")
    first = text[
        text.index("The four texts") : text.index("Further reading</h2>")
        if "Further reading</h2>" in text
        else text.index('id="further-reading"')
    ]
    assert len(re.findall(r'role="listitem"', first)) == 5
    assert "neither its author nor its address" in first
    assert len(re.findall(r'role="listitem"', text)) > 50
