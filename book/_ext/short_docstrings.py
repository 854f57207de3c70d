"""Read the package's docstrings, whose sections are short: one line ``name: meaning`` each.

::

    Parameters
    ----------
    x: inputs (T, N, D).
    h0: the state before the first step (N, H).

Napoleon takes that for NumPy's longer style, in which the word after the colon is a type; it is
handed over as Google style, which means the same.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

TITLES = {"Parameters": "Args:", "Raises": "Raises:", "Returns": ":returns:"}
NAMED = re.compile(r"^(\w+): ")


def rewrite(lines: list[str]) -> list[str]:
    """Docstring lines with underlined sections turned into indented ones."""
    result: list[str] = []
    inside = ""  # the section that the line stands in
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if line in TITLES and set(below.strip()) == {"-"}:
            inside = line
            result.append(TITLES[line])
        elif inside and set(line.strip()) == {"-"}:
            continue
        elif not line.strip():
            inside = ""
            result.append(line)
        elif inside == "Returns":  # a list when the returned values have names
            named = NAMED.sub(r"- ``\1``: ", line)
            within_item = named == line and result[-1].startswith(("    - ", "      "))
            result.append(f"      {line.strip()}" if within_item else f"    {named}")
        else:
            result.append(f"    {line}" if inside else line)
    return result


def process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = rewrite(lines)


def skip_aliases(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of a NamedTuple, which all say "Alias for field number ..."."""
    return True if (getattr(obj, "__doc__", "") or "").startswith("Alias for field") else None


def setup(app: Sphinx) -> dict:
    app.connect("autodoc-process-docstring", process, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", skip_aliases)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
