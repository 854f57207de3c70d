"""1.4 A mean that ignores padding"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.lesson_01.ex_03 import draw_lengths
from unrolled.exercises.model import Array, Case, CodeExercise, Mistake, every_size


def masked_mean(values: Array, mask: Array) -> float:
    return float(values[mask].mean())


def masked_mean_by_where(values: Array, mask: Array) -> float:
    return np.where(mask, values, 0).sum() / mask.sum()


def draw_values(rng: np.random.Generator, T: int, N: int) -> dict[str, Any]:
    mask = np.arange(T)[:, None] < draw_lengths(rng, T, N)
    return {"values": rng.uniform(1, 2, size=(T, N)), "mask": mask}


def values_cases(rng: np.random.Generator) -> list[Case]:
    odd = draw_values(rng, T=4, N=3)
    odd["values"][~odd["mask"]] = np.nan
    return [*every_size(draw_values)(rng), Case(odd, {"T": 4, "N": 3}, "NaN in the padding")]


EXERCISE = CodeExercise(
    "1.4",
    "A mean that ignores padding",
    difficulty=1,
    minutes=6,
    task="Write `masked_mean`, the mean of the values at real steps, all of the same weight.",
    hints=(
        "How many numbers are added up? Divide by that many. And what if a pad holds NaN?",
        "`values[mask]` is a flat array of the real values only.",
    ),
    reference=masked_mean,
    also_right=(masked_mean_by_where, lambda values, mask: np.average(values[mask])),
    cases=values_cases,
    outputs={"mean": ""},
    mistakes=(
        Mistake(
            "The mask is not used: this is the mean over padding and all.",
            lambda values, mask: values.mean(),
        ),
        Mistake(
            "The pads add 0, but they are counted: you divide by T·N. Divide by the number of "
            "real steps.",
            lambda values, mask: (values * mask).mean(),
        ),
        Mistake(
            "The pads add 0, but they are counted in the mean. Divide by the number of real steps.",
            lambda values, mask: np.where(mask, values, 0).mean(),
        ),
        Mistake(
            "Right as long as the padding holds numbers, but 0 times NaN is NaN. Choose the "
            "real values, do not multiply the others away.",
            lambda values, mask: (values * mask).sum() / mask.sum(),
        ),
        Mistake(
            "This is the mean of the sequences' means: a step of a short sequence weighs more "
            "than one of a long sequence. All real steps weigh the same here.",
            lambda values, mask: np.mean(np.where(mask, values, 0).sum(axis=0) / mask.sum(axis=0)),
        ),
        Mistake("This is the sum.", lambda values, mask: values[mask].sum()),
        Mistake(
            "The sum is divided by the number of sequences. Divide by the number of real steps.",
            lambda values, mask: values[mask].sum() / values.shape[1],
        ),
        Mistake(
            "The sum is divided by T. Divide by the number of real steps.",
            lambda values, mask: values[mask].sum() / len(values),
        ),
        Mistake(
            "NaN is left out, but the other pads are still added up. Choose by the mask.",
            lambda values, mask: np.nansum(values) / mask.sum(),
        ),
        Mistake(
            "NaN is left out, but the other pads are still counted, as zeros. Choose by the mask.",
            lambda values, mask: np.nanmean(values * mask),
        ),
        Mistake(
            "This is the mean of the steps' means: a step at which few sequences are left "
            "weighs as much as a full one. All real values weigh the same here.",
            lambda values, mask: np.mean(np.where(mask, values, 0).sum(axis=1) / mask.sum(axis=1)),
        ),
        Mistake(
            "This is the mean over the pads: the mask is True at REAL steps.",
            lambda values, mask: values[~mask].sum() / max(1, (~mask).sum()),
        ),
    ),
)
