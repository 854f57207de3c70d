"""The first state of each explorer, drawn at build time from the data that its script reads.

Readers without JavaScript see this drawing, and so does everyone before the scripts have run.
It has the frame, the classes and the words of the live explorer, and keeps the place of every
control, so that nothing moves when the scripts come: the tests compare the two.  Where no script
runs, and on paper, the answer to the explorer's question stands below it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

Data = dict[str, Any]
Points = Sequence[tuple[float, float]]
MINUS = "\u2212"


def element(name: str, *children: str, **attributes: object) -> str:
    """HTML of an element; children are HTML, attributes are text (``class_`` is ``class``)."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{given}>{''.join(children)}</{name}>"


def brief(x: float, figures: int = 4) -> str:
    """A number in four figures or so, as short as it can be, as the scripts write it."""
    size = abs(x)
    if size and (size < 1e-3 or size >= 1e4):
        digits, power = f"{x:.{figures - 1}e}".split("e")
        text = f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    else:
        text = repr(float(f"{x:.{figures}g}")).removesuffix(".0")
    return text.replace("-", MINUS)


def write(x: float) -> str:
    """A number to five places, as the lessons print it."""
    text = f"{x:.5f}"
    return (text[1:] if set(text) <= set("-0.") and x <= 0 and text[0] == "-" else text).replace(
        "-", MINUS
    )


def fit(points: Points) -> tuple[float, Points]:
    """Least squares through (step, log10 of a size): the factor per step, and the line's ends."""
    x, y = np.array(points).T
    slope = ((x - x.mean()) * (y - y.mean())).mean() / ((x - x.mean()) ** 2).mean()
    ends = [(a, y.mean() + slope * (a - x.mean())) for a in (x[0], x[-1])]
    return float(10**slope), ends


def half_life(factor: float) -> str:
    if factor >= 1:
        return "it never halves"
    return f"half is left after {brief(math.log(0.5) / math.log(factor))} steps"


def logs(sizes: Iterable[float]) -> Points:
    return [(i, max(math.log10(s), -400) if s else -400) for i, s in enumerate(sizes)]


# --- charts ------------------------------------------------------------------------------


def ticks(low: float, high: float, most: float, whole: bool) -> list[float]:
    """Round numbers of an interval, at most so many."""
    scale = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = [s * scale for s in (1, 2, 5, 10, 20, 50)]
    step = next(s for s in steps if (high - low) / s <= most and not (whole and s < 1))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def chart(
    label: str,
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    names: tuple[str, str],
    lines: Sequence[tuple[str, Points]] = (),
    dots: Sequence[tuple[str, tuple[float, float], float]] = (),
    field: Callable[[Callable, Callable], str] | None = None,
    log: bool = False,
    marks: Sequence[float] | None = None,
    square: bool = False,
    height: int = 250,
    width: int = 440,
) -> str:
    """A chart as ``plots.js`` draws it: lines are (classes, points), dots (classes, place, radius).

    ``log`` says that y holds logarithms to base 10; ``marks`` are the ticks of both axes.
    """
    left, top, below = 48, 32, 44
    w = width - left - 14
    h = w if square else height - top - below

    def X(value: float) -> float:
        return round((value - x[0]) / (x[1] - x[0]) * w, 1)

    def Y(value: float) -> float:
        return round(h - (value - y[0]) / (y[1] - y[0]) * h, 1)

    def number(value: float, **place: object) -> str:
        if not log:
            return element("text", brief(float(f"{value:.9g}")), **place)
        power = element("tspan", f"{value:g}".replace("-", MINUS), dy=-5, class_="small")
        return element("text", "10", power, **place)

    def plain(value: float, **place: object) -> str:
        return element("text", brief(float(f"{value:.9g}")), **place)

    grid = [
        element("path", class_="grid", d=f"M0 {Y(v)}h{w}")
        + (plain if marks else number)(v, x=-7, y=Y(v) + 5, class_="end")
        for v in marks or ticks(*sorted(y), h / 36, log)
    ] + [
        element("path", class_="grid", d=f"M{X(v)} {h}v5")
        + plain(v, x=X(v), y=h + 20, class_="middle")
        for v in marks or ticks(*x, w / 42, not square)  # x counts steps or layers
    ]
    paths = [
        element("path", class_=kind, d="".join(f"{'L' if i else 'M'}{X(a)} {Y(b)}"
                                               for i, (a, b) in enumerate(points)))
        for kind, points in lines
    ]  # fmt: skip
    inside = [
        element("circle", class_=kind, cx=X(a), cy=Y(b), r=r)
        for kind, (a, b), r in dots
        if (a - x[0]) * (a - x[1]) <= 0 and (b - y[0]) * (b - y[1]) <= 0
    ]
    drawn = element("svg", *paths, field(X, Y) if field else "", width=w, height=h)
    return element(
        "svg",
        element("text", escape(names[1]), x=0, y=15),
        element("text", escape(names[0]), x=left + w, y=top + h + 38, class_="end"),
        element("g", *grid, drawn, *inside, transform=f"translate({left} {top})"),
        class_="explorer-chart",
        role="img",
        aria_label=label,
        viewBox=f"0 0 {width} {top + h + below}",
        style=f"--tall:{'calc(100cqw + 14px)' if square else f'{height}px'}",
    )


