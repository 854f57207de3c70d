r"""Where does the gradient of your own torch model die?  Exact gradients, step by step.

``gradient_flow(model, inputs, loss_fn)`` runs your model once, with its recurrent layers replayed
step by step (:mod:`unrolled.replay`), and reports for each layer and direction what every state
hears of the loss: in full, carried back by later steps, and directly.  The usual recipes,
``retain_grad`` on the output or a backward hook, see the direct part alone.

Sources: Bengio, Simard and Frasconi (1994) for the question; Cashman et al. (2019) for splitting
the gradient by its origin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from textwrap import fill
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from unrolled.axes import check_function, check_size
from unrolled.gradients import half_life
from unrolled.replay import CELLS, LAYERS, Calls, Trace, replayed

Array = np.ndarray


@dataclass(frozen=True)
class LayerFlow:
    """The gradients of one recurrent layer in one direction, all in float64.

    S is the number of steps and the first axis of every array.  It follows the recurrence: for
    the reverse direction of a bidirectional layer, position 0 is the last time step.
    """

    name: str  # such as "rnn, layer 0"
    kind: str  # the class of the module: RNN, GRU, LSTM, RNNCell, ...
    reverse: bool
    total: Array  # (S, N, H) dL/dh_s, in full
    carried: Array  # (S, N, H) the part of it that came back through the next step
    cell: Array | None  # (S, N, C) dL/dc_s in full, of an LSTM
    cell_carried: Array | None  # (S, N, C) the part of it that came back through the next step
    cell_direct: Array | None  # (S, N, C) what the loss says to a returned cell state directly
    start: Array  # (N, H) dL/dh_0
    product: Array  # (S, N, G) gradient of the product of old state and W_hh
    received: Array  # (S, N, H) the state that each step received
    live: Array  # (S, N) bool: False where a sequence is padded

    @property
    def direct(self) -> Array:
        """(S, N, H) what the loss says to each state by another way than the next step."""
        return self.total - self.carried

    @property
    def steps(self) -> int:
        """S, the number of steps."""
        return len(self.total)

    def norms(self, part: str = "total") -> Array:
        """(S,) the mean over live sequences of the norm of each one's gradient.

        Parameters
        ----------
        part: ``"total"``, ``"carried"``, ``"direct"``, ``"cell"`` or ``"cell_carried"``.
        """
        known = ("total", "carried", "direct", "cell", "cell_carried")
        if part not in known or getattr(self, part) is None:
            raise ValueError(f"part is {part!r}, expected one of {', '.join(known)} of this layer.")
        return self._mean(np.linalg.norm(getattr(self, part), axis=-1))

    def _mean(self, lengths: Array) -> Array:
        return lengths.sum(axis=1) / np.maximum(self.live.sum(axis=1), 1)

    @cached_property
    def shares(self) -> Array:
        """(S, G, H) each step's share of dL/dW_hh; they add up to ``weight_hh``'s gradient."""
        return np.einsum("sng,snh->sgh", self.product, self.received)

    @cached_property
    def age(self) -> Array:
        """(S, N) how many steps of the same sequence come after each step."""
        return self.live[::-1].cumsum(axis=0)[::-1] - 1

    def older_than(self, k: int) -> float:
        """How much of dL/dW_hh comes from steps with more than k steps after them.

        The norm of their part over the norm of the whole; parts can cancel, so that it may
        exceed 1.  NaN if the whole is zero.
        """
        if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < 0:
            raise ValueError(f"k is {k!r}, expected a whole number of at least 0.")
        old = np.where((self.age > k)[:, :, None], self.product, 0)
        part, whole = (
            np.linalg.norm(np.tensordot(product, self.received, axes=([0, 1], [0, 1])))
            for product in (old, self.product)
        )
        return float(part / whole) if whole > 0 else math.nan

    @cached_property
    def factors(self) -> Array:
        """(S - 1,) what one step back multiplies the gradient by; NaN where there is none.

        Entry s is the norm of what step s+1 hands back over the norm of what it was told, with
        the cell state of an LSTM beside its h.
        """
        back, told = self.carried, self.total
        if self.cell_carried is not None:
            back = np.concatenate([back, self.cell_carried], axis=-1)
            told = np.concatenate([told, self.cell_carried + self.cell_direct], axis=-1)
        back, told = (np.linalg.norm(a, axis=-1).sum(axis=1) for a in (back[:-1], told[1:]))
        return np.divide(back, told, out=np.full(len(back), np.nan), where=told > 0)

    @property
    def cuts(self) -> tuple[int, ...]:
        """Positions s at which step s+1 was told something and handed nothing back at all."""
        return tuple(int(s) for s in np.flatnonzero(self.factors == 0))

    @cached_property
    def rate(self) -> float:
        """The factor per step, the geometric mean of :attr:`factors` with cuts left out.

        0 if nothing was ever handed back, NaN if there was no gradient to begin with.
        """
        told = self.factors[~np.isnan(self.factors)]
        if len(told) == 0:
            return math.nan
        through = told[told > 0]
        return float(np.exp(np.log(through).mean())) if len(through) else 0.0

    @property
    def half_life(self) -> float:
        """Steps until the gradient is halved; infinite if it does not shrink."""
        return math.nan if math.isnan(self.rate) else half_life(self.rate)

    @property
    def verdict(self) -> str:
        """What this means, in words, with the evidence."""
        if not np.isfinite(self.total).all():
            s = int(np.flatnonzero(~np.isfinite(self.total).all(axis=(1, 2))).max())
            return f"The gradient is not finite from step {s + 1} back."
        if not self.total.any() and (self.cell is None or not self.cell.any()):
            return "No gradient arrives here: the loss does not depend on this layer's states."
        if math.isnan(self.rate):
            return "Nothing to carry: there is one step, or only the first state hears the loss."
        if self.rate == 0:
            return "Nothing is carried back: every step hears its own loss alone."
        reach = self.rate ** (self.steps - 1)
        fate = "vanishes" if reach < 1e-3 else "explodes" if reach > 1e3 else "gets through"
        k = min(20, self.steps // 2)
        parts = [
            f"The gradient {fate}: it {_pace(self.rate)}, {reach:.1e} over {self.steps} steps.",
            f"Steps older than {k} contribute {self.older_than(k):.2%} of the update of W_hh.",
        ]
        if self.cuts:
            where = ", ".join(str(s + 1) for s in self.cuts[:5])
            where += ", ..." if len(self.cuts) > 5 else ""
            borders = "1 border" if len(self.cuts) == 1 else f"{len(self.cuts)} borders"
            parts.append(f"Nothing is handed back across {borders}: after step {where}.")
        return " ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The numbers without the arrays, ready for JSON; None stands for infinite or missing."""
        number = lambda x: float(x) if math.isfinite(x) else None  # noqa: E731
        series = {part: self.norms(part) for part in ("total", "carried", "direct")}
        if self.cell is not None:
            series["cell"] = self.norms("cell")
        shares = np.linalg.norm(self.shares, axis=(1, 2))
        return {
            "name": self.name,
            "kind": self.kind,
            "reverse": self.reverse,
            "steps": self.steps,
            "norms": {part: [number(x) for x in values] for part, values in series.items()},
            "share_norms": [number(x) for x in shares],
            "rate": number(self.rate),
            "half_life": number(self.half_life),
            "cuts": list(self.cuts),
            "verdict": self.verdict,
        }


