"""The referee: the same networks in torch, differentiated automatically, in float64.

NumPy computes and torch referees.  The two share no code: torch runs the equations one step
at a time and its autograd finds every gradient, so an error in a hand-written backward pass
shows as a difference.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from numbers import Real
from typing import NamedTuple

import numpy as np
import torch

from unrolled import activations, lstm, readout, rnn
from unrolled.axes import Axes, check_function

Array = np.ndarray
TOLERANCE = 1e-10

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "gelu": torch.nn.functional.gelu,
    "selu": torch.nn.functional.selu,
    "identity": lambda z: z,
}


@singledispatch
def to_torch(params: object, activation: str = "tanh") -> torch.nn.Module:
    """A torch module with the same weights: an ``nn.RNN``, ``nn.LSTM`` or ``nn.Linear``.

    torch adds two biases where the equations have one: ours goes to ``bias_ih``, the other
    is 0.  ``nn.RNN`` knows the activations tanh and relu.  ``nn.LSTM`` stacks its gates in the
    order i, f, g, o, and the rows of our i, f, o, g are put in that order.

    Raises
    ------
    TypeError: params is not rnn.Params, lstm.Params or readout.Params.
    ValueError: the module does not know the activation.
    """
    raise TypeError(
        f"params is a {type(params).__name__}, expected rnn.Params, lstm.Params or readout.Params."
    )


@to_torch.register
def _(params: rnn.Params, activation: str = "tanh") -> torch.nn.RNN:
    if not isinstance(activation, str) or activation not in ("tanh", "relu"):
        raise ValueError(f"activation is {activation!r}, torch.nn.RNN knows 'tanh' and 'relu'.")
    rnn.check_params(params)
    H, D = params.W_xh.shape
    module = torch.nn.RNN(D, H, nonlinearity=activation, dtype=_tensor(params.W_xh).dtype)
    values = (*params, np.zeros_like(params.b_h))  # in the order of module.parameters()
    return _filled(module, values)


@to_torch.register
def _(params: lstm.Params, activation: str = "tanh") -> torch.nn.LSTM:
    if not isinstance(activation, str) or activation != "tanh":
        raise ValueError(f"activation is {activation!r}, torch.nn.LSTM knows 'tanh'.")
    lstm.check_params(params)
    rows, D = params.W_xh.shape
    module = torch.nn.LSTM(D, rows // 4, dtype=_tensor(params.W_xh).dtype)
    values = (*params, np.zeros_like(params.b_h))
    return _filled(module, tuple(_last_two_swapped(a) for a in values))


@to_torch.register
def _(params: readout.Params, activation: str = "identity") -> torch.nn.Linear:
    if not isinstance(activation, str) or activation != "identity":
        raise ValueError(f"activation is {activation!r}, a readout has none: 'identity'.")
    readout.check_params(params)
    Q, H = params.W_hy.shape
    return _filled(torch.nn.Linear(H, Q, dtype=_tensor(params.W_hy).dtype), params)


def _filled(module: torch.nn.Module, values: tuple[Array, ...]) -> torch.nn.Module:
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(_tensor(value))
    return module


def _last_two_swapped(rows: Array) -> Array:
    """The third and fourth of four blocks of rows change places: i, f, o, g and i, f, g, o."""
    i, f, third, fourth = np.split(rows, 4)
    return np.concatenate([i, f, fourth, third])


def _tensor(array: Array) -> torch.Tensor:
    """A tensor with memory of its own; torch cannot share every array that NumPy can make."""
    return torch.from_numpy(np.array(array))


def from_torch(module: torch.nn.Module) -> rnn.Params | lstm.Params | readout.Params:
    """Our parameters from a torch module; copies, so the two do not share memory.

    The two biases of torch are added.  The rows of an ``nn.LSTM`` are put in the order i, f, o, g.

    Raises
    ------
    TypeError: not an ``nn.RNN``, ``nn.LSTM`` or ``nn.Linear``.
    ValueError: more than one layer, two directions, a projection, or no bias.
    """
    recurrent = isinstance(module, torch.nn.RNN | torch.nn.LSTM)
    if not recurrent and not isinstance(module, torch.nn.Linear):
        kind = type(module).__name__
        raise TypeError(f"module is a {kind}, expected nn.RNN, nn.LSTM or nn.Linear.")
    if recurrent and (module.num_layers, module.bidirectional) != (1, False):
        raise ValueError(
            f"module has num_layers={module.num_layers} and bidirectional="
            f"{module.bidirectional}, expected one layer in one direction."
        )
    if recurrent and module.proj_size:
        raise ValueError(f"module has proj_size={module.proj_size}, expected no projection, 0.")
    if module.bias is None or module.bias is False:
        raise ValueError("module has no bias, expected bias=True.")
    values = [p.detach().numpy().copy() for p in module.parameters()]
    if isinstance(module, torch.nn.Linear):
        return readout.Params(*values)
    W_xh, W_hh, b_ih, b_hh = values
    if isinstance(module, torch.nn.RNN):
        return rnn.Params(W_xh, W_hh, b_ih + b_hh)
    return lstm.Params(*map(_last_two_swapped, (W_xh, W_hh, b_ih + b_hh)))


class Row(NamedTuple):
    """How far one quantity is from the referee's."""

    name: str
    difference: float  # largest absolute difference
    relative: float  # the same, divided by the largest absolute value of the referee's


