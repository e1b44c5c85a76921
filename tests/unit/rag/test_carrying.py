"""What statements say beyond their quotes."""

import pytest

from rag.carrying import lacking


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("Ada Lovelace led the works.", "The works were led by Ada Lovelace."),
        ("The library holds 260,000 volumes.", "It has 260 thousand volumes."),
        ("It cost 1.5 million.", "The price was 1,500,000 crowns."),
        ("Twelve boats left.", "12 boats left."),
        ("They met on the 3rd.", "They met on the third."),
        ("They met in May 2024.", "The meeting was on 2024-05-03."),
        ("The pier is 40 metres long.", "The pier measures 40 m."),
        ("It grew by 4 per cent.", "Growth was 4 % last year."),
        ("It grew by 4 percent.", "Growth was 4 per cent last year."),
        ("21 boats left.", "Twenty-one boats left."),
        ("Two hundred and fifty boats left.", "250 boats left."),
        ("It holds 300,000 volumes.", "It has three hundred thousand volumes."),
        ("It holds a hundred volumes.", "It has 100 volumes."),
        ("The pause lasts 30 seconds.", "There is a 30-second pause."),
        ("There is a 30 second pause.", "The pause lasts thirty seconds."),
        ("The release is 1.2.10.", "It is 1.2.10 now."),
        ("The gate was not shut.", "Nobody shut the gate."),
        ("This was one of the gates.", "This gate is like others."),
        ("Repairs were done.", "The workers did the repairs."),
    ],
)
def test_what_the_quotes_say_in_other_words_is_not_lacking(statement: str, quote: str) -> None:
    assert lacking(statement, [quote]) == ()


@pytest.mark.parametrize(
    ("statement", "quote", "lacks"),
    [
        ("The works were led by Ada Lovelace.", "Ada Byron led the works.", ("Lovelace",)),
        ("The pump is KR-181.", "The pump is KR-118.", ("KR-181",)),
        ("It holds 261,000 volumes.", "It has 260 thousand volumes.", ("261000",)),
        ("The pier has 1 crane.", "The pier has a crane.", ("1",)),
        ("They met in June 2024.", "The meeting was on 2024-05-03.", ("June",)),
        ("They met on 4 May 2024.", "The meeting was on 3 May 2024.", ("4",)),
        ("The pier is 40 tonnes heavy.", "The pier measures 40 m.", ("40 (tonne)",)),
        ("It took 5 days.", "It took five weeks.", ("5 (day)",)),
        ("Thirty boats left.", "Boats left.", ("30",)),
        ("Twenty-one boats left.", "Twenty boats left.", ("21",)),
        ("One million boats left.", "Three million boats left.", ("1000000",)),
        ("Two hundred boats left.", "2 boats left.", ("200",)),
        ("The release is 1.2.4.", "The release is 1.2.3.", ("1.2.4",)),
        ("They met on 12.05.2024.", "The meeting was on 12.05.2023.", ("12.05.2024",)),
        ("The gate was not shut.", "The keeper shut the gate.", ("not",)),
        ("In Sund, 3 men of Vik met.", "Men met.", ("Sund", "Vik", "3")),
    ],
)
def test_what_no_quote_says_is_named(statement: str, quote: str, lacks: tuple[str, ...]) -> None:
    assert lacking(statement, [quote]) == lacks


def test_quotes_carry_a_statement_together() -> None:
    assert lacking("Holt met Birch in 2019.", ["Holt met him in 2019.", "Birch was there."]) == ()


def test_a_number_of_any_length_is_read_exactly() -> None:
    nines = "9" * 5_000
    assert lacking(f"It holds {nines} million.", [f"{nines}000000 volumes."]) == ()
    assert lacking("It holds 3 volumes.", [f"{nines} million volumes."]) == ("3",)
