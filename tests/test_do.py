"""The logic of do.py and of the root conftest.py that can be wrong without anybody noticing."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import tomllib
import venv
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_cache import get_cache

ROOT = Path(__file__).parents[1]


@pytest.fixture
def do(monkeypatch):
    """A fresh copy of the module do.py, without the caller's settings."""
    for name in [name for name in os.environ if name.startswith("UNROLLED_")]:
        monkeypatch.delenv(name)
    spec = importlib.util.spec_from_file_location("do_under_test", ROOT / "do.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(do, tmp_path, monkeypatch):
    """do.py working on a small project of its own."""
    (tmp_path / "src" / "unrolled").mkdir(parents=True)
    (tmp_path / "src" / "unrolled" / "rnn.py").write_text("a = 1\n")
    (tmp_path / "constraints.txt").write_text("numpy==2.0\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for name in ("ENV", "BIN", "PYTHON", "INSTALLED", "BUILD", "CACHE", "HTML", "BUILT"):
        monkeypatch.setattr(do, name, tmp_path / getattr(do, name).relative_to(ROOT))
    monkeypatch.setattr(do, "ROOT", tmp_path)
    do.CACHE.mkdir(parents=True)
    (do.ENV / "lib/python3.11/site-packages/numpy-2.0.dist-info").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def commands(do, monkeypatch):
    """What do.py would have run; nothing is run, and everything succeeds."""
    seen = []
    monkeypatch.setattr(venv, "create", lambda *words, **_: seen.append((("venv",), {})))
    monkeypatch.setattr(do, "call", lambda *words, **variables: seen.append((words, variables)))
    return seen


# --- the command line ----------------------------------------------------------------------


def test_an_old_python_can_read_do_py_and_is_told():
    source = (ROOT / "do.py").read_text(encoding="utf-8")
    module = ast.parse(source, feature_version=(3, 6))
    imports = [node for node in module.body if isinstance(node, ast.ImportFrom)]
    assert "__future__" not in {node.module for node in imports}, "3.6 has no annotations there"
    # The version is looked at before anything else is done.
    kinds = [type(node).__name__ for node in module.body]
    assert set(kinds[: kinds.index("If")]) <= {"Expr", "Import", "ImportFrom", "FunctionDef"}
    assert "sys.exit" in ast.unparse(module.body[kinds.index("If")])


def test_the_sentence_for_an_old_python(do):
    assert "3.11 or newer" in do.version_problem((3, 10, 14))
    assert "this is Python 3.6" in do.version_problem((3, 6, 0))
    assert do.version_problem((2, 7)) is not None
    assert do.version_problem((3, 11, 0)) is None
    assert do.version_problem((4, 0, 0)) is None


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["bok"],
        ["book", "now"],
        ["take-away", "now"],
        ["serve", "x"],
        ["serve", "1", "2"],
        ["store"],
    ],
)
def test_an_unknown_command_is_one_message_and_no_traceback(words):
    result = subprocess.run(
        [sys.executable, ROOT / "do.py", *words], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"do.py: '{' '.join(words)}' is not a command.")
    assert "python do.py book" in result.stderr
    assert "Traceback" not in result.stderr


def test_store_wants_notebooks(do, tmp_path):
    assert "is not a notebook" in do.main(["store", str(tmp_path / "missing.ipynb")])


def test_a_failing_step_is_named_and_ends_the_run(do, monkeypatch, capsys):
    def fail():
        raise do.Stop("it broke.")

    steps = [("first", lambda: None), ("second", fail), ("third", lambda: print("not reached"))]
    monkeypatch.setattr(do, "steps_of", lambda arguments: steps)
    assert do.main(["book"]) == "do.py: step 2 of 3, second: it broke."
    assert "not reached" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyboardInterrupt(), "by Ctrl-C"),
        (OSError(28, "No space left on device"), "the disk is full"),
        (PermissionError(13, "Permission denied", ".venv"), "Permission denied"),
    ],
)
def test_other_ends_are_sentences_too(do, monkeypatch, error, sentence):
    def fail():
        raise error

    monkeypatch.setattr(do, "steps_of", lambda arguments: [("only", fail)])
    assert sentence in do.main(["book"])


