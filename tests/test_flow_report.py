"""What a gradient flow says: its words, its names, its numbers ready for JSON, and its figure."""

from __future__ import annotations

import math

import matplotlib.colors
import numpy as np
import pytest
import torch
from torch import nn

import unrolled
from unrolled import figures, flow

T, N, D, H = 5, 3, 4, 6
LOST = (
    "returned a tensor without a history: it depends on no recurrent layer. "
    "Was the output detached, or made a plain number on the way?"
)


def by_hand(*factors: float, size: float = 1.0, name: str = "mine") -> flow.LayerFlow:
    """One sequence and one unit: every total is `size`, and step s+1 hands back a factor of it."""
    total = np.full((len(factors) + 1, 1, 1), size)
    carried = size * np.array([*factors, 0.0])[:, None, None]
    live = np.ones((len(total), 1), bool)
    return flow.LayerFlow(
        name, "RNN", False, total, carried, None, None, None,
        start=np.zeros((1, 1)), product=total, received=np.ones_like(total), live=live,
    )  # fmt: skip


def steady(factor: float, steps: int) -> flow.LayerFlow:
    return by_hand(*[factor] * (steps - 1))


@pytest.fixture(autouse=True)
def no_number_by_accident():
    with np.errstate(all="raise"):
        yield


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "steps", "fate", "pace", "reach"),
    [
        (0.5, 11, "vanishes", "halves every 1.0 steps (factor 0.5 a step)", "9.8e-04"),
        (0.5, 10, "gets through", "halves every 1.0 steps (factor 0.5 a step)", "2.0e-03"),
        (0.1, 3, "gets through", "halves 3.3 times a step (factor 0.1 a step)", "1.0e-02"),
        (1.0, 3, "gets through", "keeps its size", "1.0e+00"),
        (1.5, 3, "gets through", "doubles every 1.7 steps (factor 1.5 a step)", "2.2e+00"),
        (10.0, 3, "gets through", "doubles 3.3 times a step (factor 10 a step)", "1.0e+02"),
        (999.5, 2, "gets through", "doubles 10.0 times a step (factor 1e+03 a step)", "1.0e+03"),
        (1000.5, 2, "explodes", "doubles 10.0 times a step (factor 1e+03 a step)", "1.0e+03"),
        (2.0, 11, "explodes", "doubles every 1.0 steps (factor 2 a step)", "1.0e+03"),
    ],
)
def test_the_first_sentence_says_what_becomes_of_the_gradient(factor, steps, fate, pace, reach):
    words = f"The gradient {fate}: it {pace}, {reach} over {steps} steps. "
    assert steady(factor, steps).verdict.startswith(words)


@pytest.mark.parametrize(("steps", "k", "share"), [(11, 5, 5 / 11), (50, 20, 29 / 50)])
def test_the_second_sentence_says_how_old_the_update_is(steps, k, share):
    words = f" steps. Steps older than {k} contribute {share:.2%} of the update of W_hh."
    assert steady(1.0, steps).verdict.endswith(words)


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ([0.5, 0.0, 0.5], "1 border: after step 2."),
        ([0.0, 0.5] * 5, "5 borders: after step 1, 3, 5, 7, 9."),
        ([0.0, 0.5] * 6, "6 borders: after step 1, 3, 5, 7, 9, ...."),
    ],
)
def test_the_third_sentence_names_the_borders(factors, words):
    assert by_hand(*factors).verdict.endswith(f". Nothing is handed back across {words}")


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (
            by_hand(0.5, size=0.0),
            "No gradient arrives here: the loss does not depend on this layer's states.",
        ),
        (by_hand(), "Nothing to carry: there is one step, or only the first state hears the loss."),
        (by_hand(0.0, 0.0), "Nothing is carried back: every step hears its own loss alone."),
    ],
)
def test_what_is_said_where_nothing_is_carried(layer, words):
    assert layer.verdict == words