def panel(drawing: str, *entries: tuple[str, str], size: str = "", after: str = "") -> str:
    """A chart below its key; an entry is (classes, text)."""

    def sample(kind: str) -> str:
        if kind.startswith("dot"):
            return element("circle", class_=kind, cx=18, cy=7, r=4.5)
        return element("path", class_=kind, d="M1 7H35")

    key = [
        element("li", element("svg", sample(k), width=36, height=14, aria_hidden="true"), text)
        for k, text in entries
    ]
    key = element("ul", *key, class_="explorer-key")
    return element("div", key, drawing, after, class_=f"explorer-panel {size}".strip())


def panels(*parts: str) -> str:
    return element("div", *parts, class_="explorer-panels")


def sentence(text: str) -> str:
    return element("p", escape(text), class_="explorer-sentence")


# --- controls: they keep their place, and are not seen ------------------------------------


def buttons(options: Iterable[object], pressed: int = -1) -> str:
    return "".join(
        element("button", escape(str(option)), **({"aria_pressed": "true"} if i == pressed else {}))
        for i, option in enumerate(options)
    )


def predict(question: str, *options: str) -> str:
    skip = element("button", "show me", class_="explorer-skip")
    asked = element("p", escape(f"Predict: {question}"))
    return element("div", asked, buttons(options), skip, class_="explorer-predict")


def answer(question: str, text: str) -> str:
    """For readers who cannot be asked."""
    return element("p", escape(f"{question} Answer: {text}."), class_="explorer-answer")


def choice(name: str, options: Iterable[object], pressed: int) -> str:
    return element(
        "div", element("span", name), buttons(options, pressed), class_="explorer-choice"
    )


def sliders(**settings: str) -> str:
    """Sliders by name, set to these values."""
    return element("div", *(
        element("label", element("span", name), element("output", value), '<input type="range">',
                class_="explorer-slider")
        for name, value in settings.items()
    ), class_="explorer-sliders")  # fmt: skip


def hint(text: str) -> str:
    return element("p", text, class_="explorer-hint")


# --- one function for each explorer ------------------------------------------------------


