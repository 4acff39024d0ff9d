"""Scope: what the names of one source file stand for, as far as the file itself tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from envspec.audit.place import CallAt, Place, give, is_main_test, parameters

_MAX_DEPTH = 12
_MAX_OPTIONS = 32
_MAX_STEPS = 2000
"""For one question: values that name each other would otherwise be followed without end."""
_HOLE = "{}"
_WRAPPERS = {"functools.partial", "partial"}
_LOCAL_PATHS = {
    "join", "Path", "PurePath", "mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile", "abspath",
    "realpath", "dirname", "expanduser", "gettempdir", "getcwd", "resolve", "as_posix", "joinpath",
}  # fmt: skip
"""Functions whose value is a path on this disk."""
_BLOCKS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})
_NOTED = frozenset(
    {ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.With, ast.AsyncWith}
)
_LEAVES = frozenset(
    {
        ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.alias, ast.Pass, ast.Break, ast.Continue,
        ast.Global, ast.Nonlocal, ast.arg, str, int, type(None), *ast.operator.__subclasses__(),
        *ast.cmpop.__subclasses__(), *ast.unaryop.__subclasses__(), *ast.boolop.__subclasses__(),
    }
)  # fmt: skip
"""What a node may hold that holds nothing of interest itself."""


class SourceFile:
    """One parsed file."""

    def __init__(self, module: str, is_package: bool, tree: ast.Module) -> None:
        self.module = module
        self._package = module if is_package else module.rpartition(".")[0]
        self.root = module.partition(".")[0]
        self.top = Place("", None, tree)
        self.calls: list[CallAt] = []
        self.functions: list[Place] = []
        self.subscripts: list[ast.Subscript] = []
        self._aliases: dict[str, str] = {}
        self._defined: set[str] = set()
        self._steps = 0
        self._walk(tree)

    # Collecting

    def _walk(self, tree: ast.Module) -> None:
        """In the order of the source; what neither calls nor names anything isn't visited."""
        pending: list[tuple[ast.AST, Place, bool]] = [(tree, self.top, False)]
        while pending:
            node, place, in_main = pending.pop()
            kind = type(node)
            if kind in _BLOCKS:
                pending += reversed([*self._entered(node, place, in_main)])  # type: ignore[arg-type]
                continue
            if kind is ast.Call:
                self.calls.append(CallAt(node, place, in_main))  # type: ignore[arg-type]
            elif kind is ast.Subscript:
                self.subscripts.append(node)  # type: ignore[arg-type]
            elif kind in _NOTED:
                self._note(node, place)
            elif isinstance(node, ast.If) and is_main_test(node.test):
                pending += [(child, place, in_main) for child in reversed(node.orelse)]
                pending += [(child, place, True) for child in reversed(node.body)]
                continue
            children: list[ast.AST] = []
            for name in kind._fields:
                value = getattr(node, name, None)
                if type(value) is list:
                    children += [each for each in value if type(each) not in _LEAVES]
                elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
                    children.append(value)
            children.reverse()
            pending += [(child, place, in_main) for child in children]
        self.calls.sort(key=lambda call: (call.node.lineno, call.node.col_offset))

    def _entered(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, place: Place, in_main: bool
    ) -> Iterator[tuple[ast.AST, Place, bool]]:
        is_class = isinstance(node, ast.ClassDef)
        inner = Place(f"{place.name}.{node.name}" if place.name else node.name, place, node, is_class)
        if place is self.top:
            self._defined.add(node.name)
        if not isinstance(node, ast.ClassDef):
            inner.defaults = parameters(node.args)
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            inner.annotations = {each.arg: each.annotation for each in arguments if each.annotation}
            self.functions.append(inner)
            yield from (
                (default, place, in_main) for default in inner.defaults.values() if default is not None
            )
        yield from ((decorator, place, in_main) for decorator in node.decorator_list)
        yield from ((child, inner, in_main) for child in node.body)

    def _note(self, node: ast.AST, place: Place) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                self._aliases[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            origin = self._origin(node)
            for alias in node.names:
                self._aliases[alias.asname or alias.name] = f"{origin}.{alias.name}"
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                give(target, node.value, place)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            give(node.target, node.value, place)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    give(item.optional_vars, item.context_expr, place)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self._package.split(".")
        base = ".".join(parts[: max(0, len(parts) - node.level + 1)])
        return f"{base}.{node.module}" if node.module else base

    def imports(self, module: str) -> bool:
        """Whether it imports a module, or something of it."""
        return any(f"{origin}.".startswith(f"{module}.") for origin in self._aliases.values())

    def exported(self) -> Iterator[tuple[str, str]]:
        """(name, origin) of what a package's ``__init__`` gives under its own name."""
        if self._package == self.module:
            yield from ((f"{self.module}.{name}", origin) for name, origin in self._aliases.items())

    # Asking

    def dotted(self, node: ast.expr, place: Place, depth: int = 0) -> str:
        """The dotted name that an expression stands for; ``?`` for a part that isn't known."""
        if depth > _MAX_DEPTH:
            return "?"
        if isinstance(node, ast.Attribute):
            return f"{self._owner_name(node, place, depth)}.{node.attr}"
        if isinstance(node, ast.Call):
            called = self.dotted(node.func, place, depth + 1)
            if called in _WRAPPERS and node.args:
                return self.dotted(node.args[0], place, depth + 1)
            return called
        if isinstance(node, ast.Name):
            return self._name(node.id, place, depth)
        return "?"

    def _owner_name(self, node: ast.Attribute, place: Place, depth: int) -> str:
        base = node.value
        owner = place.owner
        if isinstance(base, ast.Name) and base.id in ("self", "cls") and owner is not None:
            return f"{self.module}.{owner.name}"
        if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name) and owner is not None:
            given = owner.values.get(base.attr, []) if base.value.id == "self" else []
            if len(given) == 1 and isinstance(given[0], ast.Call):
                return self.dotted(given[0], place, depth + 1)
        return self.dotted(base, place, depth + 1)

    def _name(self, name: str, place: Place, depth: int) -> str:
        scope: Place | None = place
        while scope is not None:
            if name in scope.defaults:
                kind = scope.annotations.get(name)
                if isinstance(kind, (ast.Name, ast.Attribute)) and scope.parent is not None:
                    return self.dotted(kind, scope.parent, depth + 1)
                return "?"
            given = scope.values.get(name)
            if given and not scope.is_class and name not in self._aliases:
                return self.dotted(given[-1], scope, depth + 1) if len(given) <= 2 else "?"
            scope = scope.parent
        if name in self._aliases:
            return self._aliases[name]
        return f"{self.module}.{name}" if name in self._defined else name

    def texts(self, node: ast.expr | None, place: Place, depth: int = 0) -> tuple[str, ...]:
        """The strings that an expression may be; ``{}`` stands for what only running tells."""
        if node is None or self._is_spent(depth):
            return ()
        if isinstance(node, ast.Constant):
            return (node.value,) if isinstance(node.value, str) else ()
        if isinstance(node, ast.JoinedStr):
            return ("".join(self._part(part, place, depth) for part in node.values),)
        if isinstance(node, ast.BinOp):
            return self._joined(node, place, depth)
        if isinstance(node, ast.IfExp):
            return self._either([node.body, node.orelse], place, depth)
        if isinstance(node, ast.BoolOp):
            return self._either(node.values, place, depth)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._either(node.elts, place, depth)
        if isinstance(node, ast.Dict):
            return self._either([value for value in node.values if value is not None], place, depth)
        if isinstance(node, ast.Subscript):
            return self.texts(node.value, place, depth + 1) if isinstance(node.value, ast.Name) else ()
        if isinstance(node, ast.Call):
            return self._called(node, place, depth)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._named_texts(node, place, depth)
        return ()

    def _is_spent(self, depth: int) -> bool:
        self._steps = self._steps + 1 if depth else 0
        return depth > _MAX_DEPTH or self._steps > _MAX_STEPS

    def _part(self, part: ast.expr, place: Place, depth: int) -> str:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        found = self.texts(inner, place, depth + 1)
        return found[0] if len(found) == 1 else _HOLE

    def _joined(self, node: ast.BinOp, place: Place, depth: int) -> tuple[str, ...]:
        left = self.texts(node.left, place, depth + 1)
        if isinstance(node.op, ast.Mod) and left:
            return (left[0].replace("%s", _HOLE).replace("%d", _HOLE),)
        if not isinstance(node.op, ast.Add):
            return ()
        right = self.texts(node.right, place, depth + 1)
        if not left and not right:
            return ()
        return ((left[0] if len(left) == 1 else _HOLE) + (right[0] if len(right) == 1 else _HOLE),)

    def _either(self, nodes: list[ast.expr], place: Place, depth: int) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for node in nodes[: _MAX_OPTIONS * 4]:
            found.update(dict.fromkeys(self.texts(node, place, depth + 1)))
        return tuple(found)[:_MAX_OPTIONS]

    def _called(self, node: ast.Call, place: Place, depth: int) -> tuple[str, ...]:
        name = self.dotted(node.func, place, depth + 1)
        if name in ("os.getenv", "os.environ.get") and len(node.args) > 1:
            return self.texts(node.args[1], place, depth + 1)
        if name.endswith(".join") and name.startswith(("os.path", "posixpath")) and node.args:
            return ("/".join((*self.texts(arg, place, depth + 1), _HOLE)[0] for arg in node.args),)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            found = self.texts(node.func.value, place, depth + 1)
            return tuple(_without_fields(text) for text in found)
        if name == "str" and len(node.args) == 1:
            return self.texts(node.args[0], place, depth + 1)
        return ()

    def _named_texts(self, node: ast.Name | ast.Attribute, place: Place, depth: int) -> tuple[str, ...]:
        if isinstance(node, ast.Attribute):
            owner = place.owner
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls") and owner is not None:
                return self._either(owner.values.get(node.attr, []), place, depth)
            return ()
        scope: Place | None = place
        while scope is not None:
            if node.id in scope.defaults:
                return self.texts(scope.defaults[node.id], scope.parent or scope, depth + 1)
            if node.id in scope.values:
                return self._either(scope.values[node.id], scope, depth)
            scope = scope.parent
        return ()

    def is_local_path(self, node: ast.expr | None, place: Place, depth: int = 0) -> bool:
        """Whether an expression is a path that was made here: a folder, so nothing that's fetched."""
        if node is None or self._is_spent(depth):
            return False
        if isinstance(node, ast.Call):
            name = self.dotted(node.func, place).rpartition(".")[2]
            if name in ("str", "fspath") and node.args:
                return self.is_local_path(node.args[0], place, depth + 1)
            return name in _LOCAL_PATHS
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.Div)
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and node.value.startswith(("/", "./", "../", "~"))
        if isinstance(node, ast.Name) and node.id not in place.defaults:
            given = place.values.get(node.id, [])
            return bool(given) and all(self.is_local_path(value, place, depth + 1) for value in given)
        return False

    def parameter(self, node: ast.expr | None, place: Place) -> str:
        """The parameter of the function at ``place`` that an expression is; empty if it's none."""
        if isinstance(node, ast.Name):
            if node.id in place.defaults:
                return node.id
            given = place.values.get(node.id, [])
            if len(given) == 1 and isinstance(given[0], ast.Name) and given[0].id in place.defaults:
                return given[0].id
        return ""


def _without_fields(text: str) -> str:
    return re.sub(r"\{[^{}]*\}", _HOLE, text)
