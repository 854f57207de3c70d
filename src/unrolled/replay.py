r"""torch's recurrent layers, run again one step at a time, with probes.

torch computes all steps of ``nn.RNN``, ``nn.GRU`` and ``nn.LSTM`` in one call, so that no state
in between has a gradient to look at.  Here the same equations run step by step, with the layer's
own parameters, while the model around them stays as it is.  At every step zeros are added:

* to the state, before anybody has seen it: the *state* probe;
* to the copy of the state that the next step alone receives: the *recurrence* probe;
* to the product :math:`h_{t-1} W_{hh}^\top`: the *product* probe;
* to the cell state of an LSTM, in the same two places as to the state.

Zeros change nothing, but the loss has a gradient with respect to them, and that is what we are
after: of the state probe :math:`dL/dh_t` in full, of the recurrence probe the part carried back
by later steps, of the product probe what multiplies :math:`h_{t-1}` in :math:`dL/dW_{hh}`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

LAYERS = (nn.RNN, nn.GRU, nn.LSTM)
CELLS = (nn.RNNCell, nn.GRUCell, nn.LSTMCell)
State = tuple[Tensor, Tensor | None]  # h (N, H), and c (N, C) of an LSTM


class Weights(NamedTuple):
    """The parameters of one layer in one direction, shaped and stacked as torch does it."""

    W_xh: Tensor  # (G, D), G = H, 3H for a GRU, 4H for an LSTM
    W_hh: Tensor  # (G, H)
    b_x: Tensor | None  # (G,)
    b_h: Tensor | None  # (G,)
    W_hr: Tensor | None  # (P, H) of an LSTM with proj_size P, whose h has P numbers


def weights_of(module: nn.Module, suffix: str = "") -> Weights:
    """The parameters of a cell, or with a suffix such as ``"_l0_reverse"`` those of a layer."""
    names = "weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"
    return Weights(*(getattr(module, name + suffix, None) for name in names))


# --- one step: from the products with the input and with the old state to the new state -----------


def rnn_step(x: Tensor, s: Tensor, old: State, probe: Tensor, W_hr: None, phi: Callable) -> State:
    """h = phi(x + s)"""
    return phi(x + s), None


def gru_step(x: Tensor, s: Tensor, old: State, probe: Tensor, W_hr: None) -> State:
    """The reset gate acts on the product with the state, its bias included, as in cuDNN."""
    (x_r, x_z, x_n), (s_r, s_z, s_n) = x.chunk(3, -1), s.chunk(3, -1)
    r, z = torch.sigmoid(x_r + s_r), torch.sigmoid(x_z + s_z)
    n = torch.tanh(x_n + r * s_n)
    return (1 - z) * n + z * old[0], None


def lstm_step(x: Tensor, s: Tensor, old: State, probe: Tensor, W_hr: Tensor | None) -> State:
    """The gates come in torch's order i, f, g, o; the probe joins c before h is formed."""
    i, f, g, o = (x + s).chunk(4, -1)
    c = torch.sigmoid(f) * old[1] + torch.sigmoid(i) * torch.tanh(g) + probe
    h = torch.sigmoid(o) * torch.tanh(c)
    return (h if W_hr is None else h @ W_hr.T), c


def step_of(module: nn.Module) -> Callable:
    """The step function of a layer or a cell."""
    if isinstance(module, nn.GRU | nn.GRUCell):
        return gru_step
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return lstm_step
    phi = {"tanh": torch.tanh, "relu": torch.relu}[module.nonlinearity]
    return functools.partial(rnn_step, phi=phi)


# --- all steps of one layer in one direction ------------------------------------------------------


@dataclass
class Trace:
    """One layer in one direction during one call: its states and its probes.

    The first axis of everything is the order of the recurrence: of a reverse direction the last
    time step comes first.
    """

    live: Tensor  # (S, N) bool: False where a sequence is padded
    state: Tensor  # (S, N, H) probe
    recurrence: Tensor  # (S, N, H) probe
    product: Tensor  # (S, N, G) probe
    cell: Tensor | None  # (S, N, C) probe
    cell_recurrence: Tensor | None  # (S, N, C) probe
    start: tuple[Tensor, ...]  # probes on the state that came from outside: (N, H), (N, C)
    end: Tensor | None  # (N, C) probe on the last cell state as the layer returns it
    given: tuple[Tensor, ...]  # the state that came from outside
    reverse: bool = False
    order: Tensor | None = None  # of the sequences in a packed input, None for as they are
    received: list[Tensor] = field(default_factory=list)  # the state that each step received
    last: tuple[Tensor, ...] = ()  # the state after the last step, as the layer returns it

    @property
    def probes(self) -> list[Tensor]:
        """All probes, in a fixed order."""
        own = self.state, self.recurrence, self.product, self.cell, self.cell_recurrence, self.end
        return [*(probe for probe in own if probe is not None), *self.start]


