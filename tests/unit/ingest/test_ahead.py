import threading
import time
from collections.abc import Iterator

import pytest

from ingest.ahead import mapped_ahead


def test_results_come_in_the_order_of_the_items() -> None:
    first_may_end = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert first_may_end.wait(10)
        elif item == 3:
            first_may_end.set()
        return item * 10

    found = mapped_ahead(work, range(5), threads=2, size=lambda _: 1, held=lambda _: 1, most=5)
    assert list(found) == [0, 10, 20, 30, 40]


@pytest.mark.parametrize(("sizes", "begun"), [([1] * 9, 3), ([2, 2, 1, 1], 1), ([7, 7], 1)])
def test_no_more_is_begun_than_fits_ahead_of_the_reader(sizes: list[int], begun: int) -> None:
    taken = []

    def items() -> Iterator[int]:
        for size in sizes:
            taken.append(size)
            yield size

    found = mapped_ahead(
        lambda size: size,
        items(),
        threads=1,
        size=lambda size: size,
        held=lambda size: size,
        most=3,
    )
    assert next(found) == sizes[0]
    assert len(taken) == begun + 1  # the next one is looked at, and waits
    assert [sizes[0], *found] == sizes


def test_an_error_comes_when_its_turn_does() -> None:
    found = mapped_ahead(
        lambda n: 6 // n, [3, 0, 2], threads=2, size=lambda _: 1, held=lambda _: 1, most=3
    )
    assert next(found) == 2
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_a_reader_that_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    found = mapped_ahead(
        lambda n: n, range(100), threads=3, size=lambda _: 1, held=lambda _: 1, most=10
    )
    assert next(found) == 0
    found.close()
    assert threading.active_count() == before


def test_nothing_is_begun_while_what_was_done_holds_too_much() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        return number

    found = mapped_ahead(
        work,
        range(8),
        threads=1,
        size=lambda _: 1,
        held=lambda _: 100,
        most=8,
    )
    for number in range(8):
        assert next(found) == number
        time.sleep(0.05)
        assert begun == list(range(number + 1))
    assert list(found) == []


def test_results_before_an_error_of_the_items_come_first() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        raise ValueError("no third")

    found = mapped_ahead(
        lambda n: n, items(), threads=1, size=lambda _: 1, held=lambda _: 1, most=5
    )
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(ValueError, match="no third"):
        next(found)
