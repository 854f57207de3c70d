"""The licences of everything that the book is built with, from the packages' own metadata.

.venv/bin/python book/_ext/licences.py      (writes book/_licences.md)
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "book" / "_licences.md"
CLASSIFIER = "License :: "
LONGEST = 60  # characters of a licence field: beyond it is the text, not the name


def pinned() -> dict[str, str]:
    """Name and version of every package in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def licence(name: str) -> str | None:
    """What a package says of its licence: an expression, else a field, else its classifiers.

    None for a package that is not installed: some are for one system only.
    """
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return None
    if expression := said.get("License-Expression"):
        return expression
    kinds = [line for line in said.get_all("Classifier", []) if line.startswith(CLASSIFIER)]
    kinds = [line.split(" :: ")[-1] for line in kinds]
    kinds = [kind for kind in kinds if kind not in {"OSI Approved", "DFSG approved"}]
    field = (said.get("License") or "").strip()
    if field and len(field) <= LONGEST and "\n" not in field and field != "UNKNOWN":
        return field
    return "; ".join(kinds) or "see the package"


def table() -> str:
    """The table in Markdown, one package a row."""
    rows = ["| package | version | licence |", "| --- | --- | --- |"]
    for name, version in sorted(pinned().items(), key=lambda item: item[0].lower()):
        said = licence(name)
        if said:
            rows.append(f"| {name} | {version} | {re.sub(r'[|]', '/', said)} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8", newline="\n")
