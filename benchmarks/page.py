"""What the book's page on speed shows of the results: tables, sentences with numbers, figures.

``python benchmarks/page.py`` makes them again from the results that are stored.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PIECES = ROOT / "book" / "_speed"
Results = dict[str, Any]
Rows = list[dict[str, Any]]

STRATEGIES = {
    "full": "full",
    "truncated": "truncated, 50 steps",
    "randomized": "randomized, 50 on average",
    "checkpointed": "checkpointed, √T states",
    "torch": "torch, full",
}


def texts(results: Results) -> dict[str, str]:
    """Each piece of text by the name of its file."""
    return {
        "machine.md": machine(results),
        "kernels.md": kernels(results["kernels"]["rows"]),
        "growth.md": growth(results["growth"]["rows"]),
        "threads.md": threads(results["threads"]["rows"]),
        "flow.md": flow(results["flow"]["rows"]),
    }


def machine(results: Results) -> str:
    """The computer, and how busy it was."""
    of = results["machine"]
    load = "unknown" if of["load"] is None else f"{of['load']:.1f}"
    return (
        f"One run of the program on {of['processors']} processors ({of['processor']}); the load "
        f"was {load} when it began, and 0 would be an idle computer. NumPy {of['numpy']} found "
        f"{of['simd']} and called {of['blas']}; torch {of['torch']} used {of['torch_simd']}.\n"
    )


def kernels(rows: Rows) -> str:
    """Ours, torch and the limit."""
    head = ("network", "limit, ms", "ours, ms", "torch, ms")
    head += ("ours ÷ limit", "ours ÷ torch", "promised")
    body = [
        (
            f"{row['network'].upper()} {row['dtype']}",
            *(_number(row["ms"][kind]) for kind in ("limit", "ours", "torch")),
            f"{row['to_limit']:.2f}",
            f"{row['to_torch']:.2f}",
            f"{row['promised']:.1f}",
        )
        for row in rows
    ]
    to_limit = [row["to_limit"] for row in rows]
    missed = [
        f"{row['network'].upper()} in {row['dtype']} with {row['to_torch']:.2f} in place of "
        f"{row['promised']:.1f}, where the limit alone takes {row['limit_to_torch']:.2f}"
        for row in rows
        if row["to_torch"] > row["promised"]
    ]
    faster = sum(row["to_torch"] < 1 for row in rows)
    kept = f"Missed: {'; '.join(missed)}." if missed else "All promises are kept."
    return _table(head, body) + _measured(
        f"Ours takes {min(to_limit):.2f} to {max(to_limit):.2f} times as long as the limit. "
        f"It is faster than torch in {faster} of {len(rows)} cases. {kept}"
    )


def growth(rows: Rows) -> str:
    """Time and memory of every strategy at every length, in two tables."""
    lengths = sorted({row["T"] for row in rows})
    lines = series(rows)

    def one(what: str) -> str:
        body = [
            (f"{network.upper()}, {STRATEGIES[strategy]}", *map(_number, line[what]))
            for (network, strategy), line in lines.items()
        ]
        return _table((what, *(f"T = {T:,}" for T in lengths)), body)

    return f"{one('ms')}\n{one('MB')}" + _measured(_growth_in_words(lines, lengths))


def series(rows: Rows) -> dict[tuple[str, str], dict[str, list[float | None]]]:
    """Times and memories from short to long, by network and strategy."""
    lines: dict = {}
    for row in sorted(rows, key=lambda row: (row["network"] != "rnn", row["T"])):
        line = lines.setdefault((row["network"], row["strategy"]), {"ms": [], "MB": []})
        line["ms"].append(row["ms"])
        line["MB"].append(row["MB"])
    return lines


def _growth_in_words(lines: dict, lengths: list[int]) -> str:
    longer = lengths[-1] / lengths[-2]
    ours = {key: line for key, line in lines.items() if key[1] != "torch"}
    slower = [line["ms"][-1] / line["ms"][-2] for line in ours.values()]
    rnn = {strategy: line["MB"] for (network, strategy), line in ours.items() if network == "rnn"}
    larger = {strategy: memory[-1] / memory[-2] for strategy, memory in rnn.items()}
    checkpointed, full = ours["rnn", "checkpointed"], ours["rnn", "full"]
    return (
        f"From T = {lengths[-2]:,} to {lengths[-1]:,}, {longer:g} times as long, our times grow "
        f"by factors of {min(slower):.1f} to {max(slower):.1f}. The memory of the RNN grows by "
        f"factors of {larger['full']:.1f} in full, {larger['truncated']:.1f} truncated and "
        f"{larger['checkpointed']:.1f} checkpointed. At T = {lengths[-1]:,} checkpointing takes "
        f"{checkpointed['ms'][-1] / full['ms'][-1]:.2f} times as long as full backpropagation, and "
        f"{full['MB'][-1] / checkpointed['MB'][-1]:.0f} times less memory."
    )


def threads(rows: Rows) -> str:
    """What a second thread brings."""
    head = ("program", "one thread, ms", "two threads, ms", "two ÷ one")
    body = [
        (
            f"{'ours' if row['side'] == 'ours' else '`nn.RNN`'}, {_width(row)}",
            *(_number(row["ms"][count]) for count in ("one", "two")),
            f"{row['to_one']:.2f}",
        )
        for row in rows
    ]
    ratios = [row["to_one"] for row in rows]
    faster = sum(ratio < 1 for ratio in ratios)
    return _table(head, body) + _measured(
        f"A second thread makes {faster} of the {len(rows)} runs faster. The best takes "
        f"{min(ratios):.2f} times as long as on one thread, the worst {max(ratios):.2f} times."
    )


def flow(rows: Rows) -> str:
    """What gradient_flow costs."""
    head = ("layer", "training, ms", "gradient_flow, ms", "ratio")
    body = [
        (
            f"`nn.{row['network']}`, {row['layers']} deep, {_width(row)}",
            *(_number(row["ms"][kind]) for kind in ("training", "flow")),
            f"{row['to_training']:.1f}",
        )
        for row in rows
    ]
    promised = [row["to_training"] for row in rows if row["promised"] is not None]
    others = [row["to_training"] for row in rows if row["promised"] is None]
    bound = next(row["promised"] for row in rows if row["promised"] is not None)
    kept = "kept" if max(promised) <= bound else "not kept"
    return _table(head, body) + _measured(
        f"`gradient_flow` takes {min(promised):.1f} to {max(promised):.1f} times as long as a "
        f"forward and backward pass at the larger size, where at most {bound:g} is promised and "
        f"{kept}; and {min(others):.1f} to {max(others):.1f} times at the smaller."
    )


def _width(row: dict[str, Any]) -> str:
    return f"N = {row['N']}, H = {row['H']}"


def _table(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    """A table whose columns are numbers, but for the first."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *body))


