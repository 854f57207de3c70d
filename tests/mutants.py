"""Small wrong programs, made from a right one by changing its source in one place.

`mutants(function)` reads the module in which the function stands, and changes the function or one
of those of the module that it calls: a sign turned, a term dropped, two operands exchanged, an
index or a constant moved by one, a transpose dropped or added, tanh for the sigmoid, < for <=, a
statement left out. Always the same ones, in the same order.
"""

from __future__ import annotations

import ast
import copy
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

INSTEAD = {
    "tanh": ("sigmoid_",),
    "sigmoid": ("tanh_",),
    "d_sigmoid": ("sigmoid_",),
    "mean": ("sum",),
    "sum": ("mean",),
    "prod": ("sum",),
    "cumsum": ("cumprod",),
    "max": ("min",),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "argmax": ("argmin",),
    "all": ("any",),
    "cosh": ("sinh",),
    "hstack": ("vstack",),
    "zeros": ("ones",),
    "zeros_like": ("ones_like",),
    "ones": ("zeros",),
    "ones_like": ("zeros_like",),
    "eye": ("ones_like",),
    "log": ("exp",),
    "exp": ("expm1",),
}
UNWRAP = ("tanh", "sigmoid", "exp", "log", "sqrt", "abs", "reversed", "cumsum", "norm")
TURNED: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}


class Mutant(NamedTuple):
    """A changed program: its function, and the change as "old -> new (function)"."""

    change: str
    function: Callable[..., Any]


def mutants(function: Callable[..., Any], done: set[str]) -> Iterator[Mutant]:
    """All programs that differ from `function`'s in one place, outside the functions `done`."""
    module = sys.modules[function.__module__]
    found = {
        node.name: node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.FunctionDef)
    }
    names = called(function.__name__, found)
    todo = [name for name in names if name not in done]
    done.update(todo)
    for name in todo:
        for change, node in changed(found[name]):
            tree = ast.Module([node if n == name else found[n] for n in names], [])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                code = compile(ast.fix_missing_locations(tree), f"<mutant of {name}>", "exec")
            space = {**vars(module), **EXTRA}
            try:
                exec(code, space)
            except Exception:  # not even a function
                continue
            yield Mutant(f"{change} ({name})", space[function.__name__])


def called(name: str, found: dict[str, ast.FunctionDef]) -> list[str]:
    """A function of the module and those it calls there, helpers first."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in found and name not in order:
            order.append(name)
            inside = ast.Module([*found[name].body, ast.Expr(found[name].args)], [])
            names = [node for node in ast.walk(inside) if isinstance(node, ast.Name)]
            own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
            own |= {node.arg for node in ast.walk(found[name]) if isinstance(node, ast.arg)}
            for node in names:
                if node.id not in own:
                    visit(node.id)

    visit(name)
    return order[::-1]


def changed(function: ast.FunctionDef) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every copy of the function with one change, and what the change is."""
    seen = {ast.unparse(function)}
    for path, node in places(function):
        for new in instead(node):
            mutant = put(function, path, new)
            try:
                text = ast.unparse(ast.fix_missing_locations(mutant))
            except Exception:
                continue
            if text in seen:
                continue
            seen.add(text)
            yield f"{short(node)} -> {short(new)}", mutant


Path = tuple[tuple[str, int | None], ...]


