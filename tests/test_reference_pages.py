"""The pages to look things up in: pitfalls, notation, glossary, references, package.

What a page says about code is run; what it lists is compared with the book it serves.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"


def page(name: str) -> str:
    """The source of a page of the book."""
    return (BOOK / name).read_text(encoding="utf-8")


# --- what learners get wrong: every block runs and prints what stands below it --------------

BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(text: str) -> dict[str, str]:
    """The parts of a page by their label, ``(label)=`` before a heading; "" is the beginning."""
    parts = re.split(r"^\(([\w-]+)\)=\n", text, flags=re.MULTILINE)
    return {"": ""} | dict(zip(parts[1::2], parts[2::2], strict=True))


def differences(preamble: str, section: str) -> list[str]:
    """Run the blocks of a section one after the other, as a reader would; compare what they print.

    Line breaks do not count, since a long message is broken on the page.
    """
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(preamble, names)
    found, printed = [], ""
    blocks = BLOCK.findall(section)
    for place, (kind, source) in enumerate(blocks):
        if kind == "text":
            if printed.split() != source.split():
                found.append(f"the page says {source.strip()!r}, printed was {printed.strip()!r}")
            printed = ""
            continue
        if printed:
            found.append(f"block {place} comes before the page says {printed.strip()!r}")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(source, names)
        printed = out.getvalue()
    return found + ([f"the page does not say {printed.strip()!r}"] if printed else [])


PITFALLS = sections(page("pitfalls.md"))
PREAMBLE = BLOCK.search(page("pitfalls.md")).group(2)
WITH_CODE = [
    label for label, text in PITFALLS.items() if "```python" in text and label != "pitfalls"
]


@pytest.mark.parametrize("label", WITH_CODE)
def test_the_code_of_a_pitfall_prints_what_the_page_says(label):
    assert differences(PREAMBLE, PITFALLS[label]) == []


def test_a_wrong_or_missing_output_is_found():
    right = "```python\nprint(T)\n```\n```text\n5\n```\n"
    assert differences(PREAMBLE, right) == []
    assert differences(PREAMBLE, right.replace("\n5\n", "\n6\n"))
    assert differences(PREAMBLE, "```python\nprint(T)\n```\n")
    assert differences(PREAMBLE, "```python\nprint(T)\n```\n" + right)


@pytest.mark.parametrize("label", [label for label in PITFALLS if label.startswith("pit-")])
def test_a_pitfall_has_its_parts(label):
    text = PITFALLS[label]
    assert text.startswith("### ")
    for part in ("**Cause.**", "**Repair.**", "**Next time.**"):
        assert text.count(part) == 1, part
    if label != "pit-dropout":  # a warning of torch that no lesson treats
        assert re.search(r"^More: .*\]\((\.\./lessons/|diagnose)", text, re.MULTILINE)


def test_every_pitfall_is_found_from_the_table_and_every_jump_lands():
    text = page("pitfalls.md")
    table = text[text.index("## Find your symptom") : text.index("## Lesson 1")]
    labels = {label for label in PITFALLS if label.startswith("pit-")}
    jumps = set(re.findall(r"\]\((pit-[\w-]+)\)", text))
    assert jumps <= labels
    assert set(re.findall(r"\]\((pit-[\w-]+)\)", table)) == labels


# --- what the pages serve: the text of the book -----------------------------------------------

NOTEBOOKS = sorted([*ROOT.glob("lessons/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]) + [
    BOOK / "diagnose.ipynb",
    BOOK / "loose_claims.ipynb",
]
PAGES = [ROOT / "index.md", *sorted(BOOK.glob("*.md"))]


def prose(path: Path) -> str:
    """The text of a page or notebook, without code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return text


def said(path: Path) -> str:
    """The text of a page, and of a notebook all of its cells: captions hold citations too."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return "\n\n".join("".join(cell["source"]) for cell in cells)
    return path.read_text(encoding="utf-8")


# --- notation: no letter or sign without a line on the page -----------------------------------

FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+?)\$", re.DOTALL)
WORDS = re.compile(
    r"\\(?:text|operatorname|begin|end|underbrace|mathrm)\*?\{[^{}]*\}|\\mathrm ?d|"
    r"(?<![A-Za-z\\])d(?=\\?[a-zA-Z])"
)
TYPESETTING = {  # commands that place or size something and say nothing
    *("frac", "tfrac", "dfrac", "Big", "big", "left", "right", "quad", "qquad", "text", "mathrm"),
    *("underbrace", "overset", "operatorname", "begin", "end", "mathbb", "mathbf", "bigl", "bigr"),
}
SCHOOL = {  # signs of school mathematics
    *("sum", "prod", "int", "lim", "max", "min", "sqrt", "sin", "cos", "tan", "tanh", "exp"),
    *("le", "ge", "ne", "ll", "gg", "approx", "sim", "pm", "times", "cdot", "to", "in", "infty"),
    *("dots", "cdots", "ldots", "mapsto", "Longrightarrow", "pi", "prime", "langle", "rangle"),
}
INSIDE = {"partial", "lVert", "rVert"}  # halves of signs that are listed


def formulas(text: str) -> list[str]:
    """All formulas of a text; code is no formula."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return [block or inline for block, inline in FORMULA.findall(text)]