def test_a_report_as_text():
    first, second = steady(0.5, 11), by_hand(0.0, name="yours")
    assert str(flow.GradientFlow((), 0.125)) == "loss 0.125"
    report = flow.GradientFlow((first, second), 0.25, ("a note", "another"))
    assert str(report) == repr(report) == (
        "loss 0.25\n"
        "mine (RNN, 11 steps)\n"
        "  The gradient vanishes: it halves every 1.0 steps (factor 0.5 a step), 9.8e-04\n"
        "  over 11 steps. Steps older than 5 contribute 45.45% of the update of W_hh.\n"
        "yours (RNN, 2 steps)\n"
        "  Nothing is carried back: every step hears its own loss alone.\n"
        "note: a note\n"
        "note: another"
    )  # fmt: skip


# --- numbers --------------------------------------------------------------------------------------


def test_a_report_as_a_dictionary():
    report = flow.GradientFlow((by_hand(0.5, 0.0), by_hand(0.5, size=0.0)), 0.25, ("a note",))
    words = [layer.verdict for layer in report]
    assert report.to_dict() == {
        "loss": 0.25,
        "layers": [
            {
                "name": "mine",
                "kind": "RNN",
                "reverse": False,
                "steps": 3,
                "norms": {
                    "total": [1.0, 1.0, 1.0],
                    "carried": [0.5, 0.0, 0.0],
                    "direct": [0.5, 1.0, 1.0],
                },
                "share_norms": [1.0, 1.0, 1.0],
                "rate": pytest.approx(0.5),
                "half_life": pytest.approx(1.0),
                "cuts": [1],
                "verdict": words[0],
            },
            {
                "name": "mine",
                "kind": "RNN",
                "reverse": False,
                "steps": 2,
                "norms": {"total": [0.0, 0.0], "carried": [0.0, 0.0], "direct": [0.0, 0.0]},
                "share_norms": [0.0, 0.0],
                "rate": None,
                "half_life": None,
                "cuts": [],
                "verdict": words[1],
            },
        ],
        "notes": ["a note"],
    }
    assert steady(2.0, 3).to_dict()["half_life"] is None  # infinite


def test_small_gradients_have_rates_and_shares_like_large_ones():
    for size in (1e-3, 1.0, 1e3):
        layer = by_hand(0.5, 0.25, size=size)
        assert layer.factors == pytest.approx([0.5, 0.25])
        assert layer.older_than(1) == pytest.approx(1 / 3)


def test_where_nothing_arrives_every_number_is_missing():
    layer = by_hand(0.5, size=0.0)
    assert math.isnan(layer.older_than(0)) and np.isnan(layer.factors).all()
    assert math.isnan(layer.rate) and math.isnan(layer.half_life)


def test_factors_of_an_lstm_are_lengths_of_h_and_c_together():
    rng = np.random.default_rng(0)
    shape = 4, 3, 5
    total, carried, cell_carried, cell_direct = rng.normal(size=(4, *shape))
    layer = flow.LayerFlow(
        "mine", "LSTM", False, total, carried, total, cell_carried, cell_direct,
        start=total[0], product=total, received=total, live=np.ones(shape[:2], bool),
    )  # fmt: skip
    for s in range(3):
        back = sum(math.hypot(*carried[s, n], *cell_carried[s, n]) for n in range(3))
        told = sum(
            math.hypot(*total[s + 1, n], *(cell_carried + cell_direct)[s + 1, n]) for n in range(3)
        )
        assert layer.factors[s] == pytest.approx(back / told)
    lengths = [np.mean([math.hypot(*a) for a in step]) for step in cell_carried]
    assert layer.norms("cell_carried") == pytest.approx(lengths)


def test_norms_are_of_parts_that_the_layer_has():
    for part in ("cell", "all"):
        with pytest.raises(ValueError) as caught:
            steady(0.5, 3).norms(part)
        assert str(caught.value) == (
            f"part is {part!r}, expected one of total, carried, direct, cell, cell_carried "
            "of this layer."
        )


@pytest.mark.parametrize("k", [-1, True, 1.5, "1", None])
def test_older_than_wants_a_whole_number(k):
    with pytest.raises(ValueError, match=rf"^k is {k!r}, expected a whole number of at least 0\.$"):
        steady(0.5, 3).older_than(k)


# --- names ----------------------------------------------------------------------------------------


