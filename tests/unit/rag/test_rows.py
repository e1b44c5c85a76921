import pytest

from rag import rows
from rag.rows import (
    Cell,
    also_called,
    asked,
    header,
    is_header,
    is_in_header,
    is_row,
    labelled,
    name,
    table_of,
    values,
)
from rag.types import Span

ROW = (
    "Number: HT-7; Sailed: 4 June 2019; Chief scientist: H. Brox; Scorers: Boone; Marin; Cores: 14."
)


def test_a_row_has_two_cells_or_more() -> None:
    assert is_row(ROW)
    assert is_row("Scorers: Boone; Marin; Goals: 2.")
    assert not is_row("The rule is simple: nobody sails alone.")
    assert not is_row("He had one aim: peace; nothing else mattered.")


def test_the_cell_whose_header_is_asked_for_is_found_with_all_of_its_value() -> None:
    assert asked(ROW, {"chief", "scientist"}) == (Cell("Chief scientist", "H. Brox"),)
    assert asked(ROW, {"scorer"}) == (Cell("Scorers", "Boone; Marin"),)
    assert asked(ROW, {"core"}) == (Cell("Cores", "14"),)


def test_cells_that_a_question_names_beside_it_are_found_too_but_no_dates() -> None:
    said = {"number", "sail", "core", "scorer"}
    assert [one.header for one in asked(ROW, {"core"}, said)] == ["Cores", "Number", "Scorers"]
    assert asked(ROW, {"captain"}, said) == ()


def test_an_empty_cell_is_none() -> None:
    assert asked("Boat: Tern; Built: –; Master: -.", {"built"}) == ()
    assert asked("Boat: Tern; Built: –; Master: -.", {"boat"}, {"master"}) == (
        Cell("Boat", "Tern"),
    )


def test_a_place_in_what_heads_a_column_is_told_from_one_in_a_value() -> None:
    row = "Boat: Tern; State today: lost today."
    assert is_in_header(row, row.index("today"))
    assert not is_in_header(row, row.rindex("today"))


def test_nothing_is_found_where_no_header_says_it() -> None:
    assert asked(ROW, {"captain"}) == ()
    assert asked("Tern\t2011", {"tern"}) == ()
    assert asked("The cores: fourteen of them came home.", {"core"}) == ()


def test_a_row_is_called_by_its_first_value_that_is_no_number_unless_a_date_stands_before_it() -> (
    None
):
    assert name(ROW) == "HT-7"
    assert name("Version: 9; Name: heron; Year: 2017.") == "heron"
    assert name("Day: 2025-09-21; Bicycles: 1655; Weather: dry.") is None
    assert name("Nothing of a table.") is None


def test_what_has_a_number_in_a_table_is_called_by_that_number_too() -> None:
    row = "Version: 9; Name: Heron; Year: 2017."
    assert also_called(row, "heron") == "Version 9"
    assert also_called(row, "gull") is None
    assert also_called(row, "9") is None  # which calls it by what it is called by
    assert also_called("Day: 3 May 2021; Name: Heron.", "heron") is None
    assert also_called("Version: -; Name: Heron.", "heron") is None


def test_the_values_of_a_row_tell_it_from_others() -> None:
    assert values("Version: 9; Name: heron; Lead: Ann Lee.") == {"9", "heron", "ann", "lee"}


TABBED = """Boats of the harbour

Boat\tBuilt\tMaster at the

time

Tern\t2011\tO. Berg

Gull\t2015\tI. Lund

All of them are red.
"""


def line(text: str, first: str) -> Span:
    start = text.index(first)
    return Span(start, text.index("\n", start))


def test_a_row_with_tabs_is_headed_by_the_first_line_of_its_table() -> None:
    first, second = (header(TABBED, line(TABBED, boat)) for boat in ("Tern", "Gull"))
    assert first is not None
    assert first == second
    assert first.cut(TABBED) == "Boat\tBuilt\tMaster at the\n\ntime"
    assert is_row("Tern\t2011\tO. Berg")
    told = labelled(first.cut(TABBED), "Gull\t2015\tI. Lund")
    assert told == "Boat: Gull; Built: 2015; Master at the time: I. Lund."
    assert asked(told, {"master"}) == (Cell("Master at the time", "I. Lund"),)


def test_nothing_heads_a_header_a_line_without_tabs_or_one_with_other_cells() -> None:
    assert header(TABBED, line(TABBED, "Boat\t")) is None
    assert is_header(TABBED, line(TABBED, "Boat\t"))
    assert not is_header(TABBED, line(TABBED, "Tern\t"))
    assert header(TABBED, line(TABBED, "All of them")) is None
    footer = TABBED + "\nHarbour office\tpage 1\n"
    assert header(footer, line(footer, "Harbour office")) is None
    assert not is_header(footer, line(footer, "Harbour office"))


def test_a_line_of_prose_ends_a_table() -> None:
    text = "Boat\tBuilt\n\nAll boats of the harbour are listed in this report.\n\nTern\t2011\n"
    assert header(text, line(text, "Tern")) is None


def test_of_two_headers_the_one_with_more_of_the_question_is_meant() -> None:
    row = "Year: 2021; Boat: Kite; Boats at the start: 23."
    [found] = asked(row, {"boat"}, question={"boat", "start"})
    assert found.value == "23"


def test_a_table_ends_where_other_lines_or_another_header_begin() -> None:
    two = "Work: Roof; Crowns: 9.\n\nWork: Door; Crowns: 2.\n\nName: Ann; Age: 7.\nName: Bo; Age: 8.\n"
    whole = table_of(two, line(two, "Work: Door"))
    assert [one.cut(two) for one in whole] == ["Work: Roof; Crowns: 9.", "Work: Door; Crowns: 2."]
    assert [one.cut(TABBED) for one in table_of(TABBED, line(TABBED, "Gull"))] == [
        "Tern\t2011\tO. Berg",
        "Gull\t2015\tI. Lund",
    ]
    assert table_of("All of them are red.", Span(0, 20)) == ()


def test_the_header_is_looked_for_once_however_long_a_table_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[Span] = []

    def counted(text: str, row: Span) -> Span | None:
        looked.append(row)
        return header(text, row)

    monkeypatch.setattr(rows, "header", counted)
    text = "Day\tCount\n" + "".join(f"{one}\t1\n" for one in range(100))
    assert len(table_of(text, line(text, "50\t"))) == 100
    assert len(looked) == 1