def symbols(formula: str) -> set[str]:
    """The letters and commands of a formula that carry a meaning."""
    found = set(re.findall(r"\\([A-Za-z]+)|([A-Za-z])", WORDS.sub(" ", formula)))
    return {command or letter for command, letter in found} - TYPESETTING - SCHOOL


def explained() -> set[str]:
    """What stands in the first column of a table of the page, where a symbol is explained."""
    rows = re.findall(r"^\| (.*?) \|", page("notation.md"), flags=re.MULTILINE)
    return {s for row in rows for formula in formulas(row) for s in symbols(formula)} | INSIDE


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_symbol_is_explained(path):
    known = explained()
    missing = {}
    for formula in formulas(prose(path)):
        for symbol in symbols(formula) - known:
            missing.setdefault(symbol, formula)
    assert missing == {}


def test_an_unexplained_symbol_is_found():
    assert symbols(r"\frac{\mathrm dL}{\mathrm dh_t} + \zeta_B") == {"L", "h", "t", "zeta", "B"}
    assert not {"zeta", "B"} & explained()
    assert formulas("`$x$` and $a$ and $$b$$") == ["a", "b"]


# --- glossary ----------------------------------------------------------------------------------


def glossary() -> dict[str, str]:
    """Term and explanation; several terms of one entry have the same."""
    body = page("glossary.md").partition("```{glossary}\n:sorted:\n")[2].rpartition("```")[0]
    entries = {}
    for block in body.strip().split("\n\n"):
        lines = block.split("\n")
        names = [line for line in lines if not line.startswith("  ")]
        text = " ".join(line.strip() for line in lines if line.startswith("  "))
        entries |= dict.fromkeys(names, text)
    return entries


JARGON = [  # words of the lessons that a reader may look up: each stands in one of them
    *("spectral radius", "Lyapunov exponent", "teacher forcing", "perplexity", "reservoir"),
    *("checkpointing", "chrono", "biased", "variance", "bidirectional", "padding", "mask"),
    *("fixed point", "half-life", "time constant", "condition number", "curvature", "cliff"),
    *("orthogonal", "Gaussian", "eigenvector", "residual", "segment", "window", "latch"),
    *("candidate", "GRU", "SELU", "GELU", "leaky ReLU", "Xavier", "width", "depth", "weight decay"),
    *("effective rank", "lag matrix", "one-hot", "logits", "nat", "float16", "dead", "detach"),
]


@pytest.mark.parametrize("word", JARGON)
def test_jargon_is_used_and_explained(word):
    lessons = " ".join(prose(path) for path in NOTEBOOKS if path.parent.name == "lessons")
    assert word.lower() in lessons.lower()
    assert any(word.lower() in term.lower() for term in glossary())


@pytest.mark.parametrize("term", glossary())
def test_an_entry_has_a_chinese_name_and_at_most_two_sentences(term):
    entry = re.fullmatch(r'\(<span lang="zh-Hans">(.+?)</span>\) (.+)', glossary()[term])
    assert entry and re.search(r"[\u4e00-\u9fff]", entry[1])
    explanation = re.sub(r" \{cite[^}]*\}`[^`]*`", "", entry[2])
    assert explanation.endswith(".")
    assert len(re.findall(r"\.(?= [A-Z$]|$)", explanation)) <= 2
    repeated = list(glossary()).count(term), [t for t in glossary() if t.lower() == term.lower()]
    assert repeated == (1, [term])


def test_links_to_terms_land():
    known = {term.lower() for term in glossary()}
    for path in [*PAGES, *NOTEBOOKS]:
        for target in re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", prose(path)):
            assert target.lower() in known, f"{path.name}: {target}"


# --- references --------------------------------------------------------------------------------