def _pace(rate: float) -> str:
    if abs(rate - 1) < 1e-3:
        return "keeps its size"
    word, base = ("halves", 0.5) if rate < 1 else ("doubles", 2)
    steps = math.log(base) / math.log(rate)
    every = f"every {steps:.1f} steps" if steps >= 0.95 else f"{1 / steps:.1f} times a step"
    return f"{word} {every} (factor {rate:.3g} a step)"


@dataclass(frozen=True)
class GradientFlow:
    """The report of :func:`gradient_flow`: one :class:`LayerFlow` a layer and direction."""

    layers: tuple[LayerFlow, ...]
    loss: float
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[LayerFlow]:
        return iter(self.layers)

    def __getitem__(self, which: int | str) -> LayerFlow:
        """A layer by its number or its name."""
        if isinstance(which, str):
            found = {layer.name: layer for layer in self.layers}
            if which not in found:
                raise KeyError(f"which is {which!r}, expected one of {', '.join(found)}.")
            return found[which]
        return self.layers[which]

    def __str__(self) -> str:
        lines = [f"loss {self.loss:.4g}"]
        for layer in self.layers:
            lines.append(f"{layer.name} ({layer.kind}, {layer.steps} steps)")
            lines.append(fill(layer.verdict, 79, initial_indent="  ", subsequent_indent="  "))
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Everything but the arrays, ready for JSON."""
        layers = [layer.to_dict() for layer in self.layers]
        return {"loss": self.loss, "layers": layers, "notes": list(self.notes)}

    @property
    def alt(self) -> str:
        """The figure in words."""
        return "Gradient norm of every state on a logarithmic scale. " + " ".join(
            f"{layer.name}: {layer.verdict}" for layer in self.layers
        )

    def plot(self, name: str = "fig-gradient-flow") -> None:
        """Draw the norms of every layer: in full, carried and direct, on a logarithmic axis.

        Parameters
        ----------
        name: the figure's anchor, as in :func:`unrolled.figures.show`.
        """
        from unrolled import figures  # drawing is not needed to measure

        rows = len(self.layers)
        fig, axes = figures.subplots(rows, 1, height=0.6 + 2.2 * rows, squeeze=False)
        for ax, layer in zip(axes[:, 0], self.layers, strict=True):
            steps = np.arange(1, layer.steps + 1)
            for part, style, colour in (
                ("total", "-", figures.GRADIENT),
                ("carried", "--", figures.HIDDEN),
                ("direct", ":", figures.LOSS),
                ("cell", "-.", figures.GATE),
            ):
                if getattr(layer, part) is None:
                    continue
                norms = layer.norms(part)
                shown = np.where(norms > 0, norms, np.nan)  # a logarithm has no place for 0
                ax.semilogy(steps, shown, style, color=colour, label=part)
            ax.set(title=layer.name, xlabel="step of the recurrence", ylabel="norm")
            ax.grid(True)
            ax.legend()
        caption = "What each state hears of the loss: in full, carried back, and directly."
        figures.show(fig, name=name, caption=caption, alt=self.alt)


def gradient_flow(model: nn.Module, inputs: Any, loss_fn: Callable[[Any], Tensor]) -> GradientFlow:
    """Exact gradients at every state of every recurrent layer inside a model.

    Parameters
    ----------
    model: any module that holds ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``, or calls their cells.
        It, its mode, its ``.grad``, its buffers and torch's random state are left as found.
    inputs: what the model is called with: one argument, a tuple of arguments, or a dict of
        named ones.
    loss_fn: from the model's output to a tensor with one number.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    check_function("loss_fn", loss_fn)
    modules = _recurrent(model)
    with torch.enable_grad(), replayed(model, modules) as calls:
        loss = _scalar(loss_fn(_call(model, inputs)), calls)
        gradients = _gradients(loss, calls)
        layers = tuple(_layers(modules, calls, gradients))
    return GradientFlow(layers, loss.item(), tuple(_notes(modules, calls)))


