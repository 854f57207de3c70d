#!/usr/bin/env python3
"""Build, read and check Unrolled. Needs Python 3.11 or newer and nothing else.

    python do.py book              build the site into _build/html
    python do.py serve [PORT]      show the site in your browser (port 8000)
    python do.py take-away         make of it one zip to unpack and one PDF to print
    python do.py lab               open the lessons in JupyterLab
    python do.py test              check everything: code, notebooks, book, site
    python do.py store NOTEBOOK... run notebooks and store their text outputs (for authors)

Everything is installed into the folder .venv beside this file and nowhere else.
"""

import errno
import functools
import hashlib
import http.server
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
import webbrowser
from pathlib import Path


def version_problem(version):
    """Say why this Python will not do; None when it will."""
    if tuple(version[:2]) >= (3, 11):
        return None
    return "Unrolled needs Python 3.11 or newer; this is Python {}.{}.".format(*version[:2])


if version_problem(sys.version_info):
    sys.exit("do.py: " + version_problem(sys.version_info))

ROOT = Path(__file__).resolve().parent
ENV = ROOT / ".venv"
BIN = ENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
INSTALLED = ENV / "unrolled.stamp"  # written last: without it .venv is half made
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
HTML = BUILD / "html"
BUILT = BUILD / "book.stamp"  # written last: without it _build/html is half made