class Verification(NamedTuple):
    """The comparison of a backward pass with autograd, one row a quantity."""

    rows: tuple[Row, ...]
    tolerance: float

    @property
    def passed(self) -> bool:
        """True when every relative difference is below the tolerance (NaN is not)."""
        return all(row.relative < self.tolerance for row in self.rows)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of the quantities that differ."""
        return tuple(row.name for row in self.rows if not row.relative < self.tolerance)

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{row.name:<{width}}  {self._verdict(row)}" for row in self.rows]
        return "\n".join(lines)

    def _verdict(self, row: Row) -> str:
        if row.relative < self.tolerance:
            return f"agrees   relative difference below {self.tolerance:g}"
        return f"DIFFERS  relative difference {row.relative:.2g}"

    __repr__ = __str__


def verify(
    x: Array,
    h0: Array,
    params: rnn.Params,
    dh: Array,
    *,
    activation: str = "tanh",
    carry: Array | None = None,
    forward: Callable = rnn.forward,
    backward: Callable = rnn.backward,
    tolerance: float = TOLERANCE,
) -> Verification:
    """Compare a forward and a backward pass with torch autograd, quantity by quantity.

    An argument that the passes under test have changed gets a row too, and is wrong.

    Parameters
    ----------
    x, h0, params, activation: as in :func:`unrolled.rnn.forward`, all float64.
    dh, carry: as in :func:`unrolled.rnn.backward`.  Give ``dh`` random numbers on every step
        and ``h0`` random numbers too: zeros hide errors.
    forward, backward: the functions under test; hand in a wrong one and see what it breaks.
    tolerance: the relative difference below which two quantities agree.

    Raises
    ------
    TypeError: params is not rnn.Params, or an array is not float64.
    """
    if not isinstance(params, rnn.Params):
        raise TypeError(f"params is a {type(params).__name__}, expected rnn.Params.")
    arguments = {"x": x, "h0": h0, "dh": dh} | params._asdict()
    kept = _float64_copies(arguments)
    _check_rnn(x, h0, params, dh, activation, carry)
    _check_passes(forward, backward, tolerance)
    h, tape = forward(x, h0, params, activation)
    grads = backward(dh, tape, carry=carry)
    ours = {"h": h, **{f"dL/d{n}": a for n, a in grads.params._asdict().items()}}
    ours |= {"dL/dx": grads.x, "dL/dh0": grads.h0, "dL/dh": grads.h, "carried": grads.carried}
    weights = rnn.Params(*(kept[name] for name in params._fields))
    theirs = autograd(kept["x"], kept["h0"], weights, kept["dh"], activation, carry)
    return _conclude(ours, theirs, arguments, kept, tolerance)


def verify_lstm(
    x: Array,
    h0: Array,
    c0: Array,
    params: lstm.Params,
    dh: Array,
    dc_T: Array,
    *,
    carry: Array | None = None,
    forward: Callable = lstm.forward,
    backward: Callable = lstm.backward,
    tolerance: float = TOLERANCE,
) -> Verification:
    """Compare an LSTM's forward and backward pass with torch autograd, as :func:`verify` does.

    Parameters
    ----------
    x, h0, c0, params: as in :func:`unrolled.lstm.forward`, all float64.
    dh, dc_T, carry: as in :func:`unrolled.lstm.backward`.  Give ``dh`` random numbers on every
        step, and ``dc_T``, ``h0`` and ``c0`` random numbers too: zeros hide errors.
    forward, backward: the functions under test; hand in a wrong one and see what it breaks.
    tolerance: the relative difference below which two quantities agree.

    Raises
    ------
    TypeError: params is not lstm.Params, or an array is not float64.
    """
    if not isinstance(params, lstm.Params):
        raise TypeError(f"params is a {type(params).__name__}, expected lstm.Params.")
    arguments = {"x": x, "h0": h0, "c0": c0, "dh": dh, "dc_T": dc_T} | params._asdict()
    kept = _float64_copies(arguments)
    _check_lstm(x, h0, c0, params, dh, dc_T, carry)
    _check_passes(forward, backward, tolerance)
    h, c, tape = forward(x, h0, c0, params)
    grads = backward(dh, dc_T, tape, carry=carry)
    ours = {"h": h, "c": c, **{f"dL/d{n}": a for n, a in grads.params._asdict().items()}}
    ours |= {f"dL/d{n}": getattr(grads, n) for n in ("x", "h0", "c0", "h", "c")}
    ours["carried"] = grads.carried
    weights = lstm.Params(*(kept[name] for name in params._fields))
    x_, h0_, c0_, dh_, dc_T_ = (kept[name] for name in ("x", "h0", "c0", "dh", "dc_T"))
    theirs = autograd_lstm(x_, h0_, c0_, weights, dh_, dc_T_, carry)
    return _conclude(ours, theirs, arguments, kept, tolerance)


def _float64_copies(arguments: dict[str, Array]) -> dict[str, Array]:
    for name, array in arguments.items():
        if not isinstance(array, np.ndarray) or array.dtype != np.float64:
            kind = getattr(array, "dtype", type(array).__name__)
            raise TypeError(f"{name} is {kind}, expected a float64 array: the referee's precision.")
    return {name: array.copy() for name, array in arguments.items()}


def _check_rnn(
    x: Array, h0: Array, params: rnn.Params, dh: Array, activation: str, carry: Array | None
) -> None:
    """Raise unless all fits together: torch would stretch an axis of size 1 in silence."""
    axes = Axes()
    axes.check("x", x, "T N D")
    rnn.check_params(params, axes)
    axes.check("h0", h0, "N H")
    axes.check("dh", dh, "T N H")
    activations.get(activation)
    rnn.check_carry(carry, len(x))


def _check_lstm(
    x: Array,
    h0: Array,
    c0: Array,
    params: lstm.Params,
    dh: Array,
    dc_T: Array,
    carry: Array | None,
) -> None:
    """Raise unless all fits together, as :func:`_check_rnn` does."""
    axes = Axes()
    axes.check("x", x, "T N D")
    lstm.check_params(params, axes)
    for name, state in (("h0", h0), ("c0", c0), ("dc_T", dc_T)):
        axes.check(name, state, "N H")
    axes.check("dh", dh, "T N H")
    rnn.check_carry(carry, len(x))


def _check_passes(forward: Callable, backward: Callable, tolerance: float) -> None:
    check_function("forward", forward)
    check_function("backward", backward)
    _check_tolerance(tolerance)


def _check_tolerance(tolerance: float) -> None:
    if not isinstance(tolerance, Real) or isinstance(tolerance, bool) or not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance!r}, expected a number above 0.")


def _conclude(
    ours: dict[str, Array],
    theirs: dict[str, Array],
    arguments: dict[str, Array],
    kept: dict[str, Array],
    tolerance: float,
) -> Verification:
    """Compare, with a row more for each argument that is not what it was."""
    for name, array in arguments.items():
        if not np.array_equal(array, kept[name]):
            ours[f"{name} after"], theirs[f"{name} after"] = array, kept[name]
    return compare(ours, theirs, tolerance)


def compare(
    ours: dict[str, Array], theirs: dict[str, Array], tolerance: float = TOLERANCE
) -> Verification:
    """Compare arrays of the same names; a wrong shape counts as an infinite difference."""
    for name, arrays in (("ours", ours), ("theirs", theirs)):
        if not isinstance(arrays, dict):
            raise TypeError(f"{name} is a {type(arrays).__name__}, expected arrays by name.")
    if ours.keys() != theirs.keys():
        raise ValueError(f"ours has {', '.join(ours)}, expected {', '.join(theirs)} as theirs has.")
    _check_tolerance(tolerance)
    return Verification(tuple(_row(name, ours[name], theirs[name]) for name in theirs), tolerance)


def _row(name: str, ours: Array, theirs: Array) -> Row:
    if np.shape(ours) != np.shape(theirs):
        return Row(name, np.inf, np.inf)
    difference = float(np.abs(ours - theirs).max())
    scale = float(np.abs(theirs).max())
    if scale == 0:
        return Row(name, difference, 0.0 if difference == 0 else np.inf)
    return Row(name, difference, difference / scale)


def autograd(
    x: Array, h0: Array, params: rnn.Params, dh: Array, activation: str, carry: Array | None
) -> dict[str, Array]:
    """Everything :func:`verify` compares, found by torch from the equations alone.

    The loss is sum(dh * h), whose upstream gradient is dh.  Each state is handed to the next
    step through a view of its own, so that what comes back through it (``carried``) can be
    told from the total.  A carry weight w passes values on unchanged and scales the gradient:
    w * h + (1 - w) * h.detach().
    """
    _check_rnn(x, h0, params, dh, activation, carry)
    x_, h0_, W_xh, W_hh, b_h = (_tensor(a).requires_grad_() for a in (x, h0, *params))
    weights = np.ones(len(x)) if carry is None else carry
    phi = ACTIVATIONS[activation]
    states, handed, previous = [], [], h0_
    for x_t, weight in zip(x_, weights, strict=True):
        received = weight * previous + (1 - weight) * previous.detach()
        h = phi(x_t @ W_xh.T + received @ W_hh.T + b_h)
        previous = h.view_as(h)
        h.retain_grad()
        previous.retain_grad()
        states.append(h)
        handed.append(previous)
    h = torch.stack(states)
    h.backward(_tensor(dh))
    carried = [torch.zeros_like(p) if p.grad is None else p.grad for p in handed]
    return {
        "h": h.detach().numpy(),
        "dL/dW_xh": W_xh.grad.numpy(),
        "dL/dW_hh": W_hh.grad.numpy(),
        "dL/db_h": b_h.grad.numpy(),
        "dL/dx": x_.grad.numpy(),
        "dL/dh0": h0_.grad.numpy(),
        "dL/dh": torch.stack([s.grad for s in states]).numpy(),
        "carried": torch.stack(carried).numpy(),
    }


def autograd_lstm(
    x: Array,
    h0: Array,
    c0: Array,
    params: lstm.Params,
    dh: Array,
    dc_T: Array,
    carry: Array | None,
) -> dict[str, Array]:
    """Everything :func:`verify_lstm` compares, found by torch from the equations alone.

    The loss is sum(dh * h) + sum(dc_T * c_T); see :func:`autograd` for ``carried`` and the
    carry weights, which here scale what comes back through both states.
    """
    _check_lstm(x, h0, c0, params, dh, dc_T, carry)
    leaves = [_tensor(a).requires_grad_() for a in (*params, x, h0, c0)]
    W_xh, W_hh, b_h, x_, h0_, c0_ = leaves
    weights = np.ones(len(x)) if carry is None else carry
    hs, cs, handed, h_prev, c_prev = [], [], [], h0_, c0_
    for x_t, weight in zip(x_, weights, strict=True):
        h_received = weight * h_prev + (1 - weight) * h_prev.detach()
        c_received = weight * c_prev + (1 - weight) * c_prev.detach()
        z_i, z_f, z_o, z_g = (x_t @ W_xh.T + h_received @ W_hh.T + b_h).chunk(4, dim=1)
        c = torch.sigmoid(z_f) * c_received + torch.sigmoid(z_i) * torch.tanh(z_g)
        h = torch.sigmoid(z_o) * torch.tanh(c)
        h_prev, c_prev = h.view_as(h), c
        for tensor in (h, c, h_prev):
            tensor.retain_grad()
        hs.append(h)
        cs.append(c)
        handed.append(h_prev)
    torch.autograd.backward([torch.stack(hs), cs[-1]], [_tensor(dh), _tensor(dc_T)])
    found = {"h": torch.stack(hs), "c": torch.stack(cs)}
    names = (*params._fields, "x", "h0", "c0")
    found |= {f"dL/d{name}": leaf.grad for name, leaf in zip(names, leaves, strict=True)}
    found |= {
        "dL/dh": torch.stack([h.grad for h in hs]),
        "dL/dc": torch.stack([c.grad for c in cs]),
    }
    carried = [torch.zeros_like(p) if p.grad is None else p.grad for p in handed]
    found["carried"] = torch.stack(carried)
    return {name: tensor.detach().numpy() for name, tensor in found.items()}