def axis(_: Data) -> list[str]:
    """Element 10 of x = np.arange(T * N * D).reshape(T, N, D), and of its transpose."""
    T, N, D = 4, 3, 2
    start = 10
    x = np.arange(T * N * D).reshape(T, N, D)
    kin = set(x[:, np.argwhere(x == start)[0][1]].ravel().tolist())

    def array(name: str, outer: str, inner: str, values: np.ndarray) -> str:
        def cell(value: int) -> str:
            kind = "chosen" if value == start else "kin" if value in kin else ""
            return element("td", element("span", str(value), class_=kind))

        tables = [
            element("table", element("caption", f"{outer} = {i}"), element("tbody", *(
                element("tr", element("th", f"{inner} = {j}", scope="row"), *map(cell, row))
                for j, row in enumerate(block)
            )))
            for i, block in enumerate(values.tolist())
        ]  # fmt: skip
        name = element("p", element("code", name))
        return element("div", name, *tables, class_="explorer-array")

    t, n, d = np.argwhere(x == start)[0].tolist()
    rows = [
        element("tr", element("th", f"n = {i}", scope="row"),
                element("td", element("span", f"h[{i}]", class_="chosen" if i == n else "")))
        for i in range(N)
    ]  # fmt: skip
    state = element(
        "div",
        element("p", element("code", "h, shape (N, H)")),
        element("table", element("caption", "no time axis"), element("tbody", *rows)),
        class_="explorer-array explorer-state",
    )
    space = "\u00a0"
    question = "x.reshape(N, T, D) has the shape of the transpose. Where will it put the element?"
    n_, t_, d_ = np.argwhere(x.reshape(N, T, D) == start)[0].tolist()
    return [
        hint(
            "Choose an element of x: click, or use the arrow keys. It gets a solid border "
            "wherever it stands, and the rest of its sequence a dashed one."
        ),
        array("x, shape (T, N, D)", "t", "n", x),
        sentence(
            f"Element {start} is x[{t},{space}{n},{space}{d}]: step {t} of sequence {n}, "
            f"feature {d}. The transpose holds it at [{n},{space}{t},{space}{d}]. "
            f"It enters row {n} of the state."
        ),
        panels(
            array("x.transpose(1, 0, 2), shape (N, T, D)", "n", "t", x.transpose(1, 0, 2)), state
        ),
        predict(question, "at the same place", "somewhere else"),
        answer(
            question,
            f"somewhere else. The reshape puts it at [{n_},{space}{t_},{space}{d_}]: it would be "
            f"read as step {t_} of sequence {n_}",
        ),
    ]


def ledger(data: Data) -> list[str]:
    """All losses together: what every state hears of them, directly and carried."""
    heard, shares = np.array(data["heard"], dtype=float), np.array(data["shares"], dtype=float)
    T = len(heard)

    def below(letter: str, t: int) -> str:
        return letter + "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(t))

    direct = np.append(0, np.diag(heard[:, 1:]))
    total = heard.sum(axis=0)
    share = np.append(0, shares.sum(axis=0))
    rows = []
    for t in reversed(range(T + 1)):
        numbers = [direct[t], total[t] - direct[t], total[t], share[t]]
        shown = [write(v) if t or i % 3 else "–" for i, v in enumerate(numbers)]
        cells = [element("td", text) for text in shown]
        name = element("th", below("h", t), scope="row")
        rows.append(element("tr", name, *cells, class_="lit"))
    whole = write(share.sum())
    heads = ["state", "direct", "+\u00a0carried", "=\u00a0total", "share of dL/dW"]
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    foot = element(
        "tr",
        element("th", "sum of the shares, dL/dW", scope="row", colspan=4),
        element("td", whole),
    )
    table = element(
        "table",
        element("caption", "The gradient at each state, latest first"),
        element("thead", head),
        element("tbody", *rows),
        element("tfoot", foot),
        class_="explorer-ledger",
    )
    said = (
        f"All losses: {below('h', T)} hears its own loss alone, every earlier state also what is "
        f"carried back. The shares add up to dL/dW = {whole}."
    )
    before = below("ℓ", T - 1)
    question = f"of {before} alone, which state hears nothing?"
    return [
        predict(f"{question} Your answer opens it.", *(below("h", t) for t in range(T + 1))),
        hint("Choose a loss: its way back lights up."),
        _unrolled(T, below),
        sentence(said),
        table,
        answer(question.capitalize().replace(before.upper(), before),
               f"{below('h', T)} comes later, and has no part in it"),
    ]  # fmt: skip