def lag_matrix(
    model: nn.Module, inputs: Any, losses_fn: Callable[[Any], Tensor], *, rows: int = 32
) -> dict[str, Array]:
    """How strongly each loss speaks to each state of every recurrent layer of a model.

    Parameters
    ----------
    model, inputs: as in :func:`gradient_flow`.
    losses_fn: from the model's output to a tensor (K,) of losses, one a step for example.
    rows: how many losses go back at once; fewer need less memory.

    Returns
    -------
    For each layer and direction, by name, a (K, S) array: entry [k, s] is the mean over live
    sequences of the norm of each one's d loss_k / d h_s; S follows the recurrence.
    """
    check_function("losses_fn", losses_fn)
    check_size("rows", rows)
    modules = _recurrent(model)
    with torch.enable_grad(), replayed(model, modules) as calls:
        losses = _vector(losses_fn(_call(model, inputs)))
        traces = {
            name: trace
            for module, made in calls.items()
            for call, several in enumerate(made)
            for name, trace in zip(
                _names(module, modules[module], call, len(made)), several, strict=True
            )
        }
        blocks: dict[str, list[Array]] = {name: [] for name in traces}
        for block in torch.eye(len(losses), dtype=losses.dtype).to(losses.device).split(rows):
            found = torch.autograd.grad(
                losses,
                [trace.state for trace in traces.values()],
                grad_outputs=block,
                retain_graph=True,
                allow_unused=True,
                is_grads_batched=True,
            )
            for (name, trace), grad in zip(traces.items(), found, strict=True):
                blocks[name].append(_lengths(grad, trace, len(block)))
    return {name: np.concatenate(parts) for name, parts in blocks.items()}


def _lengths(grad: Tensor | None, trace: Trace, count: int) -> Array:
    """(count, S): mean norms over the live sequences, from (count, S, N, H)."""
    if grad is None:
        return np.zeros((count, len(trace.state)))
    live = _array(trace.live)
    lengths = np.linalg.norm(_array(grad), axis=-1)
    return lengths.sum(axis=-1) / np.maximum(live.sum(axis=-1), 1)


