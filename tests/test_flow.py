"""gradient_flow against torch's fused layers, against differences, and against itself."""

from __future__ import annotations

import copy
import itertools
import json
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

import unrolled
from unrolled import flow, replay

T, N, D, H = 5, 3, 4, 6
KINDS = {
    "tanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
    "gru": (nn.GRU, {}),
    "lstm": (nn.LSTM, {}),
    "proj": (nn.LSTM, {"proj_size": 2}),
}
# A GPU, where there is one; without it the tests named "cuda" do not exist.
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
CONFIGURATIONS = [
    (kind, {"num_layers": L, "bidirectional": both, "batch_first": first, "bias": bias})
    for kind, L, both, first, bias in itertools.product(
        KINDS, (1, 2, 3), (False, True), (False, True), (False, True)
    )
]


def name_of(value: object) -> str:
    if isinstance(value, dict):
        return "-".join(f"{key[:3]}{int(number)}" for key, number in value.items())
    return str(value)


def build(kind: str, seed: int = 0, **options) -> nn.Module:
    torch.manual_seed(seed)
    cls, own = KINDS[kind]
    return cls(D, H, **own, **options).double()


def cell_of(kind: str) -> nn.Module:
    make = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}.get(kind, nn.RNNCell)
    return make(D, H, dtype=torch.float64, **(KINDS[kind][1] if make is nn.RNNCell else {}))


class Weighted(nn.Module):
    """A loss that speaks to every output, and to every final state, with random weights."""

    def __init__(self, ends: bool = True) -> None:
        super().__init__()
        self.ends = ends

    def forward(self, result):
        output, end = result
        if isinstance(output, nn.utils.rnn.PackedSequence):
            output = output.data
        ends = (end if isinstance(end, tuple) else (end,)) if self.ends else ()
        draw = torch.Generator().manual_seed(1)
        parts = [output, *ends]
        weights = [torch.randn(p.shape, generator=draw, dtype=torch.float64) for p in parts]
        return sum((p * w).sum() for p, w in zip(parts, weights, strict=True))


def run_replayed(layer, inputs, loss_fn=None):
    """Output, ends and parameter gradients of the replay."""
    loss_fn = loss_fn or Weighted()
    with replay.replayed(layer, {"layer": layer}):
        result = layer(*inputs)
    grads = torch.autograd.grad(loss_fn(result), list(layer.parameters()))
    return result, grads


def run_fused(layer, inputs, loss_fn=None):
    loss_fn = loss_fn or Weighted()
    result = layer(*inputs)
    return result, torch.autograd.grad(loss_fn(result), list(layer.parameters()))


def tensors(result):
    output, end = result
    data = output.data if isinstance(output, nn.utils.rnn.PackedSequence) else output
    return [data, *(end if isinstance(end, tuple) else (end,))]


def assert_equal(ours, theirs, tolerance):
    assert len(ours) == len(theirs) > 0
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert (a - b).abs().max() <= tolerance * max(1, b.abs().max())


def states_given(kind, layer, batch=N):
    cells = layer.num_layers * (2 if layer.bidirectional else 1)
    h = torch.randn(cells, batch, layer.proj_size or H, dtype=torch.float64)
    c = torch.randn(cells, batch, H, dtype=torch.float64)
    return (h, c) if kind in ("lstm", "proj") else h


# --- the replay is the layer ----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "options"), CONFIGURATIONS, ids=name_of)
def test_the_replay_is_the_fused_layer_and_its_shares_add_up(kind, options):
    layer = build(kind, **options)
    shape = (N, T, D) if options["batch_first"] else (T, N, D)
    inputs = torch.randn(shape, dtype=torch.float64), states_given(kind, layer)
    ours, our_grads = run_replayed(layer, inputs)
    theirs, their_grads = run_fused(layer, inputs)
    assert_equal(tensors(ours), tensors(theirs), 1e-12)
    assert_equal(our_grads, their_grads, 1e-10)

    report = unrolled.gradient_flow(layer, inputs, Weighted())
    wanted = dict(zip((n for n, _ in layer.named_parameters()), their_grads, strict=True))
    names = [n for n in wanted if n.startswith("weight_hh")]
    assert len(report.layers) == len(names)
    for part, name in zip(report, names, strict=True):
        exact = wanted[name].numpy()
        assert np.abs(part.shares.sum(axis=0) - exact).max() <= 1e-10 * np.abs(exact).max()
        assert np.abs(part.shares[1:].sum(axis=0) - exact).max() > 1e-3 * np.abs(exact).max()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", KINDS)