def places(node: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """All nodes that stand for something at run time, with the way to each from the root."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "ctx", "op"):
            continue
        for index, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(each, ast.keyword) and each.arg == "strict":
                continue  # guards against lists of different lengths, which do not come
            if isinstance(each, ast.AST):
                yield (*path, (field, index)), each
                yield from places(each, (*path, (field, index)))


def put(root: ast.FunctionDef, path: Path, new: ast.AST | None) -> ast.FunctionDef:
    """A copy of the function with `new` at that place; nothing instead of a statement: `pass`."""
    root = copy.deepcopy(root)
    node: Any = root
    for field, index in path[:-1]:
        node = getattr(node, field) if index is None else getattr(node, field)[index]
    field, index = path[-1]
    new = copy.deepcopy(new) or ast.Pass()
    if index is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[index] = new
    return root


def short(node: ast.AST | None) -> str:
    return "nothing" if node is None else ast.unparse(ast.fix_missing_locations(node))


# --- the changes ---------------------------------------------------------------------------------


def instead(node: ast.AST) -> Iterator[ast.AST | None]:
    """What a careless hand could write in place of this node."""
    for kind, changes in CHANGES.items():
        if isinstance(node, kind):
            yield from changes(node)


def _binary(node: ast.BinOp) -> Iterator[ast.AST]:
    left, op, right = node.left, node.op, node.right
    yield left
    if isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.MatMult):
        yield right
    if isinstance(op, ast.Add | ast.Sub):
        yield ast.BinOp(left, ast.Sub() if isinstance(op, ast.Add) else ast.Add(), right)
    if isinstance(op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
        yield ast.BinOp(right, op, left)
    if isinstance(op, ast.Mult | ast.Div):
        yield ast.BinOp(left, ast.Div() if isinstance(op, ast.Mult) else ast.Mult(), right)
    if isinstance(op, ast.MatMult):
        yield ast.BinOp(transposed(left), op, right)
        yield ast.BinOp(left, op, transposed(right))


def transposed(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _attribute(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr == "T":
        yield node.value
    for other in INSTEAD.get(node.attr, ()):
        special = other.endswith("_")
        yield ast.Name(other, ast.Load()) if special else ast.Attribute(node.value, other, node.ctx)


def _name(node: ast.Name) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load):
        for other in INSTEAD.get(node.id, ()):
            yield ast.Name(other, node.ctx)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(value * 1.5 + 0.5), ast.Constant(-value))
    elif isinstance(value, str) and "->" in value:
        given, result = value.split("->")
        parts = given.split(",")
        for i, part in enumerate(parts):
            yield ast.Constant(f"{','.join([*parts[:i], part[::-1], *parts[i + 1 :]])}->{result}")
        yield ast.Constant(f"{given}->{result[::-1]}")


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _slice(node: ast.Slice) -> Iterator[ast.AST]:
    for part in ("lower", "upper", "step"):
        bound = getattr(node, part)
        if bound is not None:
            yield ast.Slice(**{**vars_of(node), part: None})
            if not isinstance(bound, ast.Constant):
                for op in (ast.Add(), ast.Sub()):
                    moved = ast.BinOp(bound, op, ast.Constant(1))
                    yield ast.Slice(**{**vars_of(node), part: moved})


def vars_of(node: ast.Slice) -> dict[str, Any]:
    return {part: getattr(node, part) for part in ("lower", "upper", "step")}


def _subscript(node: ast.Subscript) -> Iterator[ast.AST]:
    if isinstance(node.slice, ast.Name):
        for op in (ast.Add(), ast.Sub()):
            yield ast.Subscript(node.value, ast.BinOp(node.slice, op, ast.Constant(1)), node.ctx)
    if isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load):
        yield node.value


def _call(node: ast.Call) -> Iterator[ast.AST]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in UNWRAP and node.args:
        yield node.args[0]
    if len(node.args) > 1:
        a, b, *rest = node.args[-2:]
        yield ast.Call(node.func, [*node.args[:-2], b, a, *rest], node.keywords)
    for i, each in enumerate(node.keywords):
        if each.arg not in ("strict", "dtype"):
            yield ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
    if name == "range":
        *first, last = node.args[:2]
        for op in (ast.Add(), ast.Sub()):
            yield ast.Call(
                node.func, [*first, ast.BinOp(last, op, ast.Constant(1)), *node.args[2:]], []
            )
        if len(node.args) == 1:
            yield ast.Call(node.func, [ast.Constant(1), *node.args], [])


def _loop(node: ast.For | ast.comprehension) -> Iterator[ast.AST]:
    """Other stretches of what is gone through."""
    if isinstance(node.iter, ast.Name | ast.Attribute | ast.Subscript):
        for text in ("x[1:]", "x[:-1]", "x[::-1]"):
            stretch = ast.parse(text, mode="eval").body
            stretch.value = node.iter
            new = copy.copy(node)
            new.iter = stretch
            yield new


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for kind in TURNED.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [kind(), *node.ops[1:]], node.comparators)


def _choice(node: ast.IfExp) -> Iterator[ast.AST]:
    yield from (node.body, node.orelse, ast.IfExp(node.test, node.orelse, node.body))


def _augmented(node: ast.AugAssign) -> Iterator[ast.AST | None]:
    yield None
    yield ast.Assign([node.target], node.value, lineno=0)
    other = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.BitAnd: ast.BitOr}
    if type(node.op) in other:
        yield ast.AugAssign(node.target, other[type(node.op)](), node.value)


def _left_out(node: ast.Assign | ast.Expr) -> Iterator[None]:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        yield None


def _tuple(node: ast.Tuple | ast.List) -> Iterator[ast.AST]:
    """Two neighbours exchanged."""
    for i in range(len(node.elts) - 1):
        elts = [*node.elts[:i], node.elts[i + 1], node.elts[i], *node.elts[i + 2 :]]
        yield type(node)(elts, node.ctx)


CHANGES: dict[Any, Callable[[Any], Iterator[ast.AST | None]]] = {
    ast.BinOp: _binary,
    ast.Attribute: _attribute,
    ast.Name: _name,
    ast.Constant: _constant,
    ast.UnaryOp: _unary,
    ast.Slice: _slice,
    ast.Subscript: _subscript,
    ast.Call: _call,
    (ast.For, ast.comprehension): _loop,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.AugAssign: _augmented,
    (ast.Assign, ast.Expr): _left_out,
    (ast.Tuple, ast.List): _tuple,
}


def _sigmoid(z: Any) -> Any:
    import numpy as np

    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z)))


def _tanh(z: Any) -> Any:
    import numpy as np

    return np.tanh(z)


EXTRA = {"sigmoid_": _sigmoid, "tanh_": _tanh}