def test_a_failing_command_stops_with_its_sentence(do):
    with pytest.raises(do.Stop, match="so it is"):
        do.run(sys.executable, "-c", "raise SystemExit(3)", why="so it is")
    do.run(sys.executable, "-c", "", why="not this")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_one_sentence_and_leaves_no_child(tmp_path, number):
    script = f"""
    import signal, sys, time
    sys.path.insert(0, {str(ROOT)!r})
    import do
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    do.steps_of = lambda _: [("sleeping", lambda: do.call(sys.executable, "-c", child))]
    sys.exit(do.main(["book"]))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        child = next(int(line) for line in process.stdout if line.strip().isdigit())
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors.strip().startswith("do.py: step 1 of 1, sleeping: stopped")
    assert "Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_settings_of_the_caller_do_not_reach_the_notebooks(do, monkeypatch):
    for name in ("PYTHONPATH", "UNROLLED_STRICT", "MPLBACKEND", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "9")
    script = """
    import os
    assert os.environ["OMP_NUM_THREADS"] == "1" and os.environ["PYTHONHASHSEED"] == "0"
    assert os.environ["UNROLLED_QUIET"] == "1"
    assert not {"PYTHONPATH", "UNROLLED_STRICT", "MPLBACKEND"} & set(os.environ)
    """
    assert do.call(sys.executable, "-c", textwrap.dedent(script), **do.EXECUTION) == 0


# --- the environment -----------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_linux_asks_for_the_cpu_build_by_name(do, machine):
    requirement, *index = do.torch_requirement("Linux", machine)
    assert requirement == f"torch=={do.TORCH}+cpu"
    assert index == ["--extra-index-url", do.CPU_INDEX]


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Windows", "AMD64")])
def test_other_systems_take_plain_torch(do, system, machine):
    assert do.torch_requirement(system, machine) == [f"torch=={do.TORCH}"]


def test_a_wish_for_another_torch_is_heard(do):
    wish = do.torch_requirement("Linux", "x86_64", "torch==2.9 --index-url file:///wheels")
    assert wish == ["torch==2.9", "--index-url", "file:///wheels"]


def test_torch_is_installed_alone_and_impatiently_first(do, project, monkeypatch):
    commands, answers = [], iter([1, 0])
    monkeypatch.setattr(do, "call", lambda *words, **_: commands.append(words) or next(answers))
    do.install_torch()
    assert all("--no-deps" in words for words in commands)
    assert ["--retries" in words for words in commands] == [True, False]


def test_the_cuda_build_never_comes_in_silently(do, project, commands, monkeypatch):
    folder = do.ENV / "lib/python3.11/site-packages/torch-2.13.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Requires-Dist: filelock\n\nIt can use nvidia's cuda.\n")
    do.install_torch()
    (folder / "METADATA").write_text("Requires-Dist: filelock\nRequires-Dist: nvidia-cublas\n")
    with pytest.raises(do.Stop, match="CUDA"):
        do.install_torch()
    monkeypatch.setenv("UNROLLED_TORCH", "torch==2.9")
    do.install_torch()


def test_a_torch_that_cannot_be_found_is_one_sentence(do, project, monkeypatch):
    monkeypatch.setattr(do, "call", lambda *words, **_: 1)
    with pytest.raises(do.Stop, match="pip could not install torch"):
        do.install_torch()


def test_disk_space_is_asked_for_before_anything_is_made(do):
    with pytest.raises(do.Stop, match="3 GB of free disk are needed, 1.0 GB are left"):
        do.check_disk(1e9)
    do.check_disk(1e12)


def test_a_python_without_venv_is_one_sentence(do, project, commands, monkeypatch):
    def no_ensurepip(*_, **__):
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(venv, "create", no_ensurepip)
    monkeypatch.setattr(do, "DISK", 0)
    with pytest.raises(do.Stop, match="apt install python3-venv"):
        do.make_venv()


def test_the_environment_is_made_once_and_again_when_its_needs_change(do, project, commands):
    do.DISK = 0
    steps = do.environment()
    assert len(steps) == 3
    for _, step in steps:
        do.ENV.mkdir(exist_ok=True)  # as venv does
        assert not do.INSTALLED.exists(), "the stamp is written last"
        step()
    assert do.environment() == []
    (project / "constraints.txt").write_text("numpy==2.1\n")
    assert len(do.environment()) == 3


def test_a_failed_installation_leaves_no_stamp(do, project, monkeypatch):
    monkeypatch.setattr(do, "call", lambda *words, **_: 1)
    with pytest.raises(do.Stop, match="could not install the packages"):
        do.install_packages()
    assert not do.INSTALLED.exists()


@pytest.mark.parametrize(
    ("system", "machine", "version", "holds"),
    [
        ("Linux", "x86_64", (3, 11, 9), True),
        ("Linux", "x86_64", (3, 12, 1), False),
        ("Linux", "aarch64", (3, 11, 9), False),
        ("Darwin", "x86_64", (3, 11, 9), False),
    ],
)
def test_hashes_hold_where_the_lock_was_made_for(do, project, system, machine, version, holds):
    assert not do.locked(system, machine, version), "without a lock"
    (project / do.LOCK).touch()
    assert do.locked(system, machine, version) is holds


def test_a_package_with_another_hash_is_not_installed(do, project, monkeypatch, capsys):
    commands, answers = [], iter([1])
    monkeypatch.setattr(do, "locked", lambda *_: True)
    monkeypatch.setattr(do, "call", lambda *words, **_: commands.append(words) or next(answers))
    with pytest.raises(do.Stop, match="could not install the packages"):
        do.install_packages()
    assert len(commands) == 1, "it is not tried again without hashes"
    assert {"--require-hashes", "--no-deps", do.LOCK} <= set(commands[0])
    answers = iter([0, 0, 0])
    do.install_packages()
    assert {"--no-deps", "--no-build-isolation", "--editable"} <= set(commands[2])
    assert "has to match its hash" in capsys.readouterr().out


def test_to_do_without_hashes_is_said_aloud(do, project, commands, monkeypatch, capsys):
    monkeypatch.setattr(do, "locked", lambda *_: False)
    do.install_packages()
    assert {"--constraint", "constraints.txt"} <= set(commands[0][0])
    assert "versions alone" in capsys.readouterr().out


def test_the_lock_changes_the_environment_that_is_wanted(do, project):
    before = do.wanted_environment()
    (project / do.LOCK).write_text("numpy==2.0\n")
    assert do.wanted_environment() != before


def test_an_interrupted_installation_is_repaired(do, project, commands, monkeypatch):
    do.DISK = 0
    do.INSTALLED.write_text(do.wanted_environment())
    (project / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    leftover = do.ENV / "leftover"
    leftover.touch()
    do.make_venv()
    assert leftover.exists(), "a whole environment is updated in place"
    assert not do.INSTALLED.exists(), "from here on it counts as half made"
    assert len(do.environment()) == 3
    do.make_venv()
    assert not leftover.exists(), "a half-made environment is made anew"
    assert commands[-1][0] == ("venv",)


def test_another_python_gets_another_environment(do, project, commands, monkeypatch):
    do.DISK = 0
    do.INSTALLED.write_text(do.wanted_environment().replace(repr(sys.version), "'3.11.0'"))
    do.make_venv()
    assert commands, "venv.create was called"


# --- nothing stale -------------------------------------------------------------------------


def test_the_fingerprint_sees_what_outputs_depend_on(do, project):
    seen = {do.fingerprint()}
    changes = [
        lambda: (project / "src/unrolled/rnn.py").write_text("a = 2\n"),
        lambda: (project / "src/unrolled/lstm.py").write_text(""),
        lambda: (project / "src/unrolled/data.json").write_text("{}"),
        lambda: (project / "src/unrolled/rnn.py").rename(project / "src/unrolled/gru.py"),
        lambda: (project / "constraints.txt").write_text("numpy==2.1\n"),
        lambda: (do.ENV / "lib/python3.11/site-packages/torch-2.dist-info").mkdir(),
        lambda: do.EXECUTION.update(OMP_NUM_THREADS="2"),
    ]
    for number, change in enumerate(changes, 2):
        change()
        seen.add(do.fingerprint())
        assert len(seen) == number


def test_the_fingerprint_does_not_see_what_python_leaves_behind(do, project):
    before = do.fingerprint()
    for folder in ("src/unrolled/__pycache__", "src/unrolled.egg-info"):
        (project / folder).mkdir()
        (project / folder / "file").write_text("x")
    assert do.fingerprint() == before


def test_the_cache_is_emptied_when_the_package_changes(do, project):
    output = do.CACHE / "output"
    do.fresh_cache()
    do.CACHE.mkdir()
    output.touch()
    do.fresh_cache()
    assert output.exists(), "nothing changed: outputs are reused"
    (project / "src/unrolled/rnn.py").write_text("a = 3\n")
    do.fresh_cache()
    assert not output.exists()


def test_old_pages_are_gone_before_a_build_and_a_failed_one_does_not_count(do, project, commands):
    do.HTML.mkdir()
    (do.HTML / "deleted_lesson.html").touch()
    do.build_book()
    assert do.BUILT.exists() and not do.HTML.exists()
    assert {"-W", "-n"} <= set(commands[-1][0])
    do.call = lambda *words, **variables: 1
    with pytest.raises(do.Stop):
        do.build_book()
    assert not do.BUILT.exists()


def test_serve_builds_a_missing_book_first(do, project, monkeypatch):
    monkeypatch.setattr(do, "environment", list)
    titles = [title for title, _ in do.steps_of(["serve"])]
    assert titles == ["building the book", "serving the book"]
    do.BUILT.touch()
    assert [title for title, _ in do.steps_of(["serve"])] == ["serving the book"]


def test_take_away_makes_both_files_of_a_built_book(do, project, commands, monkeypatch):
    monkeypatch.setattr(do, "environment", list)
    monkeypatch.setattr(do, "browser", lambda: "/usr/bin/chromium")
    titles = [title for title, _ in do.steps_of(["take-away"])]
    assert titles == ["building the book", "a browser to print with", "the zip and the PDF"]
    do.BUILT.touch()
    steps = do.steps_of(["take-away"])
    assert [title for title, _ in steps] == titles[1:], "a built book is taken as it is"
    for _, step in steps:
        step()
    ((words, variables),) = commands
    assert words[1:] == (project / "book/_ext/take_away.py", do.HTML)
    assert variables["UNROLLED_BROWSER"] == "/usr/bin/chromium"


def test_take_away_fetches_a_browser_where_there_is_none(do, project, commands, monkeypatch):
    monkeypatch.setattr(do, "browser", lambda: None)
    do.fetch_browser()
    do.take_away()
    assert commands[0][0][1:] == ("-m", "playwright", "install", "chromium")
    assert "UNROLLED_BROWSER" not in commands[1][1], "Playwright then takes its own"
    do.call = lambda *words, **variables: 1
    with pytest.raises(do.Stop, match="could not be made"):
        do.take_away()


def test_a_port_in_use_is_one_sentence(do):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(do.Stop, match=f"port {port} is not free"):
            do.serve(port)


# --- the form of a notebook ----------------------------------------------------------------


def test_stored_keeps_text_and_drops_pictures_and_traces(do):
    def output(**data):
        metadata = dict.fromkeys(data, {"width": 4})
        return {"output_type": "display_data", "data": data, "metadata": metadata}

    figure = {"text/plain": "Figure: a", "image/png": "iVBOR"}
    figure["application/vnd.unrolled.figure+json"] = {"svg": "<svg/>"}
    parts = [{"output_type": "stream", "name": "stdout", "text": text} for text in (["a"], ["b\n"])]
    cell = {
        "cell_type": "code",
        "id": "random",
        "source": ["f()"],
        "execution_count": 1,
        "metadata": {"tags": ["exercise"], "execution": {"iopub.status.busy": "now"}},
        "outputs": [*parts, output(**figure), output(**{"text/html": "<b>"})],
    }
    executed = {"cells": [cell], "metadata": {"widgets": {}}, "nbformat": 4, "nbformat_minor": 5}
    notebook = do.stored(executed, {"cells": [{"id": "first"}]})
    nbformat.validate(nbformat.from_dict(notebook))
    (cell,) = notebook["cells"]
    assert cell["id"] == "first"
    assert cell["metadata"] == {"tags": ["exercise"]}
    stream, figure, html = cell["outputs"]
    assert "".join(stream["text"]) == "ab\n"
    assert figure["data"] == {"text/plain": "Figure: a"}
    assert set(figure["metadata"]) == {"text/plain"}
    assert html["data"] == {"text/html": "<b>"}
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


def test_stored_gives_ids_that_do_not_change(do):
    executed = {"cells": [{"id": "x1", "metadata": {}}, {"id": "x2", "metadata": {}}]}
    cells = do.stored(executed, {"cells": [{}, {"id": "kept"}]})["cells"]
    assert [cell["id"] for cell in cells] == ["cell-01", "kept"]


# --- verified outputs ----------------------------------------------------------------------

BUNDLE = {
    "text/plain": "Figure: a",
    "image/png": "iVBORw0KGgo=",
    "image/svg+xml": "<svg/>",
    "application/vnd.unrolled.figure+json": {"svg": "<svg/>"},
}
SHOW = f"from IPython.display import display\ndisplay({BUNDLE}, raw=True)"
NOTEBOOKS = {  # name: (source, stored output) of each cell
    "good": [("a = 1", None), ("print(a + 1)", "2\n"), ("a + 2", {"text/plain": "3"})],
    "figure": [(SHOW, {"text/plain": "Figure: a"})],
    "other_caption": [(SHOW, {"text/plain": "Figure: b"})],
    "other_output": [("print(1)", "2\n"), ("print(2)", "2\n")],
    "raises": [("print(1)", "1\n"), ("1 / 0", None), ("print(2)", "2\n")],
    "ignored": [("print(1)", "1\n"), ("# NBVAL_IGNORE_OUTPUT\nprint(3)", None)],
    "skipped": [("print(1)", "1\n"), ("# NBVAL_SKIP\nprint(3)", None)],
    "partial": [("print(1)", "1\n"), ("print(2)", "2\n")],
}


def write_notebook(path: Path, cells: list) -> Path:
    """Write a notebook of (source, stored output) cells."""
    written = nbformat.v4.new_notebook()
    for count, (source, output) in enumerate(cells, 1):
        cell = nbformat.v4.new_code_cell(source, execution_count=count)
        if isinstance(output, str):
            cell.outputs = [nbformat.v4.new_output("stream", text=output)]
        elif output:
            cell.outputs = [nbformat.v4.new_output("display_data", data=output)]
        written.cells.append(cell)
    nbformat.write(written, path)
    return path


def run_pytest(folder: Path, *options: str, **variables: str) -> tuple[str, dict]:
    """Run pytest with the root conftest.py in a folder; return its output and what is cached."""
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text(encoding="utf-8"))
    (folder / "pytest.ini").write_text("[pytest]\n")
    cache = folder / "cache"
    changing = ("UNROLLED_", "PYTEST_", "CI", "BUILD_NUMBER")  # under CI pytest says things twice
    kept = {k: v for k, v in os.environ.items() if not k.startswith(changing)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    env = kept | {"UNROLLED_CACHE": str(cache)} | variables
    result = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if not (cache / "global.db").exists():
        return result.stdout, {}
    entries = [
        get_cache(cache).get_cache_bundle(r.pk) for r in get_cache(cache).list_cache_records()
    ]
    return result.stdout, {Path(entry.record.uri).stem: entry for entry in entries}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A strict run over good and bad notebooks: folder, output, cached."""
    folder = tmp_path_factory.mktemp("strict")
    for name, cells in NOTEBOOKS.items():
        write_notebook(folder / f"{name}.ipynb", cells)
    options = ["--nbval", "--nbval-current-env", "--deselect", "partial.ipynb::Cell 1", "-n", "2"]
    return folder, *run_pytest(folder, *options, "--dist=loadfile")