def replay(
    weights: Weights, step: Callable, x: Tensor, given: State, live: Tensor
) -> tuple[Tensor, Trace]:
    """Run one layer in one direction over x (S, N, D); returns its states (S, N, H) and a trace.

    Where a sequence is not live its state stays as it is.
    """
    S, (h0, c0) = len(x), given

    def zeros(*shape: int) -> Tensor:
        return h0.new_zeros(shape).requires_grad_()

    trace = Trace(
        live,
        state=zeros(S, *h0.shape),
        recurrence=zeros(S, *h0.shape),
        product=zeros(S, len(h0), len(weights.W_hh)),
        cell=None if c0 is None else zeros(S, *c0.shape),
        cell_recurrence=None if c0 is None else zeros(S, *c0.shape),
        start=tuple(zeros(*part.shape) for part in given if part is not None),
        end=None if c0 is None else zeros(*c0.shape),
        given=tuple(part for part in given if part is not None),
    )
    nothing = (None,) * S
    steps = zip(
        linear(x, weights.W_xh, weights.b_x).unbind(),  # the input of all steps in one product
        trace.state.unbind(),
        trace.recurrence.unbind(),
        trace.product.unbind(),
        nothing if c0 is None else trace.cell.unbind(),
        nothing if c0 is None else trace.cell_recurrence.unbind(),
        strict=True,
    )
    seen = given  # what everybody sees; the next step alone sees `passed_on`
    passed_on = h0 + trace.start[0], None if c0 is None else c0 + trace.start[1]
    states, padded = [], not bool(live.all())
    for s, (from_input, p_h, p_h_next, p_product, p_c, p_c_next) in enumerate(steps):
        trace.received.append(passed_on[0].detach())
        from_state = linear(passed_on[0], weights.W_hh, weights.b_h) + p_product
        h, c = step(from_input, from_state, passed_on, p_c, weights.W_hr)
        new = h + p_h, c
        again = new[0] + p_h_next, None if c is None else c + p_c_next
        if padded:
            keep = live[s, :, None]
            new, again = _where(keep, new, seen), _where(keep, again, passed_on)
        seen, passed_on = new, again
        states.append(seen[0])
    trace.last = seen[:1] if c0 is None else (seen[0], seen[1] + trace.end)
    return torch.stack(states), trace


def _where(keep: Tensor, new: State, old: State) -> State:
    h, c = torch.where(keep, new[0], old[0]), new[1]
    return h, None if c is None else torch.where(keep, c, old[1])


# --- whole modules --------------------------------------------------------------------------------

Calls = list[list[Trace]]  # the traces of every call of one module: layers, in each both directions


def layer_forward(module: nn.RNNBase, calls: Calls, input: Any, hx: Any = None) -> tuple:
    """What ``module.forward(input, hx)`` does, step by step; appends its traces to ``calls``."""
    packed = isinstance(input, PackedSequence)
    if packed:
        plain = PackedSequence(input.data, input.batch_sizes)  # longest first, as it is stored
        x, lengths = pad_packed_sequence(plain)
        live = torch.arange(len(x))[:, None] < lengths
        single = False
    else:
        single = input.dim() == 2
        x = input.unsqueeze(0 if module.batch_first else 1) if single else input
        lengths = None
    parts = () if hx is None else hx if isinstance(hx, tuple) else (hx,)
    parts = tuple(part.unsqueeze(1) for part in parts) if single else parts
    if packed and parts and input.sorted_indices is not None:
        parts = tuple(part.index_select(1, input.sorted_indices) for part in parts)
    if parts:
        checked = parts if isinstance(module, nn.LSTM) else parts[0]
        data, sizes = (input.data, input.batch_sizes) if packed else (x, None)
        module.check_forward_args(data, checked, sizes)  # torch's own complaints
    if not packed:
        x = x.transpose(0, 1) if module.batch_first else x
        live = torch.ones(x.shape[:2], dtype=torch.bool)
    traces, outputs = _stack(module, x, parts, live.to(x.device))
    order = input.unsorted_indices if packed else None
    for trace in traces:
        trace.order = order
    calls.append(traces)

    ends = [torch.stack(part) for part in zip(*(trace.last for trace in traces), strict=True)]
    if order is not None:
        ends = [end.index_select(1, order) for end in ends]
    if packed:
        data = pack_padded_sequence(outputs, lengths).data
        outputs = input._replace(data=data)
    else:
        outputs = outputs.transpose(0, 1) if module.batch_first else outputs
        batch = 0 if module.batch_first else 1
        outputs = outputs.squeeze(batch) if single else outputs
        ends = [end.squeeze(1) for end in ends] if single else ends
    return outputs, tuple(ends) if isinstance(module, nn.LSTM) else ends[0]