def _measured(text: str) -> str:
    return f"\n:::{{admonition}} Measured\n:class: measured\n{text}\n:::\n"


def _number(number: float | None) -> str:
    """Three digits, or two below 1; a dash where nothing is known."""
    if number is None:
        return "–"
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


# --- the figures ----------------------------------------------------------------------------------


def figures(results: Results) -> dict[str, str]:
    """Each figure, as the page takes it, by the name of its file."""
    return {
        "kernels.html": kernels_figure(results["kernels"]["rows"]),
        "growth.html": growth_figure(results["growth"]["rows"]),
    }


def kernels_figure(rows: Rows) -> str:
    """Bars: the limit, ours, torch."""
    from unrolled import figures as style
    from unrolled.exercises.relations import listed

    fig, ax = style.subplots(height=3.4)
    kinds = {"limit": style.INPUT, "ours": style.INK, "torch": style.way_back("torch")}
    for place, row in enumerate(rows):
        for number, (kind, colour) in enumerate(kinds.items()):
            y, ms = place + 0.27 * (number - 1), row["ms"][kind]
            ax.barh(y, ms, 0.24, color=colour)
            ax.annotate(
                f"{kind} {_number(ms)}",
                (ms, y),
                (4, 0),
                textcoords="offset points",
                va="center",
            )
    names = [f"{row['network'].upper()} {row['dtype']}" for row in rows]
    ax.set_yticks(range(len(rows)), names)
    ax.set(xlabel="milliseconds", xlim=(0, 1.25 * max(max(row["ms"].values()) for row in rows)))
    ax.invert_yaxis()
    alt = "Bars of milliseconds. " + " ".join(
        f"{name}: limit {_number(row['ms']['limit'])}, ours {_number(row['ms']['ours'])}, "
        f"torch {_number(row['ms']['torch'])}."
        for name, row in zip(names, rows, strict=True)
    )
    behind = [
        name
        for name, row in zip(names, rows, strict=True)
        if row["ms"]["ours"] > row["ms"]["torch"]
    ]
    caption = (
        f"Our program is ahead of torch in {len(rows) - len(behind)} of {len(rows)} cases"
        f"{f' and behind in {listed(behind)}' if behind else ''}. Between the limit's bar and "
        "ours lies all that a better program with the same library could gain."
    )
    return _html(fig, "fig-speed-kernels", alt, caption)