REQUIRED = {
    "article": {"author", "title", "journal", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "incollection": {"author", "title", "booktitle", "publisher", "year"},
    "book": {"author", "title", "publisher", "year"},
    "phdthesis": {"author", "title", "school", "year"},
    "techreport": {"author", "title", "institution", "year"},
    "misc": {"author", "title"},
}


def entries(text: str) -> list[tuple[str, str, dict[str, str]]]:
    """Kind, key and fields of every entry of a BibTeX file."""
    found = []
    for kind, key, body in re.findall(r"^@(\w+)\{(\w+),\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        fields = re.findall(r"^  (\w+) *= \{(.*?)\},?$", body, re.MULTILINE)
        found.append((kind, key, dict(fields)))
    return found


def poor_entries(text: str) -> list[str]:
    """Complaints about the entries: fields, forms, repetitions."""
    found, complaints = entries(text), []
    if len(found) != len(re.findall(r"^@", text, re.MULTILINE)):
        complaints.append("an entry is not written like the others")
    for kind, key, fields in found:
        complaints += [f"{key} has no {name}" for name in REQUIRED[kind] - fields.keys()]
        if not re.fullmatch(r"10\.\d{4,5}/\S+", fields.get("doi", "10.1234/x")):
            complaints.append(f"{key}: doi {fields['doi']}")
        if not re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", "1234.56789")):
            complaints.append(f"{key}: arXiv number {fields['eprint']}")
        if ("eprint" in fields) != (fields.get("archiveprefix") == "arXiv"):
            complaints.append(f"{key}: eprint without arXiv, or the reverse")
        if "pages" in fields and not re.fullmatch(r"\d+--\d+|\d{6}", fields["pages"]):
            complaints.append(f"{key}: pages {fields['pages']}")
        if not re.fullmatch(r"(19|20)\d\d", fields.get("year", "2000")):
            complaints.append(f"{key}: year {fields['year']}")
        if not fields.get("url", "https://").startswith("https://"):
            complaints.append(f"{key}: url {fields['url']}")
        if kind == "misc" and not fields.keys() & {"url", "doi", "eprint", "note"}:
            complaints.append(f"{key} cannot be found by anyone")
        year = re.search(r"\d{4}", key)
        if year and year[0] != fields.get("year"):
            complaints.append(f"{key} is of {fields.get('year')}")
    for name in ("title", "doi", "eprint"):
        values = [f[name].lower() for _, _, f in found if name in f]
        complaints += [f"{name} twice: {v}" for v in {v for v in values if values.count(v) > 1}]
    keys = [key for _, key, _ in found]
    return complaints + [f"key twice: {k}" for k in {k for k in keys if keys.count(k) > 1}]


def cited(text: str) -> set[str]:
    """The keys that a text cites."""
    roles = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    return {key.strip() for role in roles for key in role.split(",")}


def test_the_references_are_well_formed():
    assert poor_entries(page("references.bib")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{10.1162/neco.1997.9.8.1735}", "{doi.org/10.1162/neco}"),
        ("{1211.5063}", "{arXiv:1211.5063}"),
        ("  journal = {Neural Computation},\n", ""),
        ("{1310--1318}", "{1310-1318}"),
        ("@article{bengio1994,", "@article{bengio1995,"),
        ("@article{gers2000,", "@article{hochreiter1997,"),
        ("10.1162/089976600300015015", "10.1162/neco.1997.9.8.1735"),
    ],
)
def test_a_poor_entry_is_found(old, new):
    text = page("references.bib")
    assert old in text
    assert poor_entries(text.replace(old, new, 1))


def test_every_citation_has_an_entry_and_every_entry_is_cited():
    known = {key for _, key, _ in entries(page("references.bib"))}
    used = set().union(*(cited(said(path)) for path in [*PAGES, *NOTEBOOKS]))
    for path in sorted(BOOK.glob("_claims/*.yml")):
        text = path.read_text(encoding="utf-8")
        used |= cited(text) | set(re.findall(r"^source: (\w+)", text, re.MULTILINE))
        for keys in re.findall(r"^ +cite: \[([^\]]*)\]", text, re.MULTILINE):
            used |= {key.strip() for key in keys.split(",")}
    assert used - known == set()
    assert known - used == set()


# --- the package -------------------------------------------------------------------------------


def modules() -> set[str]:
    """The dotted names of all modules of the package; of the exercises, those of the lessons."""
    names = set()
    for path in sorted((ROOT / "src").rglob("*.py")):
        if path.stem.startswith("ex_"):
            continue
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        names.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def listed() -> list[str]:
    """The modules in the tables of the page, in its order."""
    found = []
    for row in re.findall(r"^\| (.*`unrolled.*?) \|", page("package.md"), flags=re.MULTILINE):
        names = re.findall(r"`(unrolled[\w.]*)`", row)
        if " to " in row:  # lesson_01 to lesson_06
            stem = names[0][:-2]
            names = [f"{stem}{k:02d}" for k in range(int(names[0][-2:]), int(names[1][-2:]) + 1)]
        found += names
    return found


def test_every_module_is_listed_once():
    assert sorted(listed()) == sorted(modules())


def test_the_order_of_reading_needs_nothing_from_below():
    order = [name for name in listed() if name.count(".") == 1 and "__" not in name]
    for place, name in enumerate(order):
        path = ROOT / "src" / Path(*name.split("."))
        if path.is_dir():
            continue
        source = path.with_suffix(".py").read_text(encoding="utf-8")
        asked = re.findall(r"^from unrolled\.(\w+) import", source, re.MULTILINE)
        for several in re.findall(r"^from unrolled import (.+)$", source, re.MULTILINE):
            asked += several.split(", ")
        assert {f"unrolled.{part}" for part in asked} <= set(order[:place]), name
