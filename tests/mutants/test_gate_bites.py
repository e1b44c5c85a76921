"""The gate catches mutants of the engine and lets harmless changes pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.comparing import Baseline, Comparison, baseline_of, compare
from tests.mutants.engines import HARMLESS, MUTANTS
from tests.mutants.stored import FAULTS, Fault, stored
from tests.mutants.world import Mutant, World, opened


@pytest.fixture(scope="module", autouse=True)
def unchecked() -> Iterator[None]:
    """The service itself drops what a statement says beyond its quotes; the gate has to see it without that."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("rag.verification.beyond", lambda *_: ())
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("world")) as one:
        yield one


@pytest.fixture(scope="module")
def baseline(world: World, tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    report = world.report(Mutant(), tmp_path_factory.mktemp("baseline"))
    assert not report.broken
    return baseline_of(report, reason="No mutant.")


def compared(world: World, baseline: Baseline, mutant: Mutant, folder: Path) -> Comparison:
    return compare(baseline, world.report(mutant, folder))


def test_the_slice_is_small(world: World) -> None:
    assert sum(len(one.questions) for one in world.suites) == 60


@pytest.mark.parametrize(("mutant", "told_by"), MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_is_caught(
    world: World, baseline: Baseline, tmp_path: Path, mutant: Mutant, told_by: str
) -> None:
    found = compared(world, baseline, mutant, tmp_path)
    worse = [one.measure for one in found.differences if one.significant]
    assert not found.passed
    assert told_by in worse or any(told_by in one for one in found.broken)


@pytest.mark.parametrize(("fault", "told_by"), FAULTS.values(), ids=FAULTS)
def test_a_fault_in_stored_answers_is_caught(world: World, fault: Fault, told_by: str) -> None:
    answers = stored(world)
    before = answers.report(lambda answered: answered)
    assert not before.broken
    assert before.measures["correctness"].value == 1
    assert before.measures["pair_precision"].n >= 10
    found = compare(baseline_of(before, reason="No fault."), answers.report(fault))
    worse = [one.measure for one in found.differences if one.significant]
    assert not found.passed
    assert told_by in worse or any(told_by in one for one in found.broken)


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_change_passes(
    world: World, baseline: Baseline, tmp_path: Path, change: Mutant
) -> None:
    found = compared(world, baseline, change, tmp_path)
    assert found.compared == 60
    assert found.passed