def test_only_notebooks_whose_every_cell_was_verified_are_cached(strict):
    _, output, cached = strict
    assert set(cached) == {"good", "figure"}
    assert "3 failed" in output, "two outputs that differ and an exception"


def test_the_cache_holds_fresh_outputs_with_figures(strict):
    _, _, cached = strict
    assert all(entry.record.data["verified"] is True for entry in cached.values())
    cells = cached["good"].nb.cells
    assert cells[1].outputs[0].text == "2\n"
    assert cells[2].outputs[0].output_type == "execute_result"
    assert cells[2].outputs[0].execution_count == 3
    assert cached["figure"].nb.cells[0].outputs[0].data == BUNDLE


def test_do_reads_the_cache_that_a_run_has_filled(do, strict):
    folder, _, cached = strict
    do.CACHE = folder / "cache"
    before = do.cached()
    assert {path.stem: verified for path, (verified, _) in before.items()} == dict.fromkeys(
        cached, 1
    )
    notebook = nbformat.read(folder / "good.ipynb", 4)
    get_cache(do.CACHE).merge_match_into_notebook(notebook)  # what the book's build does
    after = do.cached()
    assert [path.stem for path in after if after[path] != before[path]] == ["good"]


@pytest.mark.parametrize(
    ("option", "variables"), [("--nbval-lax", {}), ("--nbval", {"UNROLLED_CACHE": ""})]
)
def test_a_lax_run_and_one_by_hand_cache_nothing(tmp_path, option, variables):
    write_notebook(tmp_path / "good.ipynb", NOTEBOOKS["good"])
    output, cached = run_pytest(tmp_path, option, "--nbval-current-env", **variables)
    assert "3 passed" in output
    assert cached == {} and not list(tmp_path.rglob("global.db"))