def _unrolled(T: int, below: Callable[[str, int], str]) -> str:
    """States in a row, each below its loss, with the whole way back lit."""
    parts = []
    for t in range(T + 1):
        x = 100 * t + 50
        kind = "" if t else "initial"
        box = element("rect", class_=kind, x=x - 28, y=58, width=56, height=38, rx=10)
        parts += [box, element("text", below("h", t), x=x, y=83)]
        if t:
            down = element("path", class_="line", d=f"M{x} 8v43")
            back = element("path", class_="line", d=f"M{x - 35} 77h-30")
            tips = f"M{x} 56l-6 -11h12z", f"M{x - 70} 77l11 -6v12z"
            heads = [element("path", d=tip) for tip in tips]
            parts += [
                element("g", down, heads[0], class_="edge lit"),
                element("g", back, heads[1], class_="edge lit"),
            ]
    losses = [element("span", "all"), *(element("span", below("ℓ", t)) for t in range(1, T + 1))]
    losses = element("div", *losses, class_="explorer-losses", style=f"--columns: {T + 1}")
    label = "Unrolled network: every loss speaks to its state, and every state to the one before."
    box = f"0 0 {100 * (T + 1)} 100"
    picture = element("svg", *parts, viewBox=box, role="img", aria_label=label)
    return element("div", losses, picture, class_="explorer-graph")


def ellipse(data: Data) -> list[str]:
    """The first matrix that the question is not about, and its eighth power."""
    last, k, floor = 60, 8, -12
    presets = data["presets"]

    def norms_of(W: np.ndarray) -> list[float]:
        powers = [np.linalg.matrix_power(W, i) for i in range(last + 1)]
        return [float(np.linalg.norm(power, 2)) for power in powers]

    def matrix(preset: Data) -> np.ndarray:
        return np.array([[preset["eig"][0], preset["shear"]], [0, preset["eig"][1]]], dtype=float)

    def worth(preset: Data) -> float:
        return (max(map(abs, preset["eig"])) < 1) * 1e9 + max(norms_of(matrix(preset)))

    asked = max(presets, key=worth)
    first = next((preset for preset in presets if preset is not asked), asked)
    W = matrix(first)
    norms = norms_of(W)
    power = np.linalg.matrix_power(W, k)
    way = [(np.linalg.matrix_power(W, i) @ [0, 1]).tolist() for i in range(k + 1)]  # of x at 90°
    long = norms[k]
    short = abs(power[0, 0] * power[1, 1]) / long if long else 0.0
    rho = max(map(abs, first["eig"]))
    rhos, bounds = ([v**i for i in range(last + 1)] for v in (rho, norms[1]))
    half = 1.15 * max(1, long)
    turn = np.arange(49) * math.pi / 24
    ring = np.stack([np.cos(turn), np.sin(turn)])
    circle = chart(
        "The unit circle and its image under Wᵏ.",
        x=(-half, half), y=(-half, half), names=("first coordinate", "second coordinate"),
        square=True, width=330,
        lines=[("c-muted dashed", ring.T.tolist()), ("c-hidden area", (power @ ring).T.tolist()),
               ("c-gradient dotted", way)],
        dots=[("dot c-gradient", way[-1], 4.5), ("dot open c-gradient", (0, 1), 7)],
    )  # fmt: skip
    heights = [y for _, y in [*logs(norms), *logs(rhos)]]
    low, high = max(floor, math.floor(min(*heights, -1))), math.ceil(max(*heights, 0.8) + 0.2)
    every = first.get("every", 1)
    measured = [(i * every, y) for i, y in logs(first["norms"]) if i * every % 4 == 0]
    curves = chart(
        "‖Wᵏ‖ over k.", x=(0, last), y=(low, high), names=("power k", "norm"), log=True, height=330,
        lines=[("c-muted dotted", logs(bounds)[:: last if rho else 1]), ("c-hidden", logs(norms)),
               ("c-muted dashed", logs(rhos)[:: last if rho else 1])],
        dots=[*(("dot open c-hidden", at, 4.5) for at in measured),
              ("dot c-hidden", (k, math.log10(long)), 7)],
    )  # fmt: skip
    said = (
        f"k = {k}: ‖Wᵏ‖ = {brief(long)}, peak {brief(max(norms))} at k = {np.argmax(norms)}, "
        f"ρᵏ = {brief(rhos[k])}, ‖W‖ᵏ = {brief(bounds[k])}. The circle is now an ellipse with "
        f"half axes {brief(long)} and {brief(short)}, in a picture {brief(2 * half)} wide; "
        f"x has become a vector of length {brief(math.hypot(*way[-1]))}."
    )
    keys = [
        ("c-hidden", "‖Wᵏ‖"),
        ("c-muted dashed", "ρᵏ, ρ the largest |λ|"),
        ("c-muted dotted", "‖W‖ᵏ, the bound"),
        ("dot open c-hidden", "measured in the lesson"),
    ]
    ends = [
        ("c-muted dashed", "unit circle"),
        ("c-hidden", "its image under Wᵏ"),
        ("dot open c-gradient", "x: drag it round"),
        ("c-gradient dotted", "its way to Wᵏx"),
    ]

    def setting(preset: Data) -> str:
        return f"(λ₁, λ₂, a) = ({', '.join(map(brief, [*preset['eig'], preset['shear']]))})"

    question = f"“{asked['name']}” has {setting(asked)}. Will ‖Wᵏ‖ grow at first?"
    grown = norms_of(matrix(asked))
    peak = int(np.argmax(grown))
    told = f"yes, it grows to {brief(grown[peak])} at k = {peak}" if peak else "no"
    values = {"eigenvalue λ₁": first["eig"][0], "eigenvalue λ₂": first["eig"][1]}
    values["shear a"] = first["shear"]
    return [
        predict(f"{question} Your answer opens the shear.", "yes", "no"),
        element(
            "p", "W = [[λ₁, a], [0, λ₂]]",
            element("span", f", with {setting(first)}", class_="explorer-told"),
        ),
        choice("Try", [preset["name"] for preset in presets], presets.index(first)),
        sliders(**{name: brief(value) for name, value in values.items()},
                **{"power k": str(k), "direction of x": "90°"}),
        sentence(said),
        panels(panel(circle, *ends, size="narrow"), panel(curves, *keys)),
        answer(question, told),
    ]  # fmt: skip