LOCK = "requirements.lock"  # constraints.txt with hashes, for one system
LOCKED_SYSTEM = ("Linux", "x86_64", (3, 11))
TORCH = "2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
DISK = 3e9  # bytes that .venv and pip need while installing
NOTEBOOKS = ("lessons", "solutions", "book")
BROWSERS = (  # the one without a window of its own is more than twice as fast
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
BROWSER_FILES = (  # where macOS and Windows keep them, off the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
STYLED = ("src", "tests", "do.py", "conftest.py", "book/_ext", "benchmarks")
EXECUTION = {  # what every execution of a notebook sees
    "OMP_NUM_THREADS": "1",  # small networks are slower, not faster, with more threads
    "PYTHONHASHSEED": "0",
    "UNROLLED_QUIET": "1",  # no progress bars
}
STARTED = time.monotonic()


class Stop(Exception):
    """The one sentence that ends a run."""


def say(text):
    """Print a line with the seconds since the start, at once."""
    print(f"[{time.monotonic() - STARTED:4.0f} s] {text}", flush=True)


def variables_of_child(**variables):
    """The environment of a command: the caller's without what could change results, and ours."""
    changing = ("PYTHON", "UNROLLED_", "MPLBACKEND", "OMP_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(changing)}
    env.update(PYTHONUTF8="1", JUPYTER_PREFER_ENV_PATH="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    env.update({"OMP_NUM_THREADS": EXECUTION["OMP_NUM_THREADS"], **variables})
    return env


def call(*command, heartbeat=False, **variables):
    """Run a command in the project's folder, with these variables; return its exit code."""
    env = variables_of_child(**variables)
    # A group of its own: Ctrl-C reaches do.py alone, which then ends the whole group.
    windows = os.name == "nt"
    group = {"creationflags": 0x200} if windows else {"process_group": 0}
    process = subprocess.Popen([str(word) for word in command], cwd=ROOT, env=env, **group)
    try:
        while True:
            try:
                return process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                if heartbeat:
                    say("... still at it")
    except BaseException:
        process.terminate() if windows else os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise


def run(*command, why, **variables):
    """Run a command; when it fails, stop with the sentence `why`."""
    if call(*command, **variables):
        raise Stop(why)


def remove(path):
    """Delete a folder or a file; that it does not exist is fine."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def digest(files, *values):
    """Fingerprint of files (names and contents) and of values."""
    total = hashlib.sha256(repr(values).encode())
    for file in sorted(files):
        total.update(f"\0{file.relative_to(ROOT).as_posix()}\0".encode() + file.read_bytes())
    return total.hexdigest()


# --- the environment ---------------------------------------------------------------------


def wanted_environment():
    """What .venv must have been made from: this Python and folder, then these requirements."""
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt", *ROOT.glob(LOCK)]
    return f"{sys.version!r} {ROOT}\n{digest(files, TORCH)}\n"


def environment():
    """The steps that are missing until .venv is what pyproject.toml and constraints.txt say."""
    if INSTALLED.exists() and INSTALLED.read_text(encoding="utf-8") == wanted_environment():
        return []
    return [
        ("making .venv", make_venv),
        ("installing torch (CPU build, about 200 MB)", install_torch),
        ("installing the other packages (about 300 MB)", install_packages),
    ]


def make_venv():
    """Make .venv anew, unless a whole one of the same Python only needs an update."""
    before = INSTALLED.read_text(encoding="utf-8") if INSTALLED.exists() else ""
    remove(INSTALLED)
    if before.split("\n")[0] == wanted_environment().split("\n")[0]:
        return
    remove(ENV)
    check_disk(shutil.disk_usage(ROOT).free)
    try:
        import venv

        venv.create(ENV, with_pip=True, symlinks=os.name != "nt")
    except (ImportError, subprocess.CalledProcessError):
        raise Stop(
            "Python's venv module is not whole; on Debian: apt install python3-venv"
        ) from None


def check_disk(free):
    """Stop when an installation would fill the disk."""
    if free < DISK:
        raise Stop(f"{DISK / 1e9:.0f} GB of free disk are needed, {free / 1e9:.1f} GB are left.")


def torch_requirement(system, machine, wish=None):
    """What to ask pip for.

    Plain torch is the CPU build on macOS and Windows; on Linux it is the CUDA build of several
    GB, so that the CPU build is asked for by name. UNROLLED_TORCH overrules it.
    """
    if wish:
        return wish.split()
    if system == "Linux" and machine in ("x86_64", "aarch64"):
        return [f"torch=={TORCH}+cpu", "--extra-index-url", CPU_INDEX]
    return [f"torch=={TORCH}"]


def pip(*arguments):
    """`pip install` in .venv: with its own progress on a terminal, else with a sign of life."""
    terminal = sys.stdout.isatty()
    quiet = [] if terminal else ["--quiet"]
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    return call(*command, *arguments, heartbeat=not terminal)


def install_torch():
    """Install torch alone, never drawing CUDA in unasked."""
    wish = os.environ.get("UNROLLED_TORCH")
    asked = torch_requirement(platform.system(), platform.machine(), wish)
    # An index out of reach should cost seconds where pip has torch elsewhere: patience second.
    if pip("--no-deps", "--retries", "0", "--timeout", "5", *asked):
        say("once more, with pip's own patience")
        if pip("--no-deps", *asked):
            raise Stop(
                f"pip could not install {asked[0]}: is the network up, {CPU_INDEX} in reach, this "
                "Python known to torch? Another build can be named in UNROLLED_TORCH."
            )
    if not wish and any(word in torch_needs() for word in ("nvidia", "cuda")):
        raise Stop("pip chose the CUDA build of torch, which is taken only if UNROLLED_TORCH asks.")


def site_packages():
    """The folder (on a half-made environment: none) into which pip installs."""
    return [*ENV.glob("lib/python*/site-packages"), *ENV.glob("Lib/site-packages")]


def torch_needs():
    """What the installed torch requires, in the words of its metadata."""
    files = [file for place in site_packages() for file in place.glob("torch-*.dist-info/METADATA")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return "\n".join(line for line in lines if line.startswith("Requires-Dist:"))


def locked(system, machine, version):
    """Whether the lock was made for this system, so that each package must match its hash."""
    return (ROOT / LOCK).exists() and (system, machine, tuple(version[:2])) == LOCKED_SYSTEM


def install_pinned():
    """Install the tested versions and the project itself; return pip's exit code.

    The lock names every package that is installed, so that pip has nothing to look for; and the
    project is built by what the lock has brought.
    """
    if locked(platform.system(), platform.machine(), sys.version_info):
        say(f"each package has to match its hash in {LOCK}")
        return pip("--require-hashes", "--no-deps", "--requirement", LOCK) or pip(
            "--no-deps", "--no-build-isolation", "--editable", "."
        )
    say("no hashes for this system and Python: versions alone, from constraints.txt")
    return pip("--constraint", "constraints.txt", "--editable", ".[test]")


def install_packages():
    """Install everything else at the tested versions; the stamp comes last."""
    if install_pinned():
        raise Stop("pip could not install the packages (network down, disk full?): see above.")
    imports = "import jupyter_book, matplotlib, nbval, numpy, torch"
    run(PYTHON, "-c", imports, why="the packages are installed but cannot be imported.")
    INSTALLED.write_text(wanted_environment(), encoding="utf-8")


# --- the book ----------------------------------------------------------------------------


def fingerprint():
    """What the notebooks' outputs depend on, beside the notebooks: package, versions, settings."""
    versions = sorted(path.name for place in site_packages() for path in place.glob("*.dist-info"))
    derived = ("__pycache__", "unrolled.egg-info")
    sources = [p for p in (ROOT / "src").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    sources = [p for p in sources if not set(derived) & set(p.parts)]
    return digest([*sources, ROOT / "constraints.txt"], sys.version, versions, EXECUTION)


def fresh_cache(empty=False):
    """Empty the cache of outputs when it was made by other sources: it only knows notebooks."""
    stamp, now = BUILD / "cache.stamp", fingerprint()
    if empty or not stamp.exists() or stamp.read_text(encoding="utf-8") != now:
        remove(stamp)
        remove(CACHE)
        BUILD.mkdir(exist_ok=True)
        stamp.write_text(now, encoding="utf-8")


def build_book():
    """Build every page again; only outputs of unchanged notebooks and sources are reused."""
    fresh_cache()
    for leftover in (BUILT, HTML, BUILD / ".doctrees", BUILD / "jupyter_execute"):
        remove(leftover)
    book = [BIN / "jupyter-book", "build", ".", "-W", "-n", "--keep-going"]
    run(*book, why="the book has errors or warnings: see above.", **EXECUTION)
    BUILT.write_text(fingerprint(), encoding="utf-8")
    say(f"the book is built: open {(HTML / 'index.html').as_uri()}")


def serve(port):
    """Serve the built book on this machine alone, until Ctrl-C."""

    class Pages(http.server.SimpleHTTPRequestHandler):
        extensions_map = {".js": "text/javascript", ".svg": "image/svg+xml"}  # Windows may differ

        def log_message(self, *_):
            """Say nothing for each request."""

    class Server(http.server.ThreadingHTTPServer):
        allow_reuse_address = os.name != "nt"  # there it would share a port in use

    try:
        server = Server(("127.0.0.1", port), functools.partial(Pages, directory=str(HTML)))
    except (OSError, OverflowError):
        raise Stop(f"port {port} is not free; try: python do.py serve {port + 1}") from None
    address = f"http://127.0.0.1:{server.server_port}/"
    say(f"reading at {address} (Ctrl-C ends it)")
    webbrowser.open(address)
    with server:
        server.serve_forever()


def lab():
    """Open JupyterLab in lessons/; its file browser reaches the solutions too."""
    places = [f"--ServerApp.root_dir={ROOT}", "--LabApp.default_url=/lab/tree/lessons"]
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # containers
    # The reader's own file: which exercises were passed, in whichever notebook.
    kept = os.environ.get("UNROLLED_PROGRESS") or str(ROOT / "progress.json")
    why = "JupyterLab ended with an error: see above."
    run(PYTHON, "-m", "jupyterlab", *places, *root, why=why, UNROLLED_PROGRESS=kept)


# --- notebooks ---------------------------------------------------------------------------


def stored(executed, source):
    """The form in which a notebook is kept: text outputs, stable cell ids, little metadata."""
    cells = executed["cells"]
    for number, (cell, original) in enumerate(zip(cells, source["cells"], strict=True), 1):
        cell["id"] = original.get("id") or f"cell-{number:02d}"
        for key in ("execution", "ExecuteTime", "collapsed", "scrolled"):
            cell["metadata"].pop(key, None)
        if "outputs" in cell:
            cell["outputs"] = text_outputs(cell["outputs"])
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def text_outputs(outputs):
    """Outputs without pictures; a stream in one piece, as where it was cut is chance."""
    kept = []
    for output in outputs:
        for part in (output.get("data", {}), output.get("metadata", {})):
            for mime in list(part):
                if mime.startswith(("image/", "application/vnd.", "application/pdf")):
                    del part[mime]
        if kept and "name" in output and output["name"] == kept[-1].get("name"):
            kept[-1]["text"] += output["text"]
        else:
            kept.append(output)
    return kept


def store(path):
    """Run one notebook from the top and store its outputs; a failing one stays as it was."""
    target = path.with_name(path.stem + ".executed.ipynb")
    command = [PYTHON, "-m", "nbconvert", "--log-level=WARN", "--to=notebook", "--execute", path]
    options = ["--ExecutePreprocessor.kernel_name=python3", "--output", target.name]
    quick = ["--ExecutePreprocessor.record_timing=False", "--NotebookClient.coalesce_streams=True"]
    strict = {"UNROLLED_STRICT": "1"} if path.parent.name == "solutions" else {}
    why = f"{path.name} did not run and is unchanged: see above."
    try:
        run(*command, *options, *quick, why=why, **EXECUTION, **strict)
        executed = json.loads(target.read_text(encoding="utf-8"))
        notebook = stored(executed, json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        target.write_text(text, encoding="utf-8", newline="\n")
        target.replace(path)
    finally:
        remove(target)


# --- the gate ----------------------------------------------------------------------------


def check_style():
    """Ruff's rules and formatting."""
    for words in (["check"], ["format", "--check"]):
        run(PYTHON, "-m", "ruff", *words, *STYLED, why="ruff complains: see above.")


def pytest(*arguments, **variables):
    """Run pytest as the gate does: nothing collected and a skipped test are failures."""
    variables.update(UNROLLED_GATE="1", **EXECUTION)
    run(PYTHON, "-m", "pytest", *arguments, why="tests failed: see above.", **variables)


def check_notebooks(folder):
    """Execute every notebook of a folder once and compare its outputs strictly."""
    strict = {"UNROLLED_STRICT": "1"} if folder == "solutions" else {}
    options = ["--nbval", "--nbval-current-env", *workers(), "--dist=loadfile"]
    pytest(folder, *options, UNROLLED_CACHE=str(CACHE), **strict)


def workers():
    """Two workers where there are two processors."""
    return ["-n", str(min(2, os.cpu_count() or 1))]


def cached():
    """Read the cache of outputs: notebook -> (was verified, when last used)."""
    import sqlite3

    with sqlite3.connect(CACHE / "global.db") as database:
        rows = database.execute("SELECT uri, data, accessed FROM nbcache").fetchall()
    return {Path(uri): (json.loads(data).get("verified"), used) for uri, data, used in rows}


def check_book():
    """Build the book from the outputs that were just verified, and from no others."""
    before = cached()
    build_book()
    after = cached()
    notebooks = {path for folder in NOTEBOOKS for path in (ROOT / folder).glob("*.ipynb")}
    if set(before) != notebooks or set(after) != notebooks:
        raise Stop("the cache does not hold the verified outputs of exactly these notebooks.")
    for path, (verified, used) in after.items():
        if not verified or used == before[path][1]:
            raise Stop(f"the book does not show the verified outputs of {path.name}.")
    say(f"the book executed 0 notebooks and shows the verified outputs of {len(after)}")


def browser():
    """Find a Chromium, Chrome or Edge: UNROLLED_BROWSER, or on the PATH, or in its usual place."""
    named = [os.environ.get("UNROLLED_BROWSER"), *map(shutil.which, BROWSERS), *BROWSER_FILES]
    return next((path for path in named if path and Path(path).exists()), None)


def named_browser():
    """The variable that names the browser; nothing when Playwright's own has to serve."""
    return {"UNROLLED_BROWSER": browser()} if browser() else {}


def fetch_browser():
    """Let Playwright bring a browser where there is none."""
    if not browser():
        say("no Chromium, Chrome or Edge here: fetching the one that Playwright brings")
        fetch = [PYTHON, "-m", "playwright", "install", "chromium"]
        run(*fetch, why="no Chromium, Chrome or Edge is installed, and none could be fetched.")


def take_away():
    """Make of the built site one zip and one PDF, beside the page that offers them."""
    why = "the zip and the PDF could not be made: see above."
    run(PYTHON, ROOT / "book/_ext/take_away.py", HTML, why=why, **named_browser())


def check_site():
    """The built site in a real browser."""
    pytest("tests/site", *workers(), **named_browser())


def check_tools():
    """What would fail late fails now."""
    fetch_browser()
    for folder in NOTEBOOKS:
        if not list((ROOT / folder).glob("*.ipynb")):
            raise Stop(f"there is no notebook in {folder}/.")


def test():
    """The steps of the gate."""
    steps = [
        ("browser and notebooks are there", check_tools),
        ("style", check_style),
        ("the package's tests", lambda: pytest("tests", "--ignore=tests/site", *workers())),
        ("emptying the cache of outputs", lambda: fresh_cache(empty=True)),
    ]
    for folder in NOTEBOOKS:
        title = f"{folder}/ against the stored outputs"
        steps.append((title, functools.partial(check_notebooks, folder)))
    steps += [
        ("the book from scratch, warnings as errors", check_book),
        ("the zip and the PDF", take_away),
        ("the site in a browser", check_site),
    ]
    return [*steps, ("summary", lambda: say("everything passed"))]


# --- the command line --------------------------------------------------------------------


def steps_of(arguments):
    """Turn the command line into numbered steps: (title, action) pairs."""
    command, *rest = arguments or [None]
    if command == "serve" and len(rest) <= 1 and all(word.isdigit() for word in rest):
        build = [] if BUILT.exists() else [*environment(), ("building the book", build_book)]
        return [*build, ("serving the book", lambda: serve(int(rest[0]) if rest else 8000))]
    if command == "take-away" and not rest:
        build = [] if BUILT.exists() else [("building the book", build_book)]
        made = [("a browser to print with", fetch_browser), ("the zip and the PDF", take_away)]
        return [*environment(), *build, *made]
    if command == "store" and rest:
        paths = [Path(word).resolve() for word in rest]
        for path in paths:
            if path.suffix != ".ipynb" or not path.is_file():
                raise Stop(f"{path} is not a notebook.")
        runs = [(f"running {path.name}", functools.partial(store, path)) for path in paths]
        return [*environment(), *runs]
    if command in ("book", "test", "lab") and not rest:
        own = {"book": [("building the book", build_book)], "lab": [("JupyterLab", lab)]}
        return [*environment(), *(test() if command == "test" else own[command])]
    raise Stop(f"'{' '.join(arguments)}' is not a command.\n{__doc__.split(chr(10), 1)[1]}")


def main(arguments):
    """Run the steps; say in one sentence why they ended early."""
    place = ""
    try:
        steps = steps_of(arguments)
        for number, (title, action) in enumerate(steps, 1):
            place = f"step {number} of {len(steps)}, {title}: "
            say(f"step {number} of {len(steps)}: {title}")
            action()
    except Stop as problem:
        return f"do.py: {place}{problem}"
    except KeyboardInterrupt:
        return f"\ndo.py: {place}stopped by Ctrl-C or a signal."
    except OSError as problem:
        full = "the disk is full." if problem.errno == errno.ENOSPC else str(problem)
        return f"do.py: {place}{full}"
    return 0


if __name__ == "__main__":
    for name in {"SIGTERM", "SIGHUP"} & set(dir(signal)):  # end like Ctrl-C: with the children
        signal.signal(getattr(signal, name), signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