def test_the_gate_fails_on_skipped_tests(tmp_path):
    skips = [
        "@pytest.mark.skip(reason='no browser')\ndef test_a():\n    pass\n",
        "def test_b():\n    pytest.skip('no browser')\n",
        "pytest.skip('no browser', allow_module_level=True)\n",
        "@pytest.mark.xfail(reason='known')\ndef test_c():\n    assert False\n",
    ]
    for number, source in enumerate(skips):
        (tmp_path / f"test_{number}.py").write_text("import pytest\n\n" + source)
    output, _ = run_pytest(tmp_path)
    assert "3 skipped, 1 xfailed" in output, "elsewhere a skip is a skip"
    output, _ = run_pytest(tmp_path, "--continue-on-collection-errors", UNROLLED_GATE="1")
    assert "1 failed, 1 xfailed, 2 errors" in output, "a test, a mark and a module"
    assert output.count("no browser") >= 3
    assert output.count("A skipped test is a failure here") == 3


# --- the gate ------------------------------------------------------------------------------


def test_the_gate_does_all_of_it_in_order(do, commands, project, monkeypatch):
    for folder in do.NOTEBOOKS:
        (project / folder).mkdir()
        (project / folder / "01.ipynb").touch()
    paths = [project / folder / "01.ipynb" for folder in do.NOTEBOOKS]
    uses = iter(range(100))
    monkeypatch.setattr(do, "cached", lambda: {path: (True, next(uses)) for path in paths})
    monkeypatch.setattr(do, "browser", lambda: "/usr/bin/chromium")
    for _, step in do.test():
        step()
    lines = [" ".join(map(str, words[1:])) for words, _ in commands]
    assert lines[0].startswith("-m ruff check") and lines[1].startswith("-m ruff format --check")
    assert lines[2].startswith("-m pytest tests --ignore=tests/site")
    for line, folder in zip(lines[3:6], do.NOTEBOOKS, strict=True):
        assert line.startswith(f"-m pytest {folder} --nbval --nbval-current-env")
        assert "--dist=loadfile" in line
    assert lines[6].startswith("build . -W -n --keep-going")
    assert lines[7].endswith(f"take_away.py {do.HTML}"), "of the book that was just checked"
    assert len(lines) == 9 and lines[8].startswith("-m pytest tests/site")
    strict = ["UNROLLED_STRICT" in commands[i][1] for i in (3, 4, 5)]
    assert strict == [False, True, False] and commands[4][1]["UNROLLED_STRICT"] == "1"
    assert all(commands[i][1]["UNROLLED_GATE"] == "1" for i in (2, 3, 4, 5, 8))
    assert all(commands[i][1]["UNROLLED_BROWSER"] == "/usr/bin/chromium" for i in (7, 8))


