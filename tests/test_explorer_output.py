"""Explorers: a tag, its numbers as JSON that cannot end its own script, and a sentence for all."""

import json
import math
from html.parser import HTMLParser

import numpy as np
import pytest

from unrolled import figures

DATA = {"shares": [[0.5, 0], [-1e-05, 2]], "heard": [[0.25, 1.5, 0]], "T": 2}
TEXT = "The gradient falls by half."


@pytest.fixture
def published(monkeypatch):
    """What was published, instead of showing it."""
    bundles = []
    monkeypatch.setattr(figures, "publish_display_data", bundles.append)
    return bundles


class Reader(HTMLParser):
    """Reads a page as browsers do: a script ends at the first end tag, whatever it holds."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.tags.append((f"/{tag}", {}))

    def handle_data(self, data):
        self.texts.append(data)


def test_an_explorer_is_its_tag_with_data_and_fallback(published):
    assert figures.explorer("gradient-ledger", DATA, fallback=TEXT) is None
    [bundle] = published
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == TEXT
    reader = Reader(bundle["text/html"])
    assert reader.tags == [
        ("gradient-ledger", {}),
        ("script", {"type": "application/json"}),
        ("/script", {}),
        ("p", {}),
        ("/p", {}),
        ("/gradient-ledger", {}),
    ]
    script, text = reader.texts
    assert json.loads(script) == DATA
    assert text == TEXT


def test_the_order_of_the_keys_does_not_matter(published):
    figures.explorer("gradient-ledger", DATA, fallback=TEXT)
    figures.explorer("gradient-ledger", dict(reversed(DATA.items())), fallback=TEXT)
    assert published[0] == published[1]


def test_nothing_in_data_or_fallback_becomes_markup(published):
    data = {"</script><b>": "<!-- <script> </script> & é \u2028"}
    text = "If a < b & b > c then </p>"
    figures.explorer("axis-explorer", data, fallback=text)
    [bundle] = published
    reader = Reader(bundle["text/html"])
    assert [tag for tag, _ in reader.tags] == [
        "axis-explorer", "script", "/script", "p", "/p", "/axis-explorer"
    ]  # fmt: skip
    assert json.loads(reader.texts[0]) == data
    assert "".join(reader.texts[1:]) == text
    assert bundle["text/plain"] == text


@pytest.mark.parametrize(
    "tag",
    [None, "", "ledger", "Gradient-ledger", "-ledger", "ledger-", "a b-c", "a-b>", "a--b", "a-b\n"],
)
def test_a_tag_is_the_name_of_a_custom_element(published, tag):
    with pytest.raises(ValueError) as caught:
        figures.explorer(tag, DATA, fallback=TEXT)
    assert str(caught.value).startswith(f"tag is {tag!r}, expected ")
    assert not published


@pytest.mark.parametrize("text", [None, "", "three words only", " \n ", 4])
def test_the_fallback_is_a_sentence(published, text):
    with pytest.raises(ValueError) as caught:
        figures.explorer("gradient-ledger", DATA, fallback=text)
    assert str(caught.value) == f"fallback is {text!r}, expected a sentence."
    assert not published


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ([1, 2], TypeError, "data is a list, expected a dict"),
        (None, TypeError, "data is a NoneType, expected a dict"),
        ({"a": np.zeros(2)}, TypeError, r"ndarray.*use \.tolist\(\)"),
        ({"a": np.float32(1)}, TypeError, r"float32.*use \.tolist\(\)"),
        ({"a": [0.5, math.nan]}, ValueError, "data holds a number that is not finite"),
        ({"a": math.inf}, ValueError, "data holds a number that is not finite"),
        ({"a": (1, 2)}, TypeError, "expected lists, not tuples"),
        ({1: 2}, TypeError, "texts as keys"),
        ({"a": {None: 2}}, TypeError, "texts as keys"),
    ],
)
def test_data_that_json_would_change_are_refused(published, data, error, words):
    with pytest.raises(error, match=words):
        figures.explorer("gradient-ledger", data, fallback=TEXT)
    assert not published


def test_the_fallback_is_given_by_name(published):
    with pytest.raises(TypeError, match="positional"):
        figures.explorer("gradient-ledger", DATA, TEXT)
    with pytest.raises(TypeError, match="fallback"):
        figures.explorer("gradient-ledger", DATA)
    assert not published
