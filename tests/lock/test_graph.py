from __future__ import annotations

from envspec.lock.graph import Chain, Graph
from tests.lock.locks import distribution, lock

RING = lock(
    distribution("a", "1", "b", "c[x]"),
    distribution("b", "1", "c"),
    distribution("c", "1", "a", "d"),
    distribution("d", "1"),
    distribution("alone", "2"),
    requirements=("A[y] >= 1 ; python_version > '3'", "alone", "not-here"),
)


def drawn(graph: Graph, depth: int | None = None, invert: str = "") -> list[str]:
    return [
        f"{'  ' * row.depth}{row.name}{list(row.extras) if row.extras else ''}{'*' if row.repeated else ''}"
        for row in graph.tree(depth=depth, invert=invert)
    ]


def test_each_distribution_is_unfolded_once_and_a_ring_ends() -> None:
    assert drawn(Graph(RING)) == [
        "a['y']",
        "  b",
        "    c",
        "      a*",
        "      d",
        "  c['x']*",
        "alone",
    ]


def test_a_tree_ends_at_its_depth() -> None:
    assert drawn(Graph(RING), depth=1) == ["a['y']", "  b", "  c['x']", "alone"]
    assert drawn(Graph(RING), depth=0) == ["a['y']", "alone"]


def test_an_inverted_tree_goes_up() -> None:
    assert drawn(Graph(RING), invert="d") == ["d", "  c", "    a", "      c*", "    b", "      a*"]


def test_a_lock_that_tells_no_requirements_starts_where_nothing_points() -> None:
    held = lock(distribution("a", "1"), distribution("b", "1", "a"), distribution("alone", "2"))
    assert drawn(Graph(held)) == ["alone", "b", "  a"]
    assert drawn(Graph(RING._replace(requirements=())), depth=0) == ["a", "alone"]


def test_a_ring_without_an_entrance_is_shown_too() -> None:
    ring = lock(distribution("a", "1", "b"), distribution("b", "1", "a"))
    assert drawn(Graph(ring)) == ["a", "  b", "    a*"]


def test_a_ring_that_nothing_else_leads_to_stands_beside_the_other_roots() -> None:
    held = lock(
        distribution("a", "1", "b"),
        distribution("b", "1", "a"),
        distribution("top", "1", "x"),
        distribution("x", "1", "y"),
        distribution("y", "1", "x"),
        requirements=(),
    )
    assert drawn(Graph(held)) == ["a", "  b", "    a*", "top", "  x", "    y", "      x*"]
    assert [chain.names for chain in Graph(held).why("b")] == [("a", "b")]


def test_the_shortest_chain_of_each_requirement_is_told_shortest_first() -> None:
    held = lock(
        distribution("long", "1", "middle"),
        distribution("middle", "1", "short"),
        distribution("short", "1", "goal"),
        distribution("goal", "1"),
        distribution("other", "1"),
        requirements=("goal<2", "long", "other", "short"),
    )
    assert Graph(held).why("goal") == (
        Chain("goal<2", ("goal",)),
        Chain("short", ("short", "goal")),
        Chain("long", ("long", "middle", "short", "goal")),
    )


def test_no_extra_is_named_that_may_not_be_the_one() -> None:
    held = lock(
        distribution("a", "1", "c", extras=("x", "y")),
        distribution("b", "1", "a[x]"),
        distribution("c", "1"),
        requirements=("A[X]", "a[y]>=1", "b"),
    )
    assert Graph(held).why("c") == (Chain("a", ("a", "c")), Chain("b", ("b", "a", "c")))
    assert [chain.requirement for chain in Graph(held).why("a")] == ["A[X]", "a[y]>=1", "b"]
    alike = held._replace(requirements=("a[x,y]>=1", "a[Y,X]<2"))
    assert [chain.requirement for chain in Graph(alike).why("c")] == ["a[Y,X]<2", "a[x,y]>=1"]


def test_a_chain_of_five_thousand_hits_no_recursion_limit() -> None:
    held = [distribution(f"p{number:04}", "1", f"p{number + 1:04}") for number in range(5000)]
    graph = Graph(lock(*held, requirements=("p0000",)))
    assert len(graph.why("p4999")[0].names) == 5000
    assert sum(1 for _ in graph.tree()) == 5000


def test_a_lattice_whose_paths_are_beyond_counting_is_walked_at_once() -> None:
    held = [
        distribution(f"{side}{level:02}", "1", *(f"{each}{level + 1:02}" for each in "ab" if level < 59))
        for level in range(60)
        for side in "ab"
    ]
    graph = Graph(lock(*held, requirements=("a00", "b00")))
    assert sum(1 for _ in graph.tree()) == 238
    assert [chain.requirement for chain in graph.why("b59")] == ["a00", "b00"]


def test_a_project_that_another_tool_locks_at_two_versions_is_shown_with_both() -> None:
    twice = lock(
        distribution("numpy", "1.24.4", "old", marker="python_version < '3.9'"),
        distribution("numpy", "2.2.6", "new", marker="python_version >= '3.9'"),
        distribution("new", "1"),
        distribution("old", "1"),
    )
    rows = [(row.depth, row.name, row.version) for row in Graph(twice).tree()]
    assert rows == [(0, "numpy", "1.24.4, 2.2.6"), (1, "new", "1"), (1, "old", "1")]