def test_on_every_device_that_is_there(kind, device):
    layer = build(kind, num_layers=2, bidirectional=True).to(device)
    packed = pack_sequence(
        [torch.randn(length, D, dtype=torch.float64, device=device) for length in (2, 5, 4)],
        enforce_sorted=False,
    )
    speak = lambda result: (result[0].data ** 2).sum()  # noqa: E731
    report = unrolled.gradient_flow(layer, packed, speak)
    speak(layer(packed)).backward()
    for part, name in zip(
        report, [n for n in dict(layer.named_parameters()) if "weight_hh" in n], strict=True
    ):
        exact = getattr(layer, name).grad.cpu().numpy()
        assert np.abs(part.shares.sum(axis=0) - exact).max() <= 1e-10 * np.abs(exact).max()


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_unbatched_input(kind, first, given):
    layer = build(kind, num_layers=2, bidirectional=True, batch_first=first)
    states = states_given(kind, layer)
    states = tuple(s[:, 0] for s in states) if isinstance(states, tuple) else states[:, 0]
    inputs = torch.randn(T, D, dtype=torch.float64), *([states] if given else [])
    ours, our_grads = run_replayed(layer, inputs)
    theirs, their_grads = run_fused(layer, inputs)
    assert_equal(tensors(ours), tensors(theirs), 1e-12)
    assert_equal(our_grads, their_grads, 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_one_keeps_its_axis(kind):
    layer = build(kind, num_layers=2)
    inputs = torch.randn(T, 1, D, dtype=torch.float64), states_given(kind, layer, batch=1)
    assert_equal(tensors(run_replayed(layer, inputs)[0]), tensors(layer(*inputs)), 1e-12)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("batch", [(), (1,), (N,)], ids=str)
@pytest.mark.parametrize("kind", ["tanh", "relu", "gru", "lstm"])
def test_a_cell_answers_as_torchs_own(kind, batch, given):
    cell = cell_of(kind)
    x, h, c = (torch.randn(*batch, size, dtype=torch.float64) for size in (D, H, H))
    inputs = x, *([(h, c) if kind == "lstm" else h] if given else [])
    with replay.replayed(cell, {"cell": cell}):
        ours = cell(*inputs)
    theirs = cell(*inputs)
    assert isinstance(ours, tuple) == isinstance(theirs, tuple) == (kind == "lstm")
    parts = (ours, theirs) if kind == "lstm" else ((ours,), (theirs,))
    assert_equal(*parts, 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_without_initial_states_they_are_zero(kind):
    layer = build(kind)
    inputs = (torch.randn(T, N, D, dtype=torch.float64),)
    assert_equal(tensors(run_replayed(layer, inputs)[0]), tensors(layer(*inputs)), 1e-12)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_packed_input(kind, ordered, given, first):
    layer = build(kind, num_layers=2, bidirectional=True, batch_first=first)
    lengths = [5, 4, 2] if ordered else [2, 5, 4]
    parts = [torch.randn(length, D, dtype=torch.float64) for length in lengths]
    packed = pack_sequence(parts, enforce_sorted=ordered)
    inputs = (packed, states_given(kind, layer)) if given else (packed,)
    ours, our_grads = run_replayed(layer, inputs)
    theirs, their_grads = run_fused(layer, inputs)
    assert_equal(tensors(ours), tensors(theirs), 1e-12)
    assert_equal(our_grads, their_grads, 1e-10)
    assert ours[0].unsorted_indices is None or torch.equal(
        ours[0].unsorted_indices, theirs[0].unsorted_indices
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_batch_is_each_sequence_alone(kind):
    layer = build(kind, num_layers=2, bidirectional=True)
    lengths = [2, 5, 4]
    parts = [torch.randn(length, D, dtype=torch.float64) for length in lengths]

    def loss(result):  # of each sequence alone: its outputs weighed by place and unit
        output, end = result
        if isinstance(output, nn.utils.rnn.PackedSequence):
            output, _ = pad_packed_sequence(output)
        steps = torch.arange(1.0, len(output) + 1, dtype=torch.float64)[:, None, None]
        units = torch.arange(1.0, output.shape[-1] + 1, dtype=torch.float64).sin()
        return (output * steps.cos() * units).sum() + (
            end if torch.is_tensor(end) else end[1]
        ).sum()

    together = unrolled.gradient_flow(layer, pack_sequence(parts, enforce_sorted=False), loss)
    for n, part in enumerate(parts):
        alone = unrolled.gradient_flow(layer, part[:, None], loss)
        for ours, theirs in zip(together, alone, strict=True):
            live = ours.live[:, n]
            assert live.sum() == lengths[n]
            cells = ("cell", "cell_carried", "cell_direct") if ours.cell is not None else ()
            for what in ("total", "carried", "direct", "product", *cells):
                a, b = getattr(ours, what)[live, n], getattr(theirs, what)[:, 0]
                assert np.abs(a - b).max() < 1e-12, (ours.name, what)
                assert not getattr(ours, what)[~live, n].any() or what == "direct"
            assert np.abs(ours.start[n] - theirs.start[0]).max() < 1e-12


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_dropout_between_layers(kind, training):
    layer = build(kind, num_layers=2, dropout=1.0).train(training)  # nothing gets through: no luck
    inputs = (torch.randn(T, N, D, dtype=torch.float64),)
    ours, _ = run_replayed(layer, inputs, lambda result: result[0].sum() + 0 * sum_of(layer))
    assert_equal(tensors(ours), tensors(layer(*inputs)), 1e-12)
    other = copy.deepcopy(layer).train(not training)
    assert (tensors(ours)[0] - tensors(other(*inputs))[0]).abs().max() > 1e-3


def test_dropout_draws_what_torch_draws():
    layer = build("gru", num_layers=2, dropout=0.5)
    inputs = (torch.randn(T, N, D, dtype=torch.float64),)
    results = []
    for run, seed in ((run_replayed, 0), (run_fused, 0), (run_fused, 1)):
        torch.manual_seed(seed)
        results.append(tensors(run(layer, inputs)[0])[0])
    ours, theirs, others = results
    assert (ours - theirs).abs().max() < 1e-12 < (ours - others).abs().max()


def sum_of(layer):
    return sum(parameter.sum() for parameter in layer.parameters())


# --- dL/dh_t, found without any replay ------------------------------------------------------------


def by_cells(kind, layer, x, push, at):
    """The output of a stack of torch's own cells with `push` added to one state of one layer."""
    for number in range(layer.num_layers):
        make = {"tanh": nn.RNNCell, "relu": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
        cell = make[kind](x.shape[-1], H, dtype=torch.float64)
        if kind == "relu":
            cell.nonlinearity = "relu"
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(cell, part).data = getattr(layer, f"{part}_l{number}").data
        state, outputs = None, []
        for t, x_t in enumerate(x):
            state = cell(x_t, state)
            if (number, t) == at:
                state = (state[0] + push, state[1]) if kind == "lstm" else state + push
            outputs.append(state[0] if kind == "lstm" else state)
        x = torch.stack(outputs)
    return x


@pytest.mark.parametrize("kind", ["tanh", "relu", "gru", "lstm"])
def test_total_is_what_differences_of_the_loss_say_in_every_layer(kind):
    layer = build(kind, num_layers=2)
    x = torch.randn(T, N, D, dtype=torch.float64)
    loss = Weighted(ends=False)
    report = unrolled.gradient_flow(layer, x, loss)
    for number, t in itertools.product(range(2), range(T)):
        for n, unit in ((0, 1), (2, 4)):
            push = torch.zeros(N, H, dtype=torch.float64)
            push[n, unit] = 1e-6
            with torch.no_grad():
                up, down = (
                    loss((by_cells(kind, layer, x, sign * push, (number, t)), None))
                    for sign in (1, -1)
                )
            slope = float(up - down) / 2e-6
            assert abs(report[number].total[t, n, unit] - slope) < 1e-7 * max(1, abs(slope))


def test_carried_is_total_less_what_the_loss_says_to_the_output():
    layer = build("tanh")
    x = torch.randn(T, N, D, dtype=torch.float64)
    report = unrolled.gradient_flow(layer, x, Weighted(ends=False))[0]
    output = layer(x)[0].detach().requires_grad_()
    (direct,) = torch.autograd.grad(Weighted(ends=False)((output, None)), output)
    assert np.abs(report.direct - direct.numpy()).max() < 1e-12
    assert not report.carried[-1].any()
    states = layer(x)[0].detach().numpy()
    dz = report.total * (1 - states**2)
    assert np.abs(report.carried[:-1] - dz[1:] @ layer.weight_hh_l0.detach().numpy()).max() < 1e-12
    assert np.abs(report.start - dz[0] @ layer.weight_hh_l0.detach().numpy()).max() < 1e-12


def test_the_naive_recipe_sees_the_direct_part_alone():
    layer = build("tanh")
    x = torch.randn(T, N, D, dtype=torch.float64)
    output, _ = layer(x)
    output.retain_grad()
    output[-1].sum().backward()
    report = unrolled.gradient_flow(layer, x, lambda result: result[0][-1].sum())[0]
    assert np.abs(report.direct - output.grad.numpy()).max() < 1e-12
    assert not output.grad[:-1].any() and report.total[:-1].all()


def test_cell_gradients_of_an_lstm():
    layer = build("lstm")
    x = torch.randn(T, N, D, dtype=torch.float64)
    report = unrolled.gradient_flow(layer, x, Weighted())[0]
    at = 2
    start = layer(x[: at + 1])[1]
    with torch.no_grad():
        for n, unit in ((0, 1), (2, 4)):
            push = torch.zeros(1, N, H, dtype=torch.float64)
            push[0, n, unit] = 1e-6
            losses = []
            for sign in (1, -1):
                c = start[1] + sign * push
                first = layer(x[: at + 1])[0].clone()
                o = torch.sigmoid(  # the output gate, to let c speak through h as well
                    x[at] @ layer.weight_ih_l0[3 * H :].T
                    + layer.bias_ih_l0[3 * H :]
                    + layer(x[:at])[0][-1] @ layer.weight_hh_l0[3 * H :].T
                    + layer.bias_hh_l0[3 * H :]
                )
                first[at] = o * torch.tanh(c[0])
                rest, end = layer(x[at + 1 :], (first[at][None], c))
                losses.append(float(Weighted()((torch.cat([first, rest]), end))))
            slope = (losses[0] - losses[1]) / 2e-6
            assert abs(report.cell[at, n, unit] - slope) < 1e-7 * max(1, abs(slope))


# --- loops in the reader's own hands --------------------------------------------------------------


class ByCells(nn.Module):
    """A loop over a cell, as people write it."""

    def __init__(self, cell, border=None):
        super().__init__()
        self.cell, self.border = cell, border

    def forward(self, x):
        state, outputs = None, []
        for t, x_t in enumerate(x):
            if state is not None and t == self.border:
                detach = tuple(s.detach() for s in state) if isinstance(state, tuple) else None
                state = detach or state.detach()
            state = self.cell(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(outputs), state


class InPieces(nn.Module):
    """A layer that is called once a step."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        state, outputs = None, []
        for x_t in x.split(2):
            output, state = self.layer(x_t, state)
            outputs.append(output)
        return torch.cat(outputs), state


def same_flow(ours, theirs, names=("total", "carried", "product", "received", "live", "start")):
    for name in names:
        assert np.abs(getattr(ours, name) * 1.0 - getattr(theirs, name)).max() < 1e-12, name
    if ours.cell is not None:
        for name in ("cell", "cell_carried", "cell_direct"):
            assert np.abs(getattr(ours, name) - getattr(theirs, name)).max() < 1e-12, name


@pytest.mark.parametrize("kind", ["tanh", "relu", "gru", "lstm"])
@pytest.mark.parametrize("how", ["cells", "pieces"])
def test_a_loop_is_the_layer(kind, how):
    layer = build(kind)
    x = torch.randn(T, N, D, dtype=torch.float64)
    whole = unrolled.gradient_flow(layer, x, Weighted(ends=False))
    if how == "pieces":
        model = InPieces(layer)
    else:
        cell = cell_of(kind)
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(cell, part).data = getattr(layer, f"{part}_l0").data
        model = ByCells(cell)
    report = unrolled.gradient_flow(model, x, Weighted(ends=False))
    assert len(report.layers) == 1
    same_flow(report[0], whole[0])
    assert report[0].rate == pytest.approx(whole[0].rate, rel=1e-12)


def test_a_detached_state_is_a_new_run():
    torch.manual_seed(0)
    model = ByCells(nn.RNNCell(D, H, dtype=torch.float64), border=3)
    x = torch.randn(T, N, D, dtype=torch.float64)
    report = unrolled.gradient_flow(model, x, Weighted(ends=False))
    assert [part.steps for part in report] == [3, 2]
    assert not report[0].carried[-1].any() and not report[1].carried[-1].any()


def test_directions_and_live_steps_are_told():
    x = torch.randn(T, N, D, dtype=torch.float64)
    both = unrolled.gradient_flow(build("gru", bidirectional=True), x, Weighted())
    loop = unrolled.gradient_flow(ByCells(cell_of("gru")), x, Weighted(ends=False))
    assert [part.to_dict()["reverse"] for part in both] == [False, True]
    assert [part.reverse for part in loop] == [False]
    for part in (*both, *loop):
        assert part.live.dtype == bool and part.live.shape == (T, N) and part.live.all()


def test_two_layers_of_one_model_are_told_apart():
    torch.manual_seed(0)

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader, self.writer = nn.GRU(D, H), nn.LSTM(H, H)

        def forward(self, x):
            return self.writer(self.reader(x)[0])[0]

    report = unrolled.gradient_flow(Two(), torch.randn(T, N, D), lambda y: y[-1].sum())
    assert [part.name for part in report] == ["reader, layer 0", "writer, layer 0"]
    assert [part.kind for part in report] == ["GRU", "LSTM"]
    assert report["writer, layer 0"] is report[1]
    with pytest.raises(KeyError, match="expected one of reader, layer 0"):
        report["nobody"]


# --- what the numbers mean ------------------------------------------------------------------------


def linear(factor, steps=8):
    """A ReLU network that multiplies its positive state by a factor at every step."""
    layer = nn.RNN(1, 1, nonlinearity="relu", bias=False).double()
    layer.weight_hh_l0.data.fill_(factor)
    layer.weight_ih_l0.data.fill_(1.0)
    return layer, torch.ones(steps, 2, 1, dtype=torch.float64)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_rate_half_life_and_words_of_a_known_network(factor):
    layer, x = linear(factor)
    report = unrolled.gradient_flow(layer, x, lambda result: result[0][-1].sum())[0]
    assert report.norms() == pytest.approx([factor**k for k in range(7, -1, -1)])
    assert report.rate == pytest.approx(factor)
    assert report.half_life == pytest.approx(1.0 if factor == 0.5 else math.inf)
    word = {0.5: "halves every 1.0 steps", 1.0: "keeps its size", 2.0: "doubles every 1.0 steps"}
    assert word[factor] in report.verdict


def test_the_rate_is_the_same_where_every_step_has_a_loss():
    layer, x = linear(0.5)
    report = unrolled.gradient_flow(layer, x, lambda result: result[0].sum())[0]
    assert report.rate == pytest.approx(0.5)
    assert report.norms()[0] > 0.5 * report.norms().max()  # though the total hardly falls
    assert report.norms("carried")[-1] == 0


def test_older_than_counts_steps_from_the_end_of_each_sequence():
    layer, x = linear(0.5, steps=6)
    report = unrolled.gradient_flow(layer, x, lambda result: result[0][-1].sum())[0]
    shares = report.shares[:, 0, 0]
    for k in range(7):
        want = shares[: max(0, 5 - k)].sum() / shares.sum()
        assert report.older_than(k) == pytest.approx(want)
    assert report.older_than(0) > report.older_than(2) > 0 == report.older_than(5)
    packed = pack_padded_sequence(x[:, :2], [6, 3])
    uneven = unrolled.gradient_flow(layer, packed, lambda r: pad_packed_sequence(r[0])[0].sum())[0]
    assert uneven.age[:, 0].tolist() == [5, 4, 3, 2, 1, 0]
    assert uneven.age[:3, 1].tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="k is -1"):
        report.older_than(-1)


def test_the_rate_of_an_lstm_counts_its_cell():
    layer = nn.LSTM(1, 2).double()
    for parameter in layer.parameters():
        parameter.data.zero_()
    layer.bias_ih_l0.data[2:4] = math.log(0.8 / 0.2)  # the forget gate is 0.8, nothing else acts
    x = torch.ones(6, 3, 1, dtype=torch.float64)
    by_cell = unrolled.gradient_flow(layer, x, lambda result: result[1][1].sum())[0]
    assert by_cell.factors == pytest.approx(np.full(5, 0.8))
    assert by_cell.norms("cell") == pytest.approx(math.sqrt(2) * 0.8 ** np.arange(5, -1, -1))
    assert not by_cell.total.any() and "does not depend" not in by_cell.verdict


def test_a_step_that_hands_nothing_back_is_named_and_left_out_of_the_rate():
    layer, x = linear(0.5)
    x[3] = -100.0  # a dead ReLU at step 4
    report = unrolled.gradient_flow(layer, x, lambda result: result[0].sum())[0]
    assert report.cuts == (2,) and report.rate == pytest.approx(0.5)
    assert "across 1 border: after step 3." in report.verdict


def test_padding_is_left_out_of_the_means():
    layer, x = linear(1.0, steps=6)
    packed = pack_padded_sequence(x, [6, 3])
    report = unrolled.gradient_flow(layer, packed, lambda r: r[1].sum())[0]
    assert report.norms() == pytest.approx(np.ones(6))
    assert report.rate == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda layer: layer.weight_hh_l0.data.zero_(), "Nothing is carried back"),
        (lambda layer: layer.weight_hh_l0.data.mul_(0.2), "vanishes"),
        (lambda layer: layer.weight_hh_l0.data.mul_(20), "explodes"),
    ],
)
def test_verdicts(change, words):
    layer, x = linear(1.0)
    change(layer)
    report = unrolled.gradient_flow(layer, x, lambda result: result[0][-1].sum())
    assert words in report[0].verdict and words in str(report)


def test_a_layer_that_the_loss_does_not_hear():
    torch.manual_seed(0)
    model = nn.ModuleDict({"used": nn.RNN(D, H), "idle": nn.RNN(D, H), "unheard": nn.RNN(D, H)})
    model.forward = lambda x: (model["used"](x)[0], model["unheard"](x)[0])
    report = unrolled.gradient_flow(model, torch.randn(T, N, D), lambda out: out[0].sum())
    assert [part.name for part in report] == ["used, layer 0", "unheard, layer 0"]
    assert "does not depend on this layer" in report[1].verdict
    assert math.isnan(report[1].rate) and math.isnan(report[1].older_than(1))
    assert report.notes == ("idle was not called.",)


def test_one_step_has_nothing_to_carry():
    layer = build("lstm")
    x = torch.randn(1, N, D, dtype=torch.float64)
    assert "Nothing to carry" in unrolled.gradient_flow(layer, x, Weighted())[0].verdict


# --- everything is left as it was -----------------------------------------------------------------


class Busy(nn.Module):
    """Buffers, dropout, a state kept between calls and a hook: all that a run could disturb."""

    def __init__(self):
        super().__init__()
        self.norm, self.rnn = nn.BatchNorm1d(D), nn.LSTM(D, H, 2, dropout=0.5)
        self.out, self.kept = nn.Linear(H, 1), None
        self.register_buffer("calls", torch.zeros(()))
        self.rnn.register_forward_hook(lambda *_: None)

    def forward(self, x):
        x = self.norm(x.flatten(0, 1)).view_as(x)
        self.calls = self.calls + 1
        output, self.kept = self.rnn(x, self.kept)
        return self.out(output)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_the_model_is_left_as_found(training, fails):
    torch.manual_seed(0)
    model = Busy().train(training)
    x = torch.randn(T, N, D)
    model.out.weight.grad = torch.ones_like(model.out.weight)
    keys = {name: set(vars(module)) for name, module in model.named_modules()}
    state = copy.deepcopy(model.state_dict())
    random = torch.get_rng_state()

    def loss(y):
        if fails:
            raise RuntimeError("on purpose")
        return y.mean()

    if fails:
        with pytest.raises(RuntimeError, match="on purpose"):
            unrolled.gradient_flow(model, x, loss)
    else:
        report = unrolled.gradient_flow(model, x, loss)
        assert any("dropout" in note for note in report.notes) == training
    assert torch.equal(torch.get_rng_state(), random)
    assert model.training == training and model.kept is None
    assert {name: set(vars(module)) for name, module in model.named_modules()} == keys
    assert all(
        torch.equal(a, b) for a, b in zip(state.values(), model.state_dict().values(), strict=True)
    )
    assert torch.equal(model.out.weight.grad, torch.ones_like(model.out.weight))
    assert all(p.grad is None for n, p in model.named_parameters() if n != "out.weight")
    assert type(model.rnn).forward is nn.LSTM.forward and "forward" not in vars(model.rnn)


def test_it_works_where_gradients_are_switched_off():
    layer = build("gru")
    x = torch.randn(T, N, D, dtype=torch.float64)
    with torch.no_grad():
        report = unrolled.gradient_flow(layer, x, Weighted())
        assert not torch.is_grad_enabled()
    assert report[0].total.all()


def test_a_frozen_model_is_examined_and_named():
    layer = build("tanh").requires_grad_(False)
    x = torch.randn(T, N, D, dtype=torch.float64)
    frozen = unrolled.gradient_flow(layer, x, Weighted())
    same_flow(frozen[0], unrolled.gradient_flow(build("tanh"), x, Weighted())[0])
    assert "frozen" in frozen.notes[0]
    assert not layer.weight_hh_l0.requires_grad


# --- lag matrix -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
@pytest.mark.parametrize("rows", [2, 32])
def test_the_lag_matrix_is_one_flow_a_loss(kind, rows):
    layer = build(kind, num_layers=2)
    x = torch.randn(T, N, D, dtype=torch.float64)
    losses = lambda result: (result[0] ** 2).sum(dim=(1, 2))  # noqa: E731
    matrices = flow.lag_matrix(layer, x, losses, rows=rows)
    assert list(matrices) == ["layer 0", "layer 1"] or len(matrices) == 2
    for number, matrix in enumerate(matrices.values()):
        assert matrix.shape == (T, T)
        assert not np.triu(matrix, 1).any() and np.tril(matrix)[np.tril_indices(T)].all()
        for tau in range(T):
            one = unrolled.gradient_flow(layer, x, lambda r, tau=tau: losses(r)[tau])[number]
            assert np.abs(matrix[tau] - one.norms()).max() < 1e-12


def test_the_lag_matrix_of_padded_sequences_and_of_a_layer_unheard():
    torch.manual_seed(0)
    model = nn.ModuleDict({"used": nn.RNN(D, H), "unheard": nn.RNN(D, H)}).double()
    model.forward = lambda x: (model["used"](x)[0], model["unheard"](x)[0])
    packed = pack_padded_sequence(torch.randn(T, 2, D, dtype=torch.float64), [T, 2])
    losses = lambda out: pad_packed_sequence(out[0])[0].sum(dim=(1, 2))  # noqa: E731
    used, unheard = flow.lag_matrix(model, packed, losses).values()
    assert unheard.shape == (T, T) and not unheard.any()
    one = unrolled.gradient_flow(model, packed, lambda out: losses(out)[1])["used, layer 0"]
    assert used[1, :2] == pytest.approx(one.norms()[:2]) and used[1, :2].all()
    assert used[4, 4] == pytest.approx(math.sqrt(H))  # of the one sequence that is live there


# --- what cannot be examined ----------------------------------------------------------------------


def test_a_loss_that_is_nan_says_where_it_began():
    layer, x = nn.RNN(D, H), torch.randn(T, N, D)
    x[3, 1] = math.inf
    x[3, 1, 0] = -math.inf
    with pytest.raises(ValueError, match="state 4 of rnn .layer 0. is the first not finite"):
        unrolled.gradient_flow(layer, x, lambda y: y[0].sum())


def test_a_gradient_that_is_not_finite_is_said():
    layer, x = linear(1.0)
    report = unrolled.gradient_flow(layer, x, lambda y: (y[0][-1] - y[0][-1]).abs().sqrt().sum())
    assert "not finite from step 8 back" in report[0].verdict


def test_wrong_states_get_torchs_own_complaint():
    layer = nn.LSTM(D, H)
    wrong = torch.zeros(1, 1, H), torch.zeros(1, 1, H)
    with pytest.raises(RuntimeError, match=r"Expected hidden\[0\] size"):
        unrolled.gradient_flow(layer, (torch.randn(T, N, D), wrong), Weighted())
    with pytest.raises(RuntimeError, match="hx has shape"):
        model = nn.RNNCell(D, H)
        unrolled.gradient_flow(model, (torch.randn(N, D), torch.zeros(1, H)), lambda h: h.sum())


# --- the report -----------------------------------------------------------------------------------


def test_inputs_may_be_one_many_or_named():
    layer = build("gru")
    x, h0 = torch.randn(T, N, D, dtype=torch.float64), states_given("gru", layer)
    flows = [
        unrolled.gradient_flow(layer, given, Weighted())[0]
        for given in ((x, h0), {"input": x, "hx": h0})
    ]
    same_flow(*flows)
    assert np.abs(flows[0].total - unrolled.gradient_flow(layer, x, Weighted())[0].total).max() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_to_dict_is_json_and_complete(kind):
    layer = build(kind, num_layers=2, bidirectional=True)
    report = unrolled.gradient_flow(layer, torch.randn(T, N, D, dtype=torch.float64), Weighted())
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert len(data["layers"]) == 4 and data["loss"] == pytest.approx(report.loss)
    for part, kept in zip(report, data["layers"], strict=True):
        assert kept["norms"]["total"] == pytest.approx(part.norms().tolist())
        assert kept["share_norms"] == pytest.approx(
            np.linalg.norm(part.shares, axis=(1, 2)).tolist()
        )
        assert ("cell" in kept["norms"]) == (kind in ("lstm", "proj"))
        assert kept["verdict"] == part.verdict


def test_print_fits_a_terminal_and_says_all():
    layer = build("lstm", num_layers=2)
    report = unrolled.gradient_flow(layer, torch.randn(50, N, D, dtype=torch.float64), Weighted())
    text = str(report)
    assert max(map(len, text.splitlines())) < 80
    assert all(part.verdict in " ".join(text.split()) for part in report)


def test_norms_do_not_underflow_in_float32():
    layer = nn.RNN(1, 1, nonlinearity="relu", bias=False)
    layer.weight_hh_l0.data.fill_(0.1)
    layer.weight_ih_l0.data.fill_(1.0)
    report = unrolled.gradient_flow(layer, torch.ones(30, 1, 1), lambda r: r[0][-1].sum())[0]
    assert report.norms()[0] == pytest.approx(1e-29, rel=1e-3)


def test_torch_is_imported_when_asked_for_and_not_before():
    import subprocess
    import sys

    code = "import sys, unrolled; assert 'torch' not in sys.modules; unrolled.gradient_flow"
    assert (
        subprocess.run([sys.executable, "-c", code + "; assert 'torch' in sys.modules"]).returncode
        == 0
    )
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        unrolled.nothing  # noqa: B018
