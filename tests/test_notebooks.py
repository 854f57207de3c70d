"""How the notebooks are kept: what nbval, which compares outputs, does not see.

Every checker takes a notebook as nested dicts and returns its complaints. The second half feeds
each of them a broken notebook and expects it to complain.
"""

from __future__ import annotations

import ast
import copy
import io
import json
import re
import tokenize
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LONGEST = 14  # lines of code in a cell of a lesson
LARGEST = 300_000  # bytes of a notebook
STORED = {"text/plain", "text/html", "text/markdown", "text/latex"}
GLUED = "application/papermill.record/text/"
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "socket", "urllib", "urllib3"}
UNVERIFIED = {"nbval-skip", "nbval-ignore-output", "raises-exception", "skip-execution"}
# The hidden cell of every notebook. It never replaces a torch, and mostly it does nothing.
SETUP = """\
# For a host without the course's package, such as Colab. Elsewhere this does nothing.
from importlib.util import find_spec

if not (find_spec("unrolled") and find_spec("torch")):
    %pip install -q torch "unrolled @ git+https://github.com/unrolled-course/unrolled@main\""""
# Hosts of package registries, written so that this file names none of them.
REGISTRY = re.compile(r"\b(pypi|pythonhosted|npmjs|debian)\.(org|com|net)\b", re.IGNORECASE)


# --- reading a notebook --------------------------------------------------------------------


def text(lines: str | list[str]) -> str:
    """Multi-line text of the notebook format, which may be a string or a list of lines."""
    return "".join(lines)


def code_cells(notebook: dict) -> list[dict]:
    """The code cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def outputs(notebook: dict) -> list[dict]:
    """All outputs of all cells."""
    return [output for cell in code_cells(notebook) for output in cell["outputs"]]


def tags(cell: dict) -> set[str]:
    """The tags of a cell."""
    return set(cell["metadata"].get("tags", []))


def python(cell: dict) -> str:
    """The source of a cell with IPython's magics and shell lines taken out."""
    source = text(cell["source"])
    if source.startswith("%%"):
        return ""
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)


def tree(cell: dict) -> ast.Module:
    """The syntax tree of a cell."""
    return ast.parse(python(cell))


def first_line(cell: dict) -> str:
    """A name for a cell in a complaint."""
    return repr(text(cell["source"]).strip().partition("\n")[0])


def checks(notebook: dict) -> list[tuple[str, ast.expr | None]]:
    """The calls check("2.1", answer): exercise and answer."""
    found = []
    for node in (node for cell in code_cells(notebook) for node in ast.walk(tree(cell))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "check":
            match node.args:
                case [ast.Constant(value=str(exercise)), *answer]:
                    found.append((exercise, answer[0] if answer else None))
    return found


def functions(notebook: dict, only: set[str] | None = None) -> dict[str, ast.FunctionDef]:
    """Functions defined at the top of a cell (the first of each name); `only`: in such tags."""
    cells = [cell for cell in code_cells(notebook) if only is None or tags(cell) & only]
    found: dict[str, ast.FunctionDef] = {}
    for node in (node for cell in cells for node in tree(cell).body):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, node)
    return found


def stubs(notebook: dict) -> dict[str, ast.FunctionDef]:
    """The functions a learner writes: those handed to check(), and those in cells so tagged."""
    checked = {answer.id for _, answer in checks(notebook) if isinstance(answer, ast.Name)}
    checked |= set(functions(notebook, only={"exercise"}))
    return {name: node for name, node in functions(notebook).items() if name in checked}


def code_lines(cell: dict) -> int:
    """Lines of code in a cell: neither blank, nor comment, nor docstring."""
    ignored = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(python(cell)).readline):
        if token.type not in ignored and token.type != tokenize.ENDMARKER:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree(cell)):
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            lines.difference_update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


# --- checkers of one notebook --------------------------------------------------------------


def run_in_order(notebook: dict) -> list[str]:
    """Every code cell was run, from the top, once."""
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    wanted = list(range(1, len(counts) + 1))
    return [] if counts == wanted else [f"execution counts are {counts}, not 1 to {len(counts)}"]


def text_only(notebook: dict) -> list[str]:
    """No pictures or other binary data are stored."""
    mimes = {mime for output in outputs(notebook) for mime in output.get("data", {})}
    strange = {mime for mime in mimes if mime not in STORED and not mime.startswith(GLUED)}
    return [f"{mime} is stored" for mime in sorted(strange)]


