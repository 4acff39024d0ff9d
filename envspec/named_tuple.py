"""typing's NamedTuple, made at a quarter of its price; a type checker sees typing's own.

``typing.NamedTuple`` compiles a ``__new__`` for every class and each annotation besides, 0.15 to 0.25 ms in
all, and a lock makes ninety such classes at its start (docs/decisions/0005). Here classes with as many fields
share one compiled ``__new__`` under names of their own, and annotations stay text until somebody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple
    from functools import cache
    from types import FunctionType, new_class

    @cache
    def _pattern(count):
        """A named tuple with ``count`` fields: its ``__new__``, and what reads each field."""
        pattern = namedtuple("_Pattern", [f"field{place}" for place in range(count)])
        return pattern.__new__, [vars(pattern)[field] for field in pattern._fields]

    class _Named(tuple):
        """What all named tuples share; see collections.namedtuple."""

        __slots__ = ()

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"expected {len(cls._fields)} values, got {len(made)}")
            return made

        def _replace(self, /, **changes):
            made = self._make(map(changes.pop, self._fields, self))
            if changes:
                raise ValueError(f"got unexpected field names: {list(changes)!r}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            pairs = zip(self._fields, self, strict=True)
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"

        def __getnewargs__(self):
            return tuple(self)

    class _Meta(type):
        def __new__(cls, name, bases, namespace):
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            if len(bases) > 1:
                raise TypeError(f"{name}: a generic named tuple has to be typing's")
            if "__annotations__" not in namespace:  # from CPython 3.14 on, where the future import is missing
                import typing

                return new_class(name, (typing.NamedTuple,), {}, lambda body: body.update(namespace))
            fields = tuple(namespace["__annotations__"])
            defaults = {field: namespace.pop(field) for field in fields if field in namespace}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"{name}: a field without a default follows one with a default")
            new, getters = _pattern(len(fields))
            code = new.__code__.replace(co_varnames=("_cls", *fields))
            made = FunctionType(code, new.__globals__, "__new__", tuple(defaults.values()))
            made.__qualname__ = f"{name}.__new__"  # for the TypeError about an argument
            namespace.update(zip(fields, getters, strict=True))
            namespace.update(
                __slots__=(),
                __new__=made,
                __match_args__=fields,
                _fields=fields,
                _field_defaults=defaults,
            )
            return type(name, (_Named,), namespace)

    class NamedTuple(metaclass=_Meta):
        """The base that a class with fields names; no class is made of it itself."""


__all__ = ["NamedTuple"]