def growth_figure(rows: Rows) -> str:
    """Time and memory against T, both axes logarithmic: straight lines are powers of T."""
    from unrolled import figures as style

    looks = {
        "full": ("o", "-"),
        "truncated": ("s", "--"),
        "randomized": ("^", ":"),
        "checkpointed": ("D", "-."),
        "torch": ("v", "-"),
    }
    lengths = sorted({row["T"] for row in rows})
    fig, axes = style.subplots(2, 2, height=6.0, sharex=True, sharey="col")
    words, lines = [], series(rows)
    for (network, strategy), line in lines.items():
        colour, (marker, dashes) = style.way_back(strategy), looks[strategy]
        for ax, what in zip(axes[int(network == "lstm")], ("ms", "MB"), strict=True):
            values = [float("nan") if value is None else value for value in line[what]]
            ax.loglog(lengths, values, dashes, color=colour, marker=marker, label=strategy)
            ax.set_title(f"{network.upper()}: {'time, ms' if what == 'ms' else 'memory, MB'}")
        last = {what: _number(line[what][-1]) for what in ("ms", "MB")}
        words.append(f"{network.upper()} {strategy}: {last['ms']} ms, {last['MB']} MB.")
    for ax in axes.flat:
        ax.grid(True)
        ax.set_xticks(lengths, [f"{T:,}" for T in lengths])
        ax.minorticks_off()
    for ax in axes[1]:
        ax.set_xlabel("T, steps")
    axes[0, 0].legend(borderpad=0)
    alt = (
        "Four plots with logarithmic axes: time and memory against T, for the RNN and the LSTM. "
        f"At T = {lengths[-1]:,}: {' '.join(words)}"
    )
    held = {
        strategy: line["MB"][-1] for (network, strategy), line in lines.items() if network == "rnn"
    }
    caption = (
        "Whichever way you go back, the time rises about alike; the memory does not. For "
        f"{lengths[-1]:,} steps of the RNN the full way back holds "
        f"{_number(held['full'])} MB, cut at random {_number(held['randomized'])}, checkpointed "
        f"{_number(held['checkpointed'])} and truncated {_number(held['truncated'])}."
    )
    return _html(fig, "fig-speed-growth", alt, caption)


def _html(fig: Any, name: str, alt: str, caption: str) -> str:
    """A figure ready for the page, its ink that of the text around it."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from course_figures import Drawing

    from unrolled.figures import to_svg

    drawing = Drawing(to_svg(fig), name, alt)
    if drawing.problems:
        raise ValueError(f"{name}: {'; '.join(drawing.problems)}.")
    return (
        f'<figure class="course-figure" id="{name}">\n'
        f'<div class="scroll-box" data-label="Figure: {name}">{drawing.html()}</div>\n'
        f"<figcaption><p>{escape(caption)}</p></figcaption>\n</figure>\n"
    )


def write(results: Results) -> None:
    """Store every piece where the page includes it."""
    PIECES.mkdir(exist_ok=True)
    for name, text in {**texts(results), **figures(results)}.items():
        (PIECES / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(json.loads(Path(__file__).with_name("results.json").read_text(encoding="utf-8")))