def _stack(
    module: nn.RNNBase, x: Tensor, parts: tuple[Tensor, ...], live: Tensor
) -> tuple[list[Trace], Tensor]:
    """All layers and directions of a module over x (T, N, D)."""
    directions = ("", "_reverse") if module.bidirectional else ("",)
    traces: list[Trace] = []
    for layer in range(module.num_layers):
        if layer > 0 and module.dropout > 0:
            x = dropout(x, module.dropout, module.training)
        outputs = []
        for direction in directions:
            flip = (lambda a: a.flip(0)) if direction else (lambda a: a)
            given = _initial(module, parts, len(traces), x)
            weights = weights_of(module, f"_l{layer}{direction}")
            states, trace = replay(weights, step_of(module), flip(x), given, flip(live))
            trace.reverse = bool(direction)
            traces.append(trace)
            outputs.append(flip(states))
        x = torch.cat(outputs, dim=-1)
    return traces, x


def _initial(module: nn.RNNBase, parts: tuple[Tensor, ...], number: int, x: Tensor) -> State:
    """The initial state of one layer and direction: what was given, or zeros."""
    if parts:
        return parts[0][number], parts[1][number] if len(parts) > 1 else None
    N, H = x.shape[1], module.hidden_size
    c = x.new_zeros(N, H) if isinstance(module, nn.LSTM) else None
    return x.new_zeros(N, module.proj_size or H), c


def cell_forward(module: nn.RNNCellBase, calls: Calls, input: Tensor, hx: Any = None) -> Any:
    """What ``module.forward(input, hx)`` of a cell does; appends its trace to ``calls``."""
    is_lstm, single = isinstance(module, nn.LSTMCell), input.dim() == 1
    x = input[None] if single else input
    parts = () if hx is None else hx if isinstance(hx, tuple) else (hx,)
    parts = tuple(part[None] if single else part for part in parts)
    for part in parts:
        if part.shape != (len(x), module.hidden_size):
            raise RuntimeError(
                f"hx has shape {tuple(part.shape)}, expected {(len(x), module.hidden_size)}."
            )
    if not parts:
        parts = (x.new_zeros(len(x), module.hidden_size),) * (2 if is_lstm else 1)
    given = parts if is_lstm else (parts[0], None)
    live = torch.ones(1, len(x), dtype=torch.bool, device=x.device)
    _, trace = replay(weights_of(module), step_of(module), x[None], given, live)
    calls.append([trace])
    ends = tuple(end[0] for end in trace.last) if single else trace.last
    return ends if is_lstm else ends[0]


@contextmanager
def replayed(model: nn.Module, modules: dict[str, nn.Module]) -> Iterator[dict[str, Calls]]:
    """Inside, the named modules run step by step; what their calls left behind is yielded.

    Afterwards the model is as it was: its attributes and hooks, the contents of its buffers, and
    torch's random state, even if something raised.
    """
    calls: dict[str, Calls] = {name: [] for name in modules}
    attributes = [(module, vars(module).copy()) for module in model.modules()]
    tables = [(m._buffers, dict(m._buffers)) for m in model.modules()]
    buffers = [(b, b.clone()) for b in model.buffers()]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            for name, module in modules.items():
                forward = layer_forward if isinstance(module, LAYERS) else cell_forward
                module.forward = functools.partial(forward, module, calls[name])
            yield calls
        finally:
            for module, found in attributes:
                vars(module).clear()
                vars(module).update(found)
            for table, found in tables:
                table.clear()
                table.update(found)
            with torch.no_grad():
                for buffer, found in buffers:
                    buffer.copy_(found)