def lag(data: Data) -> list[str]:
    """The first network, and what its first state hears of the last loss."""
    levels = 20
    networks = data["networks"]
    rows = networks[0]["log10"]
    T = len(rows)
    sizes = [y for network in networks for row in network["log10"] for y in row if y is not None]
    low, high = math.floor(min(sizes)), math.floor(max(sizes)) + 1

    def area(level: int, d: str) -> str:
        share = 8 + 192 * level / (levels - 1)
        style = f"--first:{min(share, 100):.0f}%;--second:{max(share - 100, 0):.0f}%"
        return element("path", class_="cells", style=style, d=d)

    def level_of(y: float) -> int:
        return math.floor((y - low) / (high - low) * levels)

    def heat(X: Callable, Y: Callable) -> str:
        boxes = [""] * levels  # in cells: short texts
        for row in range(1, T + 1):
            # Neighbours of one level become one box.
            values = enumerate(rows[row - 1][:row], 1)
            for level, run in groupby(values, lambda at: level_of(at[1])):
                places = [t for t, _ in run]
                boxes[level] += f"M{places[0] - 1} {row - 1}h{len(places)}v1h-{len(places)}z"
        cell = X(1.5)
        cells = "".join(area(i, d) for i, d in enumerate(boxes) if d)
        chosen = f"M0 {Y(T - 0.5):g}H{X(T + 0.5):g}V{Y(T + 0.5):g}H0z"
        return element("g", cells, transform=f"scale({cell:g})") + element(
            "path", class_="c-muted", d=chosen
        )

    points = [(t, y) for t, y in enumerate(rows[-1], 1)]
    slope, line = fit(points)
    rate = 1 / slope
    value = brief(10 ** points[0][1], 2)
    matrix = chart(
        f"Heat map. Loss {T}, state 1: {value}",
        x=(0.5, T + 0.5), y=(T + 0.5, 0.5), names=("state t", "loss τ"), marks=[1, T], square=True,
        field=heat, dots=[("dot ring", (1, T), 6)], width=62 + T * round(378 / T),
    )  # fmt: skip
    curve = chart(
        f"Loss {T} over the states.",
        x=(1, T), y=(low, high), names=("state t", f"norm of the derivative of loss {T}"),
        log=True, height=330, lines=[("c-muted dashed", line), ("c-gradient", points)],
        dots=[("dot c-gradient", points[0], 7)],
    )  # fmt: skip
    bar = "".join(area(i, f"M{i} 0h1v1h-1z") for i in range(levels))
    bar = element(
        "svg", bar, viewBox=f"0 0 {levels} 1", preserveAspectRatio="none", aria_hidden="true"
    )
    ends = [f"1e{end}".replace("-", MINUS) for end in (low, high)]
    scale = element("p", ends[0], bar, ends[1], class_="explorer-scale")
    said = (
        f"Loss τ = {T}, state t = 1, lag {T - 1}: the derivative has the norm {value}. "
        f"The factor per step is {brief(rate)}: {half_life(rate)}."
    )
    names = [network["name"] for network in networks]
    rates = [1 / fit(list(enumerate(network["log10"][-1], 1)))[0] for network in networks]
    best = int(np.argmax(rates))
    question = "in which network does the last loss fade least on its way back?"
    return [
        predict(f"{question} Your answer opens the others.", *names),
        element("p", f"Network: {escape(names[0])}", class_="explorer-told"),
        choice("Network", names, 0),
        hint("Point at a cell, or use the arrow keys."),
        panels(
            panel(matrix, ("dot ring", "the chosen cell"), after=scale),
            panel(curve, ("c-gradient", "row of the chosen loss"), ("c-muted dashed", "its rate")),
        ),
        sentence(said),
        answer(f"I{question[1:]}",
               f"in “{names[best]}” the factor per step is {brief(rates[best])}"),
    ]  # fmt: skip


