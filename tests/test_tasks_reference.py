"""The text that ships with the course: always the same, and plain enough for any model."""

from __future__ import annotations

import hashlib
import tomllib
from importlib import resources
from pathlib import Path

from unrolled import tasks

TEXT = tasks.python_reference()
FILES = "python_reference.txt", "python_reference.LICENSE.txt"


def test_the_text_is_frozen():
    """Stored outputs depend on every character."""
    assert len(TEXT) == 59_914
    digest = "821d25f9e41ae6f290390c59fca3f234e4d1b5c8ed7056f70b2ac62882337fec"
    assert hashlib.sha256(TEXT.encode()).hexdigest() == digest


def test_its_characters_are_plain():
    assert len(set(TEXT)) == 88
    assert all(" " <= character <= "~" or character == "\n" for character in TEXT)
    assert all(line == line.rstrip() for line in TEXT.split("\n"))
    assert TEXT == TEXT.strip() + "\n"
    assert "\n\n\n\n" not in TEXT


def test_it_is_prose_with_code_and_nested_signs():
    assert TEXT.startswith("Execution model\n***************\n")
    assert "\nCompound statements\n*******************\n" in TEXT
    assert TEXT.count("(") == TEXT.count(")") > 200
    assert TEXT.count("[") == TEXT.count("]") > 50
    assert TEXT.count('"') > 1000 and TEXT.count('"') % 2 == 0
    assert "   def whats_on_the_telly(penguin=None):\n       if penguin is None:\n" in TEXT


def test_both_files_are_part_of_an_installed_package():
    text, licence = (
        resources.files("unrolled").joinpath(name).read_text("ascii") for name in FILES
    )
    assert text == TEXT
    assert "Python\n3.11.7" in licence and "Changes made to the text" in licence
    assert "Copyright (c) 2001-2023 Python Software Foundation; All Rights Reserved" in licence
    assert "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n" in licence
    settings = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]["unrolled"]
    folder = Path(tasks.__file__).parent
    shipped = {file.name for pattern in patterns for file in folder.glob(pattern)}
    assert set(FILES) <= shipped