def test_without_a_browser_playwright_fetches_its_own(do, commands, project, monkeypatch):
    monkeypatch.setattr(do, "browser", lambda: None)
    for folder in do.NOTEBOOKS:
        (project / folder).mkdir()
        (project / folder / "01.ipynb").touch()
    do.check_tools()
    do.check_site()
    fetch, site = (" ".join(map(str, words[1:])) for words, _ in commands)
    assert fetch == "-m playwright install chromium"
    assert site.startswith("-m pytest tests/site") and "UNROLLED_BROWSER" not in commands[1][1]


def test_the_gate_misses_a_browser_and_notebooks_at_once(do, project, monkeypatch):
    monkeypatch.setattr(do, "browser", lambda: None)
    monkeypatch.setattr(do, "call", lambda *words, **variables: 1)  # nothing can be fetched
    with pytest.raises(do.Stop, match="no Chromium"):
        do.check_tools()
    monkeypatch.setattr(do, "browser", lambda: "/usr/bin/chromium")
    with pytest.raises(do.Stop, match="no notebook in lessons"):
        do.check_tools()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ({"a": (True, 1)}, {"a": (True, 1)}, "does not show"),  # not used by the build
        ({"a": (None, 1)}, {"a": (None, 2)}, "does not show"),  # executed, not verified
        ({}, {"a": (None, 2)}, "exactly these"),  # executed by the build
        ({"a": (True, 1)}, {"a": (True, 2), "b": (None, 2)}, "exactly these"),  # another one
        ({"a": (True, 1)}, {"a": (True, 2)}, None),
    ],
)
def test_the_book_must_show_what_was_verified(do, project, monkeypatch, before, after, sentence):
    (project / "lessons").mkdir()
    named = {name: project / "lessons" / f"{name}.ipynb" for name in "ab"}
    named["a"].touch()
    states = iter([{named[k]: v for k, v in state.items()} for state in (before, after)])
    monkeypatch.setattr(do, "cached", lambda: next(states))
    monkeypatch.setattr(do, "build_book", lambda: None)
    if sentence is None:
        do.check_book()
    else:
        with pytest.raises(do.Stop, match=sentence):
            do.check_book()