def no_errors(notebook: dict) -> list[str]:
    """No cell failed, and none wrote to stderr."""
    errors = [output["ename"] for output in outputs(notebook) if output["output_type"] == "error"]
    noise = [text(output["text"]) for output in outputs(notebook) if output.get("name") == "stderr"]
    return [f"{error} is stored" for error in errors] + [f"stderr says {line}" for line in noise]


def no_addresses(notebook: dict) -> list[str]:
    """No output shows an object by its address in memory, which is another one in every run."""
    shown = []
    for output in outputs(notebook):
        results = [output.get("text", ""), *output.get("data", {}).values()]
        shown += re.findall(r"<[^<>]* at 0x[0-9a-f]+>", json.dumps(results))
    return [f"an output is {thing}: end the cell otherwise" for thing in shown]


def no_trailing_semicolon(notebook: dict) -> list[str]:
    """A semicolon at the end hides an output from Jupyter but not from nbval."""
    ends = [cell for cell in code_cells(notebook) if python(cell).rstrip().endswith(";")]
    return [f"the cell {first_line(cell)} ends with a semicolon" for cell in ends]


def figures_are_described(notebook: dict) -> list[str]:
    """Figures are shown by figures.show alone, which asks for a caption and a description."""
    shown = [cell for cell in code_cells(notebook) if re.search(r"\bplt\.show\(", python(cell))]
    bare = [o for o in outputs(notebook) if "<Figure size" in json.dumps(o.get("data", {}))]
    complaints = [f"the cell {first_line(cell)} calls plt.show" for cell in shown]
    return complaints + ["an output is a figure without a description"] * len(bare)


def no_installation(notebook: dict) -> list[str]:
    """Nothing is installed, except by the hidden cell for hosts that have no environment."""
    pattern = re.compile(r"\b(pip|conda|mamba|uv)\b.*\binstall\b|\bapt(-get)?\s+install\b")
    cells = [c for c in code_cells(notebook) if pattern.search(text(c["source"]))]
    return [f"the cell {first_line(c)} installs" for c in cells if text(c["source"]) != SETUP]


def runs_anywhere(notebook: dict) -> list[str]:
    """The first code cell is the one that prepares a host; it is hidden and silent, and once."""
    at = [n for n, cell in enumerate(code_cells(notebook)) if text(cell["source"]) == SETUP]
    if at != [0]:
        return ["the first code cell, and no other, must be the one that prepares a host"]
    cell = code_cells(notebook)[0]
    complaints = [] if tags(cell) == {"remove-cell"} else ["the setup cell is not hidden"]
    return complaints + (["the setup cell has an output"] if cell["outputs"] else [])


def no_network(notebook: dict) -> list[str]:
    """Nothing is downloaded."""
    complaints = []
    for cell in code_cells(notebook):
        used = set(re.findall(r"^\s*!.*\b(curl|wget|git)\b", text(cell["source"]), re.MULTILINE))
        for node in ast.walk(tree(cell)):
            match node:
                case ast.Import(names=names):
                    used |= {alias.name.split(".")[0] for alias in names} & NETWORK
                case ast.ImportFrom(module=str(module)):
                    used |= {module.split(".")[0]} & NETWORK
                case ast.keyword(arg="download", value=ast.Constant(value=True)):
                    used.add("download=True")
            name = getattr(node, "attr", None) or getattr(node, "id", None) or ""
            if re.fullmatch(r"fetch_\w+|urlopen|urlretrieve|hub", name):
                used.add(name)
            if isinstance(node, ast.alias) and node.name.startswith("fetch_"):
                used.add(node.name)
        complaints += [f"the cell {first_line(cell)} uses {name}" for name in sorted(used)]
    return complaints


def no_registry(notebook: dict) -> list[str]:
    """No address of a package registry."""
    found = REGISTRY.findall(json.dumps(notebook))
    return ["the address of a package registry"] * len(found)


def all_verified(notebook: dict) -> list[str]:
    """No cell is kept from being run and compared."""
    complaints = []
    for cell in code_cells(notebook):
        marks = tags(cell) & UNVERIFIED
        marks |= set(re.findall(r"#\s*(NBVAL_\w+)", text(cell["source"])))
        complaints += [f"the cell {first_line(cell)} is marked {mark}" for mark in sorted(marks)]
    return complaints


