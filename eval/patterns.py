"""Patterns that judge answers: compiled only if no text can make them backtrack without bound.

Python's matcher tries alternatives one after the other. What that can cost is read off the parsed pattern: inside of
a repetition, every next character must leave one way to go on (as in a one-unambiguous expression, Brüggemann-Klein
and Wood, Information and Computation 1998), so that no text is cut into repetitions in many ways; outside, the ways to
leave repetitions early are multiplied and limited.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

# The parser is public in all but name.
_parser: Any = import_module("re._parser")
op: Any = import_module("re._constants")
_FLAGS = re.IGNORECASE
_MOST_WAYS = 100_000
_UNBOUNDED = 1_000  # characters of a line that a repetition without end is counted as
_LONGEST = 2_000
_SAMPLE = frozenset(
    string.ascii_lowercase
    + string.digits
    + string.punctuation
    + " \n\t£°²àéïøüßœжλ中–—‘’“”…€\u00a0"
)

_Set = frozenset[str]
_Nodes = Sequence[tuple[Any, Any]]


class UnsafePattern(ValueError):
    """A pattern that does not compile, or that some text would make run without end."""


@lru_cache(maxsize=4_096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, which ignores case.

    Raises:
        UnsafePattern: it is no pattern, or may backtrack without bound; the message says how to write it.
    """
    if len(pattern) > _LONGEST:
        raise UnsafePattern(f"has {len(pattern):,} characters; {_LONGEST:,} are allowed")
    try:
        parsed = _parser.parse(pattern, _FLAGS)
        ready = re.compile(pattern, _FLAGS)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsafePattern(f"is not a regular expression: {error}") from error
    nodes = list(parsed)
    ways = _Reader(_SAMPLE.union(_named(nodes))).ways(nodes, after=frozenset(), repeated=False)
    if ways > _MOST_WAYS:
        raise UnsafePattern(
            "has repetitions that can be left in too many ways; give them upper bounds, as in {0,20}, "
            "or let each be followed by what it does not match"
        )
    return ready


def found(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text.

    Raises:
        UnsafePattern: as for `compiled`.
    """
    return compiled(pattern).search(text) is not None


def _named(node: Any) -> Iterator[str]:
    """The characters that a parsed pattern names, in both cases."""
    match node:
        case (op.LITERAL | op.NOT_LITERAL, int(code)):
            yield from {chr(code), chr(code).lower(), chr(code).upper()[0]}
        case (op.RANGE, (int(low), int(high))):
            yield from map(chr, {low, high})
        case tuple() | list() | _parser.SubPattern():
            for one in node:
                yield from _named(one)


class _Reader:
    """Reads what matching may cost off a parsed pattern.

    Args:
        alphabet: Characters that stand for all of them: some of each kind, and those that the pattern names.
    """

    def __init__(self, alphabet: _Set) -> None:
        self._alphabet = alphabet

    def ways(self, nodes: _Nodes, *, after: _Set, repeated: bool) -> int:
        """How many ways there may be to match these nodes at one place, one after the other.

        Args:
            nodes: Of the parser.
            after: The characters with which what follows can begin.
            repeated: Whether they stand in a repetition, where one way must be enough.

        Raises:
            UnsafePattern: there is no bound.
        """
        product = 1
        for node in reversed(nodes):
            product *= self._ways_of(node, after, repeated)
            first, empty = self._begins([node])
            after = first | after if empty else first
        return product

    def _ways_of(self, node: tuple[Any, Any], after: _Set, repeated: bool) -> int:
        kind, value = node
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            return self._ways_of_repeat(*value, after=after, repeated=repeated)
        if kind is op.BRANCH:
            return self._ways_of_branch(value[1], after, repeated)
        if kind is op.SUBPATTERN:
            return self.ways(list(value[-1]), after=after, repeated=repeated)
        if kind is op.ATOMIC_GROUP:
            return self.ways(list(value), after=after, repeated=repeated)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            return self.ways(list(value[1]), after=frozenset(), repeated=False)
        if kind in (op.GROUPREF, op.GROUPREF_EXISTS, op.GROUPREF_IGNORE):
            raise UnsafePattern("refers back to a group, which is not offered")
        return 1

    def _ways_of_repeat(
        self, least: int, most: int, body: Iterable[Any], *, after: _Set, repeated: bool
    ) -> int:
        nodes = list(body)
        first, empty = self._begins(nodes)
        many = most > 1
        if many and empty:
            raise UnsafePattern("repeats what can be empty; take the inner * or ? away")
        going_on = first | after if many else after
        inside = self.ways(nodes, after=going_on, repeated=repeated or many)
        if least == most or not first & after:
            return inside
        if repeated:
            raise UnsafePattern(
                "has a repetition inside of a repetition, and the text can be divided between them in many "
                "ways; take one away, or let the inner one be followed by what it does not match"
            )
        return inside * (min(int(most), _UNBOUNDED) - least + 1)

    def _ways_of_branch(
        self, branches: Sequence[Iterable[Any]], after: _Set, repeated: bool
    ) -> int:
        ways, seen, alike = [], frozenset[str](), False
        for branch in map(list, branches):
            ways.append(self.ways(branch, after=after, repeated=repeated))
            first, empty = self._begins(branch)
            first = first | after if empty else first
            alike = alike or bool(seen & first)
            seen |= first
        if alike and repeated:
            raise UnsafePattern(
                "repeats alternatives that can begin with the same character; take the repetition away, or "
                "let each begin differently"
            )
        return sum(ways) if alike else max(ways)

    def _begins(self, nodes: _Nodes) -> tuple[_Set, bool]:
        """The characters that these nodes can begin with, and whether they can match nothing."""
        begins: _Set = frozenset()
        for kind, value in nodes:
            first, empty = self._begins_of(kind, value)
            begins |= first
            if not empty:
                return begins, False
        return begins, True

    def _begins_of(self, kind: Any, value: Any) -> tuple[_Set, bool]:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            first, empty = self._begins(list(value[2]))
            return first, empty or value[0] == 0
        if kind is op.BRANCH:
            each = [self._begins(list(branch)) for branch in value[1]]
            return frozenset().union(*(first for first, _ in each)), any(e for _, e in each)
        if kind is op.SUBPATTERN:
            return self._begins(list(value[-1]))
        if kind is op.ATOMIC_GROUP:
            return self._begins(list(value))
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            return frozenset(), True
        return frozenset(filter(_membership(kind, value), self._alphabet)), False


def _membership(kind: Any, value: Any) -> Callable[[str], bool]:
    """Whether a character is one that a single-character node matches."""
    if kind is op.LITERAL:
        return _matching(re.escape(chr(value)))
    if kind is op.NOT_LITERAL:
        return _matching(f"[^{re.escape(chr(value))}]")
    if kind is op.RANGE:
        return _matching(f"[{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}]")
    if kind is op.CATEGORY:
        return _matching(_CATEGORIES[value])
    if kind is op.IN:
        negated = value[0][0] is op.NEGATE
        tests = [_membership(*one) for one in value[negated:]]
        return lambda one: any(test(one) for test in tests) is not negated
    return lambda _: True  # any character; what the parser may add one day is taken for that


def _matching(one_character: str) -> Callable[[str], bool]:
    match = re.compile(one_character, _FLAGS).match
    return lambda one: match(one) is not None


_CATEGORIES: dict[Any, str] = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}
