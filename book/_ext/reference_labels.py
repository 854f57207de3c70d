"""Labels in the list of references that say what the text says: Hochreiter and Schmidhuber, 1997.

sphinxcontrib-bibtex cites by author and year, and would label the list by initials, [HS97].
"""

from __future__ import annotations

from typing import Any

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style as Alpha
from pybtex.style.labels.alpha import LabelStyle
from sphinx.application import Sphinx


class AuthorYearLabels(LabelStyle):
    """Author and year; letters tell apart what would be the same, as in the style it is made of."""

    def format_label(self, entry: Entry) -> str:
        people = entry.persons["author"]
        names = [" ".join(map(str, p.rich_prelast_names + p.rich_last_names)) for p in people]
        authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return f"{authors}, {entry.fields.get('year', 'n.d.')}"


class Style(Alpha):
    """The list as it was, under other labels."""

    default_label_style = AuthorYearLabels


def setup(app: Sphinx) -> dict[str, Any]:
    register_plugin("pybtex.style.formatting", "author_year", Style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