class Twice(nn.Module):
    """A layer that reads two texts, one after the other, each from the start."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return torch.cat([self.layer(x)[0], self.layer(2 * x)[0]])


def test_layers_directions_and_calls_have_names():
    x = torch.randn(T, N, D)
    names = [
        "layer, layer 0, forward, call 1",
        "layer, layer 0, backward, call 1",
        "layer, layer 0, forward, call 2",
        "layer, layer 0, backward, call 2",
    ]
    model = Twice(nn.GRU(D, H, bidirectional=True))
    report = unrolled.gradient_flow(model, x, lambda y: y.sum())
    assert [layer.name for layer in report] == names
    assert [layer.reverse for layer in report] == [False, True] * 2
    assert list(flow.lag_matrix(model, x, lambda y: y.sum(dim=(1, 2)))) == names
    with pytest.raises(KeyError, match=f"which is 'nobody', expected one of {', '.join(names)}."):
        report["nobody"]


def test_a_cell_that_is_called_again_from_the_start():
    cell = nn.RNNCell(D, H)
    model = nn.ModuleDict({"cell": cell})
    model.forward = lambda x: cell(x[0]) + cell(x[1])
    report = unrolled.gradient_flow(model, torch.randn(2, N, D), lambda y: y.sum())
    assert [layer.name for layer in report] == ["cell, call 1", "cell, call 2"]


def test_notes():
    x = torch.randn(T, N, D)
    note = "gru is in training mode: its dropout draws another mask each time."
    for layers, dropout, noted in ((1, 0.0, False), (2, 0.0, False), (2, 0.5, True)):
        layer = nn.GRU(D, H, layers, dropout=dropout)
        notes = unrolled.gradient_flow(layer, x, lambda y: y[0].sum()).notes
        assert notes == (note,) * noted
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        single = nn.GRU(D, H, 1, dropout=0.5)
    assert unrolled.gradient_flow(single, x, lambda y: y[0].sum()).notes == ()


# --- the way between two calls --------------------------------------------------------------------


class Between(nn.Module):
    """A loop over a cell whose states pass through a tanh and a sine before the next step."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(D, H, dtype=torch.float64)

    def forward(self, x, push=None, at=-1):
        state, outputs = None, []
        for t, x_t in enumerate(x):
            h, c = self.cell(x_t, state)
            if t == at:
                h = h + push
            outputs.append(h)
            state = torch.tanh(h), torch.sin(c)
        return torch.stack(outputs)


def test_what_happens_to_a_state_between_two_steps_counts():
    torch.manual_seed(0)
    model, x = Between(), torch.randn(T, N, D, dtype=torch.float64)
    weights = torch.randn(T, N, H, dtype=torch.float64)
    (layer,) = unrolled.gradient_flow(model, x, lambda y: (y * weights).sum())
    assert layer.steps == T
    for t, n, unit in ((0, 1, 2), (3, 0, 5)):
        push = torch.zeros(N, H, dtype=torch.float64)
        push[n, unit] = 1e-6
        with torch.no_grad():
            sides = [float((model(x, sign * push, t) * weights).sum()) for sign in (1, -1)]
        assert layer.total[t, n, unit] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7)
    assert layer.direct == pytest.approx(weights.numpy())


def test_one_layer_goes_on_and_the_other_begins_again():
    torch.manual_seed(0)
    layer = nn.GRU(D, H, 2).double()
    model = nn.ModuleDict({"layer": layer})

    def forward(x):  # the second call begins from one of the two last states alone
        _, end = layer(x)
        begin = torch.stack([end[0], torch.zeros_like(end[0])])
        return layer(x, begin)[0]

    model.forward = forward
    x = torch.randn(T, N, D, dtype=torch.float64)
    report = unrolled.gradient_flow(model, x, lambda y: y.sum())
    assert [layer.steps for layer in report] == [2 * T, 2 * T]
    assert report[0].carried[T - 1].all() and not report[1].carried[T - 1].any()