def forget(data: Data) -> list[str]:
    """The smallest measured bias from 1 on, and what its gate alone lets through."""
    lags, biases, direct = data["lags"], data["biases"], data["direct"]
    every = [math.log10(s) for name in ("measured", "direct") for row in data[name] for s in row]
    low, high = max(-12, math.floor(min(every))), max(1, math.ceil(max(every)))
    start = next((i for i, b in enumerate(biases) if b >= 1), 0)
    b, last = biases[start], lags[-1]
    f = 1 / (1 + math.exp(-b))
    few = math.ceil(len(lags) / 13)
    points = [(k, math.log10(s)) for k, s in zip(lags, direct[start], strict=True)][::few]
    drawing = chart(
        "What is left after each lag.", x=(0, last), y=(low, high),
        names=("lag k, in steps", "share that is left"), log=True, height=330, width=720,
        lines=[("c-gate", [(0, 0), (last, last * math.log10(f))])],
        dots=[("dot open c-gate", at, 4.5) for at in points],
    )  # fmt: skip
    said = (
        f"b = {brief(b)}: the gate keeps f = σ(b) = {brief(f)} a step, so {half_life(f)}; its time "
        f"constant 1/(1 − f) is {brief(1 / (1 - f))} steps. After {last} steps "
        f"σ(b)ᵏ = {brief(f**last)}."
    )
    question = (
        f"the whole gradient also goes round through h. With b = {brief(b)}, how long is its "
        "half-life beside that of the gate alone?"
    )
    sizes = data["measured"][start]
    rate, _ = fit([(k, math.log10(size)) for k, size in zip(lags, sizes, strict=True)])
    told = (
        f"{half_life(rate)}, by the gate alone after {brief(math.log(0.5) / math.log(f))}; at lag "
        f"{last} it is {brief(sizes[-1] / f**last)} times as large"
    )
    return [
        predict(question, "about the same", "up to 3 times", "more"),
        choice("Measured at b =", map(brief, biases), start),
        sliders(**{"forget bias b": brief(b)}),
        panel(
            drawing,
            ("c-gate", "σ(b)ᵏ: what the gate alone lets through"),
            ("dot open c-gate", "direct path, from the lesson"),
        ),
        sentence(said),
        answer(f"T{question[1:]}", told),
    ]


