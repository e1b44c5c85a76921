"""What every test relies on."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

_LONGEST_FIRST = (
    "torture",
    "browser",
    "integration",
    "mutants",
)  # folders by how long a file takes


def pytest_configure() -> None:
    """Figures must not depend on the processor that the tests run on, nor interrupts on who started them.

    Nor may a first example, for which something is loaded or compiled, fail by Hypothesis' limit on its time.
    """
    os.environ["VERSE_EMBEDDING__COMPUTE_PATH"] = "fp32"
    # a shell starts what runs in the background with interrupts ignored
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("any processor", deadline=None)
    settings.load_profile("any processor")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the files, let none be left with a long one when the others have none."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)
