"""Every exercise of every lesson: stubs, right answers and every mistake are told apart."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from unrolled import exercises
from unrolled.exercises.model import Exercise
from unrolled.exercises.selftest import problems

FILES = sorted(Path(exercises.__file__).parent.glob("lesson_*/ex_*.py"))


def test_every_file_is_in_the_catalogue_under_its_own_number() -> None:
    assert FILES, "no lesson_*/ex_*.py in unrolled.exercises"
    numbers = [[int(part.split("_")[1]) for part in (f.parent.name, f.stem)] for f in FILES]
    assert list(exercises.catalogue()) == [f"{lesson}.{n}" for lesson, n in numbers]
    for id, file in zip(exercises.catalogue(), FILES, strict=True):
        name = f"unrolled.exercises.{file.parent.name}.{file.stem}"
        module = importlib.import_module(name)
        assert module.EXERCISE is exercises.find(id)
        assert module.__doc__ == f"{id} {module.EXERCISE.title}"


@pytest.mark.parametrize("exercise", exercises.catalogue().values(), ids=exercises.catalogue())
def test_exercise_tells_right_answers_from_every_mistake(exercise: Exercise) -> None:
    assert problems(exercise) == []
