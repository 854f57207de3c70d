"""What lessons hand to the explorers with curves, made small, and what they must not hand over."""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import rnn


def preset(name: str, eig: tuple[float, float], shear: float, last: int = 60) -> dict[str, Any]:
    """Spectral norms of the powers of [[eig[0], shear], [0, eig[1]]], measured by NumPy."""
    W = np.array([[eig[0], shear], [0, eig[1]]])
    powers = [np.linalg.matrix_power(W, k) for k in range(last + 1)]
    norms = [float(f"{np.linalg.norm(power, 2):.6g}") for power in powers]
    return {"name": name, "eig": list(eig), "shear": shear, "norms": norms}


PRESETS = [
    preset("normal", (0.9, 0.7), 0),
    preset("sheared", (0.9, 0.9), 10),
    preset("on the edge", (1, 0.5), 2.5),
    preset("two signs", (1.2, -1.05), 0.5, last=30),
    preset("dead", (0, 0), 3),
]


def lag_matrix(steps: int, radius: float, seed: int) -> np.ndarray:
    """Norms of the derivatives of every loss by every state, one sweep of `rnn.backward` a loss."""
    rng = np.random.default_rng(seed)
    H = 8
    params = rnn.init(3, H, rng)
    W = params.W_hh * radius / np.abs(np.linalg.eigvals(params.W_hh)).max()
    x, h0 = rng.normal(size=(steps, 1, 3)), rng.normal(size=(1, H))
    _, tape = rnn.forward(x, h0, params._replace(W_hh=W))
    dh = rng.normal(size=(steps, 1, H))
    norms = np.zeros((steps, steps))
    for tau in range(steps):
        alone = np.where(np.arange(steps)[:, None, None] == tau, dh, 0)
        norms[tau] = np.linalg.norm(rnn.backward(alone, tape).h[:, 0], axis=-1)
    return norms


def network(name: str, norms: np.ndarray) -> dict[str, Any]:
    """A network of <lag-matrix>: rounded logarithms, nothing after the loss."""
    rows = [
        [round(float(np.log10(x)), 4) if t <= tau else None for t, x in enumerate(row)]
        for tau, row in enumerate(norms)
    ]
    return {"name": name, "log10": rows}


NETWORKS = [
    network("short memory", lag_matrix(12, 0.6, 0)),
    network("long memory", lag_matrix(12, 1.1, 1)),
    network("loud", lag_matrix(12, 2.4, 2)),
]

LAGS = [0, 1, 2, 5, 10, 20, 30]
BIASES = [-1, 0, 1, 2.5, 5]


def forget_gates() -> dict[str, Any]:
    """Products of forget gates that tremble around their bias, and a whole gradient beside them."""
    rng = np.random.default_rng(7)
    direct, measured = [], []
    for b in BIASES:
        gates = 1 / (1 + np.exp(-b - 0.3 * rng.normal(size=LAGS[-1])))
        round_trip = rng.uniform(0.9, 1.2, size=LAGS[-1])
        for table, factors in ((direct, gates), (measured, gates * round_trip)):
            products = np.append(1, np.cumprod(factors))[LAGS]
            table.append([float(f"{x:.5g}") for x in products])
    return {"lags": LAGS, "biases": BIASES, "direct": direct, "measured": measured}


DEPTH = 12


def layers(activation: str, init: str, width: int) -> dict[str, Any]:
    """Norms of a signal and of its gradient in a deep network without biases."""
    rng = np.random.default_rng(width)
    f, slope = {
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h)),
        "tanh": (np.tanh, lambda h: 1 - h**2),
    }[activation]
    scale = 1 if init == "N(0, 1)" else width**-0.5
    weights = scale * rng.normal(size=(DEPTH, width, width))
    h = [f(rng.normal(size=width))]
    for W in weights[1:]:
        h.append(f(W @ h[-1]))
    grad = [rng.normal(size=width)]
    for W, state in zip(weights[:0:-1], h[:0:-1], strict=True):
        grad.append(W.T @ (grad[-1] * slope(state)))
    norms = [[round(float(np.log10(np.linalg.norm(x))), 4) for x in xs] for xs in (h, grad[::-1])]
    return {"activation": activation, "init": init, "width": width} | dict(
        zip(("forward", "backward"), norms, strict=True)
    )


