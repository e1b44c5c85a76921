from rag.rows import Cell, cell, is_row, name

ROW = (
    "Number: HT-7; Sailed: 4 June 2019; Chief scientist: H. Brox; Scorers: Boone; Marin; Cores: 14."
)


def test_a_row_has_two_cells_or_more() -> None:
    assert is_row(ROW)
    assert not is_row("The rule is simple: nobody sails alone.")


def test_the_cell_whose_header_is_asked_for_is_found_with_all_of_its_value() -> None:
    assert cell(ROW, {"chief", "scientist"}) == Cell("Chief scientist", "H. Brox")
    assert cell(ROW, {"scorer"}) == Cell("Scorers", "Boone; Marin")
    assert cell(ROW, {"core"}) == Cell("Cores", "14")


def test_nothing_is_found_where_no_header_says_it() -> None:
    assert cell(ROW, {"captain"}) is None
    assert cell("The cores: fourteen of them came home.", {"core"}) is None


def test_a_row_is_called_by_its_first_value_that_is_neither_a_number_nor_a_date() -> None:
    assert name(ROW) == "HT-7"
    assert name("Day: 2025-09-21; Bicycles: 1655; Weather: dry.") == "dry"
    assert name("Day: 2025-09-21; Bicycles: 1655.") is None