@pytest.mark.parametrize("both", [False, True])
def test_a_packed_batch_whose_states_go_on_is_each_sequence_alone(both):
    torch.manual_seed(0)
    layer = nn.LSTM(D, H, bidirectional=both).double()
    model = nn.ModuleDict({"layer": layer})

    def forward(x):  # a second call goes on from the states of the first
        _, state = layer(x)
        return layer(x, state)

    def loss(result):
        output, (h, c) = result
        packed = isinstance(output, nn.utils.rnn.PackedSequence)
        output = output.data if packed else output
        return (output**2).sum() + h.sum() + 2 * c.sum()

    model.forward = forward
    parts = [torch.randn(length, D, dtype=torch.float64) for length in (2, 5, 4)]
    packed = nn.utils.rnn.pack_sequence(parts, enforce_sorted=False)
    together = unrolled.gradient_flow(model, packed, loss)
    for n, part in enumerate(parts):
        alone = unrolled.gradient_flow(model, part[:, None], loss)
        for ours, theirs in zip(together, alone, strict=True):
            live = ours.live[:, n]
            for what in ("total", "carried", "cell", "cell_carried", "cell_direct"):
                a, b = getattr(ours, what)[live, n], getattr(theirs, what)[:, 0]
                assert a == pytest.approx(b, abs=1e-12), (ours.name, what)
                assert not getattr(ours, what)[~live, n].any()


def test_a_cell_state_that_is_thrown_away_between_two_calls():
    torch.manual_seed(0)
    layer = nn.LSTM(D, H).double()
    model = nn.ModuleDict({"layer": layer})

    def forward(x):  # the second call goes on from h, with an empty cell
        _, (h, c) = layer(x)
        return layer(x, (h, torch.zeros_like(c)))[0]

    model.forward = forward
    x = torch.randn(T, N, D, dtype=torch.float64)
    (whole,) = unrolled.gradient_flow(model, x, lambda y: y.sum())
    assert whole.steps == 2 * T
    assert whole.carried[T - 1].all() and not whole.cell_carried[T - 1].any()


# --- what is refused ------------------------------------------------------------------------------


class OwnForward(nn.LSTM):
    def forward(self, x):
        return super().forward(x)[0]


def plain():
    return nn.RNN(D, H)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("model", "loss", "kind", "words"),
    [
        (
            lambda: nn.Linear(D, H),
            lambda y: y.sum(),
            ValueError,
            "model holds no recurrent layer, expected one of "
            "nn.RNN, GRU, LSTM, RNNCell, GRUCell, LSTMCell.",
        ),
        (
            lambda: "rnn",
            lambda y: y,
            TypeError,
            "model is a str, expected a torch.nn.Module.",
        ),
        (
            lambda: OwnForward(D, H),
            lambda y: y.sum(),
            TypeError,
            "ownforward is a OwnForward with a forward of its own, which cannot be "
            "replayed: call torch's layer from a module that holds it.",
        ),
        (
            lambda: torch.jit.script(nn.Sequential(nn.Identity(), plain())),
            lambda y: y[0].sum(),
            TypeError,
            "model is scripted: hand in the module it was made from.",
        ),
        (
            lambda: nn.Sequential(nn.Identity(), torch.jit.script(plain())),
            lambda y: y[0].sum(),
            TypeError,
            "model.1 is scripted: hand in the module it was made from.",
        ),
        (
            lambda: torch.compile(plain()),
            lambda y: y[0].sum(),
            TypeError,
            "model is compiled: hand in the module it was made from.",
        ),
        (
            plain,
            lambda y: y[0],
            ValueError,
            "loss_fn returned shape (5, 3, 6), expected a single number.",
        ),
        (plain, lambda y: 3.0, TypeError, "loss_fn returned a float, expected a tensor."),
        (plain, lambda y: y[0].detach().sum(), ValueError, f"loss_fn {LOST}"),
        (
            plain,
            lambda y: y[0].sum() * math.nan,
            ValueError,
            "loss_fn returned nan: all states are finite, so look at the readout and at the "
            "loss itself.",
        ),
    ],
)
def test_bad_input_is_named(model, loss, kind, words):
    with pytest.raises(kind) as caught:
        unrolled.gradient_flow(model(), torch.randn(T, N, D), loss)
    assert str(caught.value) == words