# --- before the run: what can be examined at all --------------------------------------------------


def _recurrent(model: nn.Module) -> dict[str, nn.Module]:
    """The recurrent layers and cells of a model by name."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is a {type(model).__name__}, expected a torch.nn.Module.")
    for name, module in model.named_modules():
        where = f"model.{name}" if name else "model"
        if isinstance(module, torch.jit.ScriptModule):
            raise TypeError(f"{where} is scripted: hand in the module it was made from.")
        if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None):
            raise TypeError(f"{where} is compiled: hand in the module it was made from.")
    found = {
        name or type(module).__name__.lower(): module
        for name, module in model.named_modules()
        if isinstance(module, LAYERS + CELLS)
    }
    if not found:
        kinds = ", ".join(kind.__name__ for kind in LAYERS + CELLS)
        raise ValueError(f"model holds no recurrent layer, expected one of nn.{kinds}.")
    for name, module in found.items():
        if not any(type(module).forward is kind.forward for kind in LAYERS + CELLS):
            raise TypeError(
                f"{name} is a {type(module).__name__} with a forward of its own, which cannot be "
                "replayed: call torch's layer from a module that holds it."
            )
    return found


def _call(model: nn.Module, inputs: Any) -> Any:
    if isinstance(inputs, dict):
        return model(**inputs)
    if isinstance(inputs, tuple) and not isinstance(inputs, PackedSequence):
        return model(*inputs)
    return model(inputs)


def _scalar(loss: Any, calls: dict[str, Calls]) -> Tensor:
    """The loss, if it can be differentiated."""
    if not isinstance(loss, Tensor):
        raise TypeError(f"loss_fn returned a {type(loss).__name__}, expected a tensor.")
    if loss.numel() != 1:
        raise ValueError(f"loss_fn returned shape {tuple(loss.shape)}, expected a single number.")
    if not torch.isfinite(loss):
        raise ValueError(f"loss_fn returned {loss.item()}: {_first_not_finite(calls)}.")
    _check_differentiable(loss, "loss_fn")
    return loss.reshape(())


def _vector(losses: Any) -> Tensor:
    if not isinstance(losses, Tensor):
        raise TypeError(f"losses_fn returned a {type(losses).__name__}, expected a tensor.")
    if losses.dim() != 1 or len(losses) == 0:
        shape = tuple(losses.shape)
        raise ValueError(f"losses_fn returned shape {shape}, expected (K,), K losses.")
    _check_differentiable(losses, "losses_fn")
    return losses


def _check_differentiable(loss: Tensor, argument: str) -> None:
    if not loss.requires_grad:
        raise ValueError(
            f"{argument} returned a tensor without a history: it depends on no recurrent layer. "
            "Was the output detached, or made a plain number on the way?"
        )


def _first_not_finite(calls: dict[str, Calls]) -> str:
    """Where a state first stops being finite."""
    for module, made in calls.items():
        for traces in made:
            for number, trace in enumerate(traces):
                for s, state in enumerate([*trace.received[1:], trace.last[0].detach()]):
                    if not torch.isfinite(state).all():
                        return f"state {s + 1} of {module} (layer {number}) is the first not finite"
    return "all states are finite, so look at the readout and at the loss itself"


# --- after the run: from probes to layers ---------------------------------------------------------

Gradients = dict[int, Tensor | None]  # of every probe, by its identity


def _gradients(loss: Tensor, calls: dict[str, Calls]) -> Gradients:
    """The gradient of every probe, in one backward pass that touches no ``.grad``."""
    traces = [trace for made in calls.values() for several in made for trace in several]
    if not traces:
        raise ValueError("model called none of its recurrent layers.")
    probes = [probe for trace in traces for probe in trace.probes]
    found = torch.autograd.grad(loss, probes, retain_graph=True, allow_unused=True)
    return {id(probe): grad for probe, grad in zip(probes, found, strict=True)}


def _names(name: str, module: nn.Module, run: int, runs: int) -> Iterator[str]:
    """Names for the layers and directions of a module, in torch's order."""
    suffix = f", call {run + 1}" if runs > 1 else ""
    if isinstance(module, CELLS):
        yield name + suffix
        return
    for layer in range(module.num_layers):
        for direction in (", forward", ", backward") if module.bidirectional else ("",):
            yield f"{name}, layer {layer}{direction}{suffix}"


