"""Run the notebooks of a class, each in a process of its own, and judge the answers outside it.

    python -m unrolled check class/ --csv marks.csv

`notebooks` finds and reads them, `run` is what happens inside the process, `handed_in` carries
answers out of it as plain data, `marking` starts the processes and judges, `tables` shows.

What a notebook says about itself is believed when it says that an answer is wrong. A right answer
is judged again here, in a process where no code of the notebook has run. What is not defended
against stands in the book, on the page for teachers.
"""

from .marking import Limits, Mark, mark, mark_all

__all__ = ["Limits", "Mark", "mark", "mark_all"]
