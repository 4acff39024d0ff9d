"""PersistentDict against dicts that are really copied."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from envspec.resolve.persistent import PersistentDict

KEYS = st.sampled_from("abcd")


class Model:
    """The same by copying: a dict, and the keys in the order of their latest setting."""

    def __init__(self) -> None:
        self.data: dict[str, int] = {}

    def copy(self) -> Model:
        twin = Model()
        twin.data = dict(self.data)
        return twin

    def set(self, key: str, value: int) -> None:
        self.data.pop(key, None)
        self.data[key] = value


Pair = tuple["PersistentDict[str, int]", Model]


class PersistentDictIsACopiedDict(RuleBasedStateMachine):
    pairs: Bundle[Pair] = Bundle("pairs")

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Pair] = []

    @rule(target=pairs)
    def empty(self) -> Pair:
        self.known.append((PersistentDict(), Model()))
        return self.known[-1]

    @rule(target=pairs, pair=pairs)
    def copied(self, pair: Pair) -> Pair:
        self.known.append((pair[0].copy(), pair[1].copy()))
        return self.known[-1]

    @rule(pair=pairs, key=KEYS, value=st.integers(0, 9))
    def set(self, pair: Pair, key: str, value: int) -> None:
        pair[0][key] = value
        pair[1].set(key, value)

    @rule(pair=pairs, key=KEYS)
    def taken_out(self, pair: Pair, key: str) -> None:
        assert pair[0].pop(key, None) == pair[1].data.pop(key, None)

    @rule(pair=pairs)
    def last_taken_out(self, pair: Pair) -> None:
        if pair[1].data:
            assert pair[0].popitem() == pair[1].data.popitem()
        else:
            try:
                pair[0].popitem()
            except KeyError:
                return
            raise AssertionError("an empty dict gave an item")

    @rule(pair=pairs, key=KEYS)
    def asked(self, pair: Pair, key: str) -> None:
        assert pair[0].get(key, -1) == pair[1].data.get(key, -1)
        assert (key in pair[0]) == (key in pair[1].data)

    @invariant()
    def all_states_are_as_they_were_left(self) -> None:
        for ours, model in self.known[-3:]:
            assert dict(ours) == model.data
            assert len(ours) == len(model.data)


TestPersistentDict = PersistentDictIsACopiedDict.TestCase
TestPersistentDict.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_every_copy_of_a_long_history_still_has_its_own_content() -> None:
    latest: PersistentDict[int, int] = PersistentDict()
    copies = []
    for number in range(5000):
        latest[number % 100] = number
        copies.append(latest.copy())
    assert dict(copies[0]) == {0: 0}
    assert dict(copies[4999]) == {number % 100: number for number in range(4900, 5000)}
    assert dict(copies[50]) == {number: number for number in range(51)}
    assert dict(latest) == dict(copies[4999])


def test_a_copy_goes_its_own_way() -> None:
    one: PersistentDict[str, int] = PersistentDict()
    one["a"] = 1
    two = one.copy()
    two["a"] = 2
    two["b"] = 3
    del one["a"]
    assert dict(one) == {}
    assert dict(two) == {"a": 2, "b": 3}
    assert two.popitem() == ("b", 3)