def _layers(
    modules: dict[str, nn.Module], calls: dict[str, Calls], gradients: Gradients
) -> Iterator[LayerFlow]:
    for name, module in modules.items():
        runs = _joined(calls[name], gradients)
        for number, run in enumerate(runs):
            for index, label in enumerate(_names(name, module, number, len(runs))):
                parts = [_part(traces[index], gradients, handed[index]) for traces, handed in run]
                first = run[0][0][index]
                joined = {key: _chain([part[key] for part in parts]) for key in parts[0]}
                start = _array(gradients[id(first.start[0])], like=first.start[0])
                yield LayerFlow(
                    label, type(module).__name__, first.reverse, start=_sort(start, first), **joined
                )


def _chain(parts: list[Array | None]) -> Array | None:
    return None if parts[0] is None else np.concatenate(parts)


Handed = list[tuple[Tensor | None, ...]]  # by trace: what the next call hands to its last state


def _joined(made: Calls, gradients: Gradients) -> list[list[tuple[list[Trace], Handed]]]:
    """The calls of a module, those joined that go on from the state which the last one left."""
    runs: list[list[tuple[list[Trace], Handed]]] = []
    goes_on = False
    for traces, following in pairwise([*made, []]):
        if not goes_on:
            runs.append([])
        handed = _handed(traces, following, gradients)
        runs[-1].append((traces, handed))
        goes_on = any(part is not None for parts in handed for part in parts)
    return runs


def _handed(traces: list[Trace], following: list[Trace], gradients: Gradients) -> Handed:
    """What the next call hands back to the last states of this one, through its initial state."""
    ends = [end for trace in traces for end in trace.last]
    pairs = [
        (given, gradients[id(probe)])
        for trace in following
        for given, probe in zip(trace.given, trace.start, strict=True)
    ]
    pairs = [(given, grad) for given, grad in pairs if given.requires_grad and grad is not None]
    found: tuple[Tensor | None, ...] = (None,) * len(ends)
    if pairs:
        given, grads = zip(*pairs, strict=True)
        found = torch.autograd.grad(given, ends, grads, retain_graph=True, allow_unused=True)
    each = iter(found)
    return [tuple(next(each) for _ in trace.last) for trace in traces]


def _part(
    trace: Trace, gradients: Gradients, handed: tuple[Tensor | None, ...]
) -> dict[str, Array | None]:
    """The arrays of a LayerFlow from one call."""
    grad = lambda probe: _array(gradients[id(probe)], like=probe)  # noqa: E731
    live = _array(trace.live).astype(bool)
    # The last live step of each sequence: of a reverse direction, which meets its padding first,
    # that is the last step of all.
    last = len(live) - 1 - live[::-1].argmax(axis=0), np.arange(live.shape[1])
    carried = grad(trace.recurrence).copy()
    carried[last] += _array(handed[0], like=trace.last[0])
    cell = cell_carried = cell_direct = None
    if trace.cell is not None:
        back = _array(handed[1], like=trace.last[1])
        cell, cell_carried = grad(trace.cell), grad(trace.cell_recurrence).copy()
        cell_carried[last] += back
        cell_direct = np.zeros_like(cell)
        cell_direct[last] = grad(trace.end) - back
    arrays = {
        "total": grad(trace.state),
        "carried": carried,
        "cell": cell,
        "cell_carried": cell_carried,
        "cell_direct": cell_direct,
        "product": grad(trace.product),
        "received": np.stack([_array(state) for state in trace.received]),
        "live": live,
    }
    return {
        key: None if array is None else _sort(array.swapaxes(0, 1), trace).swapaxes(0, 1)
        for key, array in arrays.items()
    }


def _sort(array: Array, trace: Trace) -> Array:
    """(N, ...) in the order in which the sequences were given, not in that of packing."""
    return array if trace.order is None else array[trace.order.cpu().numpy()]


def _array(tensor: Tensor | None, like: Tensor | None = None) -> Array:
    """In NumPy, as float64; of nothing, zeros of the shape of ``like``."""
    if tensor is None:
        return np.zeros(tuple(like.shape))
    return tensor.detach().cpu().double().numpy()


def _notes(modules: dict[str, nn.Module], calls: dict[str, Calls]) -> Iterator[str]:
    """What a reader of the report should know besides."""
    for name, module in modules.items():
        if not calls[name]:
            yield f"{name} was not called."
        if not any(parameter.requires_grad for parameter in module.parameters()):
            yield f"{name} is frozen: these are the gradients that its weights would get."
        if getattr(module, "dropout", 0) and module.training and module.num_layers > 1:
            yield f"{name} is in training mode: its dropout draws another mask each time."