CASES = [
    layers(activation, init, width)
    for activation, init, widths in [
        ("tanh", "Xavier", (30, 3, 300)),  # in any order
        ("tanh", "N(0, 1)", (3, 30)),
        ("sigmoid", "N(0, 1)", (3, 30, 300)),
    ]
    for width in widths
]

FORGET = forget_gates()
DATA = {
    "jacobian-ellipse": {"presets": PRESETS},
    "lag-matrix": {"networks": NETWORKS},
    "forget-bias": FORGET,
    "signal-by-depth": {"depth": DEPTH, "cases": CASES},
}
OPERATED = {  # what to click before the second look
    "jacobian-ellipse": ["text=yes", ".explorer-choice button >> nth=3"],
    "lag-matrix": [".explorer-predict button >> nth=1", "svg[role=application]"],
    "forget-bias": ["text=up to 3 times", ".explorer-choice button >> nth=3"],
    "signal-by-depth": ["text=at some", ".explorer-choice button >> nth=1"],
}

BAD = {
    "jacobian-ellipse": [
        None,
        {},
        {"presets": []},
        {"presets": [None]},
        {"presets": [PRESETS[0] | {"name": ""}]},
        {"presets": [PRESETS[0] | {"eig": [0.9]}]},
        {"presets": [PRESETS[0] | {"eig": [0.9, 1.6]}]},
        {"presets": [PRESETS[0] | {"eig": [0.9, 0.705]}]},
        {"presets": [PRESETS[0] | {"shear": -1}]},
        {"presets": [PRESETS[0] | {"shear": "1"}]},
        {"presets": [PRESETS[0] | {"norms": [1]}]},
        {"presets": [PRESETS[0] | {"norms": [1, None]}]},
    ],
    "lag-matrix": [
        None,
        {"networks": NETWORKS[:1]},
        {"networks": [NETWORKS[0], NETWORKS[1] | {"name": ""}]},
        {"networks": [NETWORKS[0], {"name": "none"}]},
        {"networks": [NETWORKS[0], network("short", lag_matrix(11, 1, 0))]},
        {"networks": [network(name, lag_matrix(2, 1, 0)) for name in "ab"]},
        {"networks": [NETWORKS[0], {"name": "full", "log10": np.zeros((12, 12)).tolist()}]},
        {"networks": [NETWORKS[0], {"name": "empty", "log10": [[None] * 12] * 12}]},
        {"networks": [NETWORKS[0], NETWORKS[1] | {"log10": NETWORKS[1]["log10"][:11]}]},
    ],
    "forget-bias": [
        None,
        {},
        {k: v for k, v in FORGET.items() if k != "direct"},
        FORGET | {"lags": LAGS[:-1]},
        FORGET | {"lags": LAGS[::-1]},
        FORGET | {"biases": [0, 0, 1, 2, 3]},
        FORGET | {"biases": BIASES[:-1]},
        FORGET | {"biases": 3},
        FORGET | {"biases": [-1, 0, 1, 2.51, 5]},
        FORGET | {"measured": FORGET["measured"][:-1]},
        FORGET | {"measured": [[0] * len(LAGS)] * len(BIASES)},
        FORGET | {"direct": [row[1:] for row in FORGET["direct"]]},
        FORGET | {"direct": [["1"] * len(LAGS)] * len(BIASES)},
    ],
    "signal-by-depth": [
        None,
        {"depth": DEPTH},
        {"depth": DEPTH, "cases": []},
        {"depth": DEPTH + 1, "cases": CASES},
        {"depth": 2, "cases": [CASES[0] | {"forward": [0, 1], "backward": [0, 1]}]},
        {"depth": DEPTH, "cases": [CASES[0] | {"width": 0}]},
        {"depth": DEPTH, "cases": [CASES[0] | {"activation": ""}]},
        {"depth": DEPTH, "cases": [CASES[0] | {"init": None}]},
        {"depth": DEPTH, "cases": [CASES[0] | {"backward": [None] * DEPTH}]},
        {"depth": DEPTH, "cases": [CASES[0] | {"forward": CASES[0]["forward"][1:]}]},
    ],
}