def plain_metadata(notebook: dict) -> list[str]:
    """Kernel python3, format 4.5, unique cell ids, and no traces of an editor or a clock."""
    kernel = notebook["metadata"].get("kernelspec", {}).get("name")
    complaints = [] if kernel == "python3" else [f"the kernel is {kernel}, not python3"]
    if (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5):
        complaints.append("the format is not 4.5")
    ids = [cell.get("id") for cell in notebook["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        complaints.append("cell ids are missing or repeated")
    extra = set(notebook["metadata"]) - {"kernelspec", "language_info"}
    extra |= set(notebook["metadata"].get("language_info", {})) - {"name"}
    extra |= {
        k for c in notebook["cells"] for k in c["metadata"] if k in ("execution", "collapsed")
    }
    return complaints + [f"the metadata have {key}" for key in sorted(extra)]


def short_cells(notebook: dict) -> list[str]:
    """Cells of a lesson fit into view; imports and what a learner fills in may be longer."""
    complaints, learner = [], set(stubs(notebook))
    for cell in code_cells(notebook):
        body = tree(cell).body
        imports = sum(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
        stub = any(isinstance(node, ast.FunctionDef) and node.name in learner for node in body)
        lines = code_lines(cell)
        if lines > LONGEST and not stub and 2 * imports < len(body):
            complaints.append(f"the cell {first_line(cell)} has {lines} lines of code")
    return complaints


CHECKERS = [
    run_in_order,
    text_only,
    no_errors,
    no_addresses,
    no_trailing_semicolon,
    figures_are_described,
    no_installation,
    runs_anywhere,
    no_network,
    no_registry,
    all_verified,
    plain_metadata,
]


# --- checkers of a pair --------------------------------------------------------------------


def twins(lessons: set[str], solutions: set[str]) -> list[str]:
    """Every lesson has its solutions and the other way round, under one name."""
    complaints = [f"lessons/{name} has no solutions" for name in sorted(lessons - solutions)]
    return complaints + [f"solutions/{name} has no lesson" for name in sorted(solutions - lessons)]


def same_exercises(lesson: dict, solution: dict) -> list[str]:
    """The same exercises, and stubs with the signature and docstring of their solutions."""
    asked, solved = ({exercise for exercise, _ in checks(nb)} for nb in (lesson, solution))
    complaints = [
        f"exercise {exercise} is in one of the two" for exercise in sorted(asked ^ solved)
    ]
    for name, stub in stubs(lesson).items():
        answer = functions(solution).get(name)
        if answer is None:
            complaints.append(f"{name} is not solved")
            continue
        if signature(stub) != signature(answer):
            complaints.append(f"{name} has two signatures: {signature(stub)}, {signature(answer)}")
        if not ast.get_docstring(stub) or ast.get_docstring(stub) != ast.get_docstring(answer):
            complaints.append(f"{name} has no docstring, or not that of its solution")
    return complaints


def signature(function: ast.FunctionDef) -> str:
    """Arguments with annotations and defaults, and what is returned."""
    returned = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"({ast.unparse(function.args)}){returned}"


# --- the notebooks of the project ----------------------------------------------------------

LESSONS = {path.stem: path for path in sorted(ROOT.glob("lessons/*.ipynb"))}
SOLUTIONS = {path.stem: path for path in sorted(ROOT.glob("solutions/*.ipynb"))}
PAGES = sorted(ROOT.glob("book/*.ipynb"))
NOTEBOOKS = [*LESSONS.values(), *SOLUTIONS.values(), *PAGES]


def read(path: Path) -> dict:
    """A notebook as nested dicts."""
    return json.loads(path.read_text(encoding="utf-8"))


def accept(complaints: list[str]) -> None:
    """Fail with every complaint in full."""
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def name_of(path: Path) -> str:
    """Folder and name, for the names of tests."""
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebook(path, checker):
    accept(checker(read(path)))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebook_is_small(path):
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("path", [*LESSONS.values(), *PAGES], ids=name_of)
def test_cells_of_a_lesson_are_short(path):
    accept(short_cells(read(path)))


def test_a_host_installs_from_the_repository_that_the_book_names():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    assert f"git+{settings['url']}@{settings['branch']}" in SETUP
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f'"{package["name"]} @ ' in SETUP and f'find_spec("{package["name"]}")' in SETUP


@pytest.mark.parametrize("missing", [set(), {"unrolled"}, {"torch"}, {"torch", "unrolled"}])
def test_the_setup_cell_installs_only_where_something_is_missing(missing, monkeypatch):
    asked = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in missing else name)
    lines = re.sub(r"%(pip install .*)", r"asked.append('\1')", SETUP)
    exec(compile(lines, "setup", "exec"), {"asked": asked})
    assert len(asked) == bool(missing)
    # pip leaves a torch that is there alone: no version is asked for, and no upgrade.
    assert all(line.split()[2:4] == ["-q", "torch"] and "--upgrade" not in line for line in asked)


def test_lessons_and_solutions_are_twins():
    accept(twins(set(LESSONS), set(SOLUTIONS)))


@pytest.mark.parametrize("name", sorted(LESSONS.keys() & SOLUTIONS.keys()))
def test_lesson_and_solutions_hold_the_same_exercises(name):
    accept(same_exercises(read(LESSONS[name]), read(SOLUTIONS[name])))


# --- the checkers complain -----------------------------------------------------------------


def cell(source: str, count: int | None = 1, *results: dict, tagged: tuple[str, ...] = ()) -> dict:
    """A code cell."""
    return {
        "cell_type": "code",
        "id": f"id-{count}",
        "metadata": {"tags": list(tagged)},
        "source": source.splitlines(keepends=True),
        "execution_count": count,
        "outputs": list(results),
    }


def book(*cells: dict, **changes) -> dict:
    """A sound notebook of these cells, unless the changes say otherwise."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return whole | changes


def data(**mimes: str) -> dict:
    """An output; text_plain stands for text/plain."""
    bundle = {mime.replace("__", "+").replace("_", "/", 1): value for mime, value in mimes.items()}
    return {"output_type": "display_data", "metadata": {}, "data": bundle}


STUB = 'def double(x: float) -> float:\n    """Twice x."""\n    raise NotImplementedError\n'
CHECK = 'check("2.1", double)'
TEXT = {"output_type": "stream", "name": "stdout", "text": ["2\n"]}
LONG = "\n".join(f"x{i} = {i}" for i in range(LONGEST + 1))
SOUND = book(
    cell(SETUP, 1, tagged=("remove-cell",)),
    cell("import numpy as np\n\nprint(1 + 1)", 2, TEXT),
    cell("1 + 1", 3, data(text_plain="2", text_html="<b>2</b>")),
    cell('x = "a;"  # ends well', 4, data(**{"application_papermill.record/text/plain": "2"})),
    cell(STUB, 5, tagged=("exercise",)),
    cell(CHECK, 6),
)
URL = "https://" + ".".join(["pypi", "org"]) + "/simple"
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
BROKEN = [
    (run_in_order, book(cell("1", 2))),
    (run_in_order, book(cell("1", None))),
    (run_in_order, book(cell("1", 1), cell("2", 1))),
    (text_only, book(cell("f()", 1, data(text_plain="Figure: a", image_png="iVBOR")))),
    (text_only, book(cell("f()", 1, data(**{"image_svg__xml": "<svg/>"})))),
    (text_only, book(cell("f()", 1, data(**{"application_vnd.unrolled.figure__json": "{}"})))),
    (no_errors, book(cell("f()", 1, ERROR))),
    (no_errors, book(cell("f()", 1, TEXT | {"name": "stderr"}))),
    (no_addresses, book(cell("ax.legend()", 1, data(text_plain="<m.Legend at 0x7f5a>")))),
    (no_addresses, book(cell("print(f)", 1, TEXT | {"text": ["<function f at 0x7f5a>\n"]}))),
    (no_trailing_semicolon, book(cell("ax.plot(x);\n"))),
    (figures_are_described, book(cell("plt.plot(x)\nplt.show()"))),
    (figures_are_described, book(cell("f", 1, data(text_plain="<Figure size 6x4 with 1 Axes>")))),
    (no_installation, book(cell("%pip install torch"))),
    (no_installation, book(cell("import x\n!python -m pip install -q torch"))),
    (no_installation, book(cell("%pip install torch", 1, tagged=("remove-cell",)))),
    (no_installation, book(cell(SETUP.replace("@main", "@other"), 1, tagged=("remove-cell",)))),
    (runs_anywhere, book(cell("import unrolled"))),
    (runs_anywhere, book(cell("import unrolled"), cell(SETUP, 2, tagged=("remove-cell",)))),
    (runs_anywhere, book(*[cell(SETUP, n, tagged=("remove-cell",)) for n in (1, 2)])),
    (runs_anywhere, book(cell(SETUP, 1))),
    (runs_anywhere, book(cell(SETUP, 1, TEXT, tagged=("remove-cell",)))),
    (no_network, book(cell("import urllib.request"))),
    (no_network, book(cell("from requests import get"))),
    (no_network, book(cell("from sklearn.datasets import fetch_openml"))),
    (no_network, book(cell("data = datasets.fetch_openml('mnist')"))),
    (no_network, book(cell("MNIST('data', download=True)"))),
    (no_network, book(cell("!curl -O address"))),
    (no_network, book(cell("torch.hub.load('a', 'b')"))),
    (no_registry, book(cell(f"# see {URL}"))),
    (no_registry, book({"cell_type": "markdown", "source": [URL], "metadata": {}, "id": "a"})),
    (all_verified, book(cell("1", 1, tagged=("nbval-skip",)))),
    (all_verified, book(cell("# NBVAL_IGNORE_OUTPUT\n1"))),
    (plain_metadata, book(cell("1"), metadata={"kernelspec": {"name": "conda-env-rnn"}})),
    (plain_metadata, book(cell("1"), metadata={})),
    (plain_metadata, book(cell("1"), nbformat_minor=4)),
    (plain_metadata, book(cell("1"), cell("2"))),
    (plain_metadata, book(cell("1") | {"metadata": {"execution": {"iopub.status.busy": "10"}}})),
    (plain_metadata, book(metadata=SOUND["metadata"] | {"widgets": {}})),
    (short_cells, book(cell(LONG))),
    (short_cells, book(cell('"""What it does."""\n' + LONG))),
    (short_cells, book(cell("import numpy as np\n" + LONG))),
]


@pytest.mark.parametrize("checker", [*CHECKERS, short_cells], ids=lambda c: c.__name__)
def test_checker_accepts_a_sound_notebook(checker):
    assert checker(SOUND) == []


@pytest.mark.parametrize(("checker", "notebook"), BROKEN, ids=lambda x: getattr(x, "__name__", ""))
def test_checker_complains(checker, notebook):
    assert checker(notebook), "a broken notebook was accepted"


def test_every_checker_is_tested():
    assert {checker for checker, _ in BROKEN} == {*CHECKERS, short_cells}


def test_code_lines_do_not_count_docstrings_comments_and_blank_lines():
    docstring = '    """One.\n\n    Two.\n    """\n'
    body = "    # why\n\n    return [\n        x,\n    ]\n"
    assert code_lines(cell("def f(x):\n" + docstring + body)) == 4


def test_what_a_learner_fills_in_may_be_long():
    body = "".join(f"    x{i} = {i}\n" for i in range(LONGEST + 1))
    long = STUB.replace("    raise", body + "    raise")
    assert short_cells(book(cell(long), cell(CHECK, 2))) == []
    assert short_cells(book(cell(long))) != []


def test_twins_complain_on_either_side():
    assert twins({"a", "b"}, {"a", "b"}) == []
    assert len(twins({"a", "b"}, {"a", "c"})) == 2


@pytest.mark.parametrize(
    "changed",
    [
        STUB.replace("x: float", "y: float"),
        STUB.replace("x: float", "x: float = 1.0"),
        STUB.replace("-> float", "-> int"),
        STUB.replace("Twice x.", "Thrice x."),
        STUB.replace("double", "triple"),
    ],
)
def test_same_exercises_complains_about_a_changed_stub(changed):
    solved = copy.deepcopy(SOUND)
    assert same_exercises(SOUND, solved) == []
    solved["cells"][4]["source"] = [changed]
    assert same_exercises(SOUND, solved) != []


def test_same_exercises_finds_stubs_by_their_check_alone():
    untagged = book(cell(STUB, 1), cell(CHECK, 2))
    assert list(stubs(untagged)) == ["double"]
    assert same_exercises(untagged, book(cell(STUB.replace("Twice", "2"), 1), cell(CHECK, 2))) != []


def test_same_exercises_complains_about_a_missing_exercise():
    assert same_exercises(SOUND, book(*SOUND["cells"][:-1])) != []


def test_same_exercises_asks_for_a_docstring():
    bare = book(cell("def double(x):\n    raise NotImplementedError", 1), cell(CHECK, 2))
    assert same_exercises(bare, bare) != []