# --- the repository ------------------------------------------------------------------------


def test_no_file_names_a_package_registry():
    pattern = re.compile(rb"\b(pypi|pythonhosted|npmjs|debian)\.(org|com|net)\b")
    derived = {".git", ".venv", "_build", "__pycache__", ".pytest_cache", ".ruff_cache"}
    files = [p for p in ROOT.rglob("*") if p.is_file() and not derived & set(p.parts)]
    assert [str(path) for path in files if pattern.search(path.read_bytes())] == []
    assert pattern.search(b"https://" + b".".join([b"pypi", b"org"]) + b"/simple")


def test_constraints_pin_everything_but_torch_and_the_package():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    names = {line.partition("==")[0].lower() for line in pins}
    assert {"numpy", "jupyter-book", "nbval", "pytest"} <= names
    assert not {"torch", "unrolled"} & names


def test_the_table_of_licences_is_that_of_the_pinned_packages(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    licences = importlib.import_module("licences")
    lines = licences.TABLE.read_text(encoding="utf-8").splitlines()[2:]
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in lines]
    listed = {name: version for name, version, _ in rows}
    assert licences.table().count("\n") > 100
    how = "run `.venv/bin/python book/_ext/licences.py`"
    assert listed == licences.pinned(), how
    other = [name for name, _, said in rows if licences.licence(name) not in (None, said)]
    assert other == [], how


