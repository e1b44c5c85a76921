from rag.rows import Cell, cell, is_row, name

ROW = (
    "Number: HT-7; Sailed: 4 June 2019; Chief scientist: H. Brox; Scorers: Boone; Marin; Cores: 14."
)


def test_a_row_has_two_cells_or_more() -> None:
    assert is_row(ROW)
    assert is_row("Scorers: Boone; Marin; Goals: 2.")
    assert not is_row("The rule is simple: nobody sails alone.")
    assert not is_row("He had one aim: peace; nothing else mattered.")


def test_the_cell_whose_header_is_asked_for_is_found_with_all_of_its_value() -> None:
    assert cell(ROW, {"chief", "scientist"}) == Cell("Chief scientist", "H. Brox")
    assert cell(ROW, {"scorer"}) == Cell("Scorers", "Boone; Marin")
    assert cell(ROW, {"core"}) == Cell("Cores", "14")


def test_nothing_is_found_where_no_header_says_it() -> None:
    assert cell(ROW, {"captain"}) is None
    assert cell("The cores: fourteen of them came home.", {"core"}) is None


def test_a_row_is_called_by_its_first_value_unless_that_is_a_number_or_a_date() -> None:
    assert name(ROW) == "HT-7"
    assert name("Day: 2025-09-21; Bicycles: 1655; Weather: dry.") is None
    assert name("Nothing of a table.") is None