def test_a_model_compiled_in_place():
    layer = plain()
    layer.compile()
    with pytest.raises(TypeError, match="is compiled"):
        unrolled.gradient_flow(layer, torch.randn(T, N, D), lambda y: y[0].sum())


@pytest.mark.parametrize(
    ("losses", "kind", "words"),
    [
        (lambda y: 1.0, TypeError, "a float, expected a tensor."),
        (lambda y: y[0].sum(), ValueError, "shape (), expected (K,), K losses."),
        (lambda y: y[0].flatten()[:0], ValueError, "shape (0,), expected (K,), K losses."),
        (lambda y: y[0].sum(dim=2), ValueError, "shape (5, 3), expected (K,), K losses."),
        (lambda y: y[0].detach().sum(dim=(1, 2)), ValueError, LOST.removeprefix("returned ")),
    ],
)
def test_losses_must_be_a_vector(losses, kind, words):
    with pytest.raises(kind) as caught:
        flow.lag_matrix(plain(), torch.randn(T, N, D), losses)
    assert str(caught.value) == f"losses_fn returned {words}"


def test_one_loss_is_a_vector_too():
    found = flow.lag_matrix(plain(), torch.randn(T, N, D), lambda y: y[0].sum()[None])
    assert found["rnn, layer 0"].shape == (1, T)


def test_a_model_that_calls_none_of_its_layers():
    model = nn.ModuleDict({"rnn": nn.RNN(D, H), "out": nn.Linear(D, 1)})
    model.forward = lambda x: model["out"](x)
    with pytest.raises(ValueError, match=r"^model called none of its recurrent layers\.$"):
        unrolled.gradient_flow(model, torch.randn(T, N, D), lambda y: y.sum())


# --- the figure -----------------------------------------------------------------------------------


def test_the_figure(monkeypatch):
    shown = {}
    monkeypatch.setattr(figures, "show", lambda fig, **texts: shown.update(texts, fig=fig))
    torch.manual_seed(0)
    model = nn.Sequential(nn.LSTM(D, H, 2))
    report = unrolled.gradient_flow(model, torch.randn(T, N, D), lambda y: y[0][-1].sum())
    bare = unrolled.gradient_flow(nn.RNN(D, H), torch.randn(T, N, D), lambda y: y[0].sum())
    report.plot("fig-mine")
    fig = shown.pop("fig")
    assert shown == {
        "name": "fig-mine",
        "caption": "What each state hears of the loss: in full, carried back, and directly.",
        "alt": report.alt,
    }
    assert report.alt == "Gradient norm of every state on a logarithmic scale. " + " ".join(
        f"{layer.name}: {layer.verdict}" for layer in report
    )
    assert fig.get_figheight() == pytest.approx(0.6 + 2 * 2.2)
    for ax, layer in zip(fig.axes, report, strict=True):
        assert (ax.get_title(loc="left") or ax.get_title()) == layer.name
        assert ax.get_xlabel() == "step of the recurrence" and ax.get_ylabel() == "norm"
        assert ax.get_yscale() == "log" and ax.get_legend() is not None
        assert all(line.get_visible() for line in ax.get_xgridlines())
        drawn = {line.get_label(): line for line in ax.lines}
        looks = {"total": ("-", figures.GRADIENT), "carried": ("--", figures.HIDDEN),
                 "direct": (":", figures.LOSS), "cell": ("-.", figures.GATE)}  # fmt: skip
        assert list(drawn) == list(looks)
        for part, (style, colour) in looks.items():
            norms = layer.norms(part)
            assert drawn[part].get_linestyle() == style
            assert matplotlib.colors.same_color(drawn[part].get_color(), colour)
            assert drawn[part].get_xdata().tolist() == [1, 2, 3, 4, 5]
            values = drawn[part].get_ydata()
            assert values.dtype == float and np.array_equal(np.isnan(values), norms == 0)
            assert values[norms > 0] == pytest.approx(norms[norms > 0])
    bare.plot()
    assert shown["name"] == "fig-gradient-flow"
    lines = shown["fig"].axes[0].lines
    assert [line.get_label() for line in lines] == ["total", "carried", "direct"]
