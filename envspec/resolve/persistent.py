"""PersistentDict: a dict whose copies cost nothing and whose latest state is as fast as a dict.

resolvelib keeps a copy of its state for every pin. With plain dicts a graph of 5,000
projects would copy and hold a gigabyte. Here copies share one dict; a copy that was
left behind remembers how it differs and takes the dict back when it's used again.

Source: H. Baker, "Shallow binding makes functional arrays fast" (1991).
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Any = object()


class _Node(Generic[K, V]):
    """Either the dict itself, or how this state differs from ``next``."""

    __slots__ = ("data", "key", "next", "value")

    def __init__(self, data: dict[K, V] | None) -> None:
        self.data = data
        self.key: Any = None
        self.value: Any = None
        self.next: Any = None


class PersistentDict(MutableMapping[K, V]):
    """Keys leave by ``popitem`` in the reverse order of their latest setting."""

    __slots__ = ("_last", "_node")

    def __init__(self) -> None:
        self._node: _Node[K, V] = _Node({})
        self._last: tuple[Any, Any] | None = None

    def copy(self) -> Self:
        """A second dict of equal content, in constant time."""
        twin = self.__class__.__new__(self.__class__)
        twin._node = self._node
        twin._last = self._last
        return twin

    def _data(self) -> dict[K, V]:
        data = self._node.data
        return data if data is not None else _take_back(self._node)

    def _change(self, key: K, value: Any) -> None:
        data = self._data()
        old = self._node
        node: _Node[K, V] = _Node(data)
        old.data, old.key, old.value, old.next = None, key, data.get(key, _ABSENT), node
        _set(data, key, value)
        self._node = node

    def __getitem__(self, key: K) -> V:
        return self._data()[key]

    def get(self, key: K, default: Any = None) -> Any:
        """The value, or ``default``."""
        return self._data().get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._data()

    def __setitem__(self, key: K, value: V) -> None:
        self._change(key, value)
        self._last = (key, self._last)

    def __delitem__(self, key: K) -> None:
        if key not in self._data():
            raise KeyError(key)
        self._change(key, _ABSENT)

    def popitem(self) -> tuple[K, V]:
        """Take out the key that was set last."""
        while self._last is not None:
            key, self._last = self._last
            if key in self._data():
                return key, self.pop(key)
        raise KeyError("empty")

    def __iter__(self) -> Iterator[K]:
        return iter(list(self._data()))

    def __len__(self) -> int:
        return len(self._data())


def _set(data: dict[K, V], key: Any, value: Any) -> None:
    if value is _ABSENT:
        data.pop(key, None)
    else:
        data[key] = value


def _take_back(node: _Node[K, V]) -> dict[K, V]:
    path = [node]
    while (data := path[-1].data) is None:
        path.append(path[-1].next)
    for state, following in zip(reversed(path[:-1]), reversed(path[1:]), strict=True):
        following.data, following.key, following.next = None, state.key, state
        following.value = data.get(state.key, _ABSENT)
        _set(data, state.key, state.value)
        state.data, state.next, state.value = data, None, None
    return data
