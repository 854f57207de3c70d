"""Every exercise of every lesson: stubs, right answers and every mistake are told apart."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from unrolled import exercises
from unrolled.exercises.model import Exercise
from unrolled.exercises.selftest import problems

FILES = sorted(Path(exercises.__file__).parent.glob("lesson_*.py"))


def test_every_file_is_in_the_catalogue_and_ids_are_unique() -> None:
    assert FILES, "no lesson_*.py in unrolled.exercises"
    ids = []
    for file in FILES:
        module = importlib.import_module(f"unrolled.exercises.{file.stem}")
        assert {each.lesson for each in module.EXERCISES} == {int(file.stem.split("_")[1])}
        ids += [each.id for each in module.EXERCISES]
    assert ids == list(exercises.catalogue())


@pytest.mark.parametrize("exercise", exercises.catalogue().values(), ids=exercises.catalogue())
def test_exercise_tells_right_answers_from_every_mistake(exercise: Exercise) -> None:
    assert problems(exercise) == []