def test_the_workflow_runs_the_gate():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    steps = {name: json.dumps(job["steps"]) for name, job in workflow["jobs"].items()}
    assert ".ci/run" in steps["test"]
    assert "python do.py book" in steps["book"]
    assert workflow["jobs"]["publish"]["needs"] == "test"
    assert "pip-audit" in steps["audit"] and "constraints.txt" in steps["audit"]
    assert workflow["permissions"] == {"contents": "read"}
    # Only the job that runs nothing of ours may write, and to the site alone.
    more = {
        name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job
    }
    assert more == {"publish": {"pages": "write", "id-token": "write"}}
    assert "run" not in {key for step in workflow["jobs"]["publish"]["steps"] for key in step}
    fetched = [
        step["with"]
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout")
    ]
    assert [kept for kept in fetched if kept.get("persist-credentials", True)] == []
    assert os.access(ROOT / ".ci/run", os.X_OK) or os.name == "nt"


def test_binder_has_the_same_torch(do):
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert f"torch=={do.TORCH}+cpu" in lines
    assert f"--extra-index-url {do.CPU_INDEX}" in lines
    assert "--constraint ../constraints.txt" in lines, "the tested versions"
    assert "--editable .[lessons]" in lines
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(
        line.startswith("jupyterlab>=") for line in package["optional-dependencies"]["lessons"]
    )
    runtime = (ROOT / ".binder/runtime.txt").read_text(encoding="utf-8").strip()
    assert f">={runtime.removeprefix('python-')}" == package["requires-python"]
    start = (ROOT / ".binder/start").read_text(encoding="utf-8")
    assert f"export OMP_NUM_THREADS={do.EXECUTION['OMP_NUM_THREADS']}" in start
    assert start.endswith('exec "$@"\n') and (
        os.access(ROOT / ".binder/start", os.X_OK) or os.name == "nt"
    )


def test_the_lock_is_the_constraints_with_hashes(do):
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {line.lower().replace("_", "-") for line in constraints if re.match(r"\w", line)}
    text = (ROOT / do.LOCK).read_text(encoding="utf-8")
    entries = re.findall(
        r"^(\S+==\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)", text, re.M
    )
    locked = {entry.lower().replace("_", "-") for entry, _ in entries}
    assert {re.sub(r"\.(?=.*==)", "-", pin) for pin in pins} - {
        re.sub(r"\.(?=.*==)", "-", pin) for pin in locked
    } == set()
    assert {name.partition("==")[0] for name in locked - pins} <= {"wheel"}, "and what builds"
    assert text.count("==") == len(entries) and "://" not in text


@pytest.mark.parametrize("wish", [None, "elsewhere.json"])
def test_the_lab_keeps_the_readers_progress(do, monkeypatch, wish):
    monkeypatch.delenv("UNROLLED_PROGRESS", raising=False)
    if wish:
        monkeypatch.setenv("UNROLLED_PROGRESS", wish)
    given = {}
    monkeypatch.setattr(do, "run", lambda *command, **options: given.update(options))
    do.lab()
    assert given["UNROLLED_PROGRESS"] == (wish or str(do.ROOT / "progress.json"))