def depth(data: Data) -> list[str]:
    """The first recipe that the question is not about, layer by layer."""
    L, cases = data["depth"], data["cases"]

    def line(values: Sequence[float]) -> Points:
        return list(enumerate(values, 1))

    def back(case: Data) -> float:
        return 1 / fit(line(case["backward"]))[0]

    def recipe(case: Data) -> tuple[str, str]:
        return case["activation"], case["init"]

    def family_of(one: Data) -> list[Data]:
        alike = [case for case in cases if recipe(case) == recipe(one)]
        return sorted(alike, key=lambda case: case["width"])

    def crossing(one: Data) -> float:
        grows = [back(case) > 1 for case in family_of(one)]
        return grows.index(not grows[0]) if len(set(grows)) > 1 else math.inf

    asked = min(cases, key=crossing)
    first = next((case for case in cases if recipe(case) != recipe(asked)), asked)
    family = family_of(first)
    heights = [y for case in family for y in [*case["forward"], *case["backward"]]]
    drawing = chart(
        "Norms by layer.", x=(1, L), names=("layer", "norm"), log=True, height=320, width=720,
        y=(math.floor(min(*heights, -0.5)), math.ceil(max(*heights, 0.5))),
        lines=[("c-hidden", line(first["forward"])),
               ("c-gradient dashed", line(first["backward"]))],
    )  # fmt: skip
    up = fit(line(first["forward"]))[0]
    said = (
        f"{first['activation']}, {first['init']}, width {first['width']}: per layer the signal is "
        f"multiplied by {brief(up)} on its way up, the gradient by {brief(back(first))} on its way "
        f"back. At layer 1 the gradient has "
        f"{brief(10 ** (first['backward'][0] - first['backward'][-1]))} of its norm at layer {L}."
    )
    keys = ("c-hidden", "signal"), ("c-gradient dashed", "gradient")

    def unique(name: str) -> list[str]:
        return list(dict.fromkeys(case[name] for case in cases))

    asked_about = family_of(asked)
    question = (
        f"{asked['activation']} with {asked['init']} weights. Does the gradient shrink on its way "
        "back?"
    )
    small = sum(back(case) < 1 for case in asked_about)
    where = "at none" if not small else "at some" if small < len(asked_about) else "at every width"
    ends = [f"{brief(back(c))} at width {c['width']}" for c in (asked_about[0], asked_about[-1])]
    rows = [("Activation", "activation"), ("Weights", "init")]
    return [
        predict(question, "at every width", "at some", "at none"),
        *(choice(title, unique(name), unique(name).index(first[name])) for title, name in rows),
        sliders(width=str(first["width"])),
        panels(panel(drawing, *keys)),
        sentence(said),
        answer(question, f"{where}; its factor is {' and '.join(ends)}"),
    ]


EXPLORERS: dict[str, tuple[str, Callable[[Data], list[str]]]] = {
    "axis-explorer": ("Follow one element", axis),
    "gradient-ledger": ("What does each state hear of a loss?", ledger),
    "jacobian-ellipse": ("What do powers of a matrix do to a circle?", ellipse),
    "lag-matrix": ("Who hears which loss?", lag),
    "forget-bias": ("How long does a cell remember?", forget),
    "signal-by-depth": ("Where does the signal go?", depth),
}


def read_by_script(tag: str, data: Data) -> str:
    """The data as JSON, without what the script never shows: of norms, every fourth."""
    if tag == "jacobian-ellipse":
        short = [
            preset
            if "every" in preset
            else preset | {"norms": [float(f"{x:.4g}") for x in preset["norms"][::4]], "every": 4}
            for preset in data["presets"]
        ]
        data = data | {"presets": short}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


NOTE = "This is how it begins. With JavaScript it answers to you."


def still(tag: str, data: Data) -> str:
    """HTML of an explorer's first state, in its frame.

    Raises
    ------
    KeyError: no explorer has this tag, or its data miss something.
    """
    title, draw = EXPLORERS[tag]
    return element(
        "div",
        element("p", escape(title), class_="explorer-title"),
        *draw(data),
        element("p", NOTE, class_="explorer-note"),
        class_="explorer explorer-still",
        role="group",
        aria_label=title,
    )
