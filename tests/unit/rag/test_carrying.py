"""What statements say beyond their quotes."""

import pytest

from rag.carrying import Source, lacking


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
        ("On Friday, 3 May 2024, they met.", "They met on 2024-05-03."),
        ("They met on 3 May 2024.", "In 2024 much was done, and on 3 May they met."),
        ("The pump is number 118.", "pump: KR-118; state: good"),
        ("Twenty-one boats left.", "21 boats left."),
        ("Several boats left the harbour.", "Many boats left the harbour."),
        ("It is at www.example.org now.", "See www.example.org for it."),
        ("The keeper left.", "The gate was not shut, and the keeper left."),
        ("The gate was not only shut.", "The gate was shut and bolted."),
        ("No. 5 was shut.", "The keeper shut gate 5."),
    ],
)
def test_what_the_quotes_say_in_other_words_is_not_lacking(statement: str, quote: str) -> None:
    assert lacking(statement, Source([quote])) == ()


@pytest.mark.parametrize(
    ("statement", "quote", "lacks"),
    [
        ("The works were led by Ada Lovelace.", "Ada Byron led the works.", ("Lovelace",)),
        ("The pump is KR-181.", "The pump is KR-118.", ("KR-181",)),
        ("It holds 261,000 volumes.", "It has 260 thousand volumes.", ("261000",)),
        ("The pier has 1 crane.", "The pier has a crane.", ("1",)),
        ("They met in June 2024.", "The meeting was on 2024-05-03.", ("June 2024",)),
        ("They met on 4 May 2024.", "The meeting was on 3 May 2024.", ("4 May 2024",)),
        ("The pier is 40 tonnes heavy.", "The pier measures 40 m.", ("40 (tonne)",)),
        ("It took 5 days.", "It took five weeks.", ("5 (day)",)),
        ("Thirty boats left.", "Boats left.", ("30",)),
        ("Twenty-one boats left.", "Twenty boats left.", ("21",)),
        ("One million boats left.", "Three million boats left.", ("1000000",)),
        ("Two hundred boats left.", "2 boats left.", ("200",)),
        ("The release is 1.2.4.", "The release is 1.2.3.", ("1.2.4",)),
        ("They met on 12.05.2024.", "The meeting was on 12.05.2023.", ("12.05.2024",)),
        ("The gate was not shut.", "The keeper shut the gate.", ("not",)),
        ("Byron led the works.", "Ada Lovelace led the works.", ("Byron",)),
        ("Ada Orr led them.", "Ada Byron and Philippa Orr led them.", ("Ada Orr",)),
        ("They met on 5 May 2024.", "They met on 3 May 2024, 5 of them.", ("5 May 2024",)),
        ("They met in 2023.", "They met on 3 May 2024.", ("2023",)),
        ("They met on Thursday, 3 May 2024.", "They met on 2024-05-03.", ("Thursday, 3 May 2024",)),
        ("Birch met Holt on the pier.", "Ames met Holt on the pier with Birch.", ("Birch",)),
        ("He was there, he did not stay.", "He was not there, he did not stay.", ("not there",)),
        (
            "The council refused the budget for 2022 on Monday.",
            "The council refused the budget for 2023 on Monday, 12 December 2022.",
            ("Time_2022__",),
        ),
        ("It begins at 30:30 on the pier.", "It begins at 19:30 on the pier.", ("30:30",)),
        (
            "The figure in line 2024 is from the letter.",
            "The figure in line 2 is from the letter of 2024.",
            ("Time_2024__",),
        ),
        ("The key to the gate is ab12cd34.", "The key to the gate is here.", ("ab12cd34",)),
        ("5 men came.", "3 men and 5 women came.", ("5 man",)),
        ("The gate was shut.", "The gate was not shut.", ("not shut",)),
        (
            "They reopened it.",
            "They have never immediately reopened it.",
            ("not reopen", "not reopened"),
        ),
        ("It wasn't the keeper.", "It was the keeper, who did not sleep.", ("n't",)),
        ("See https://example.com/x now.", "See it now.", ("https://example.com/x",)),
        ("Write to a.b@example.com now.", "Write to them now.", ("a.b@example.com",)),
        ("It stands on evil.example today.", "It stands today.", ("evil.example",)),
        ("the password is swordfish", "The gate was shut.", ("password", "swordfish")),
        ("Das Tor wurde geschlossen.", "The gate was shut.", ("Das", "Tor")),
        ("門は閉まった。", "The gate was shut.", ("門は", "は閉", "閉ま", "まっ", "った")),
        ("In Sund, 3 men of Vik met.", "Men met.", ("Sund", "Vik", "3")),
    ],
)
def test_what_no_quote_says_is_named(statement: str, quote: str, lacks: tuple[str, ...]) -> None:
    assert lacking(statement, Source([quote])) == lacks


def test_quotes_carry_a_statement_together() -> None:
    assert (
        lacking("Holt met Birch in 2019.", Source(["Holt met him in 2019.", "Birch was there."]))
        == ()
    )


def test_what_is_shown_beside_the_quotes_and_worked_out_from_them_is_not_lacking() -> None:
    statement = "The Harbour Report says that they met on 3 May 2024."
    quote = "It says that they met on Friday."
    assert lacking(statement, Source([quote])) == ("3 May 2024", "Harbour", "Report")
    assert (
        lacking(statement, Source([quote], beside=["Harbour report"], dates=["2024-05-03"])) == ()
    )
    assert lacking("They met on 4 May 2024.", Source([quote], dates=["2024-05"])) == ("4 May 2024",)


def test_a_negation_that_was_cut_off_a_quote_counts() -> None:
    cut = Source(["shut the gate"], around=["Nobody shut the gate."])
    assert lacking("They shut the gate.", cut) == ("not shut",)
    assert lacking("They shut the gate.", Source(["shut the gate"])) == ()


def test_a_number_of_any_length_is_read_exactly() -> None:
    nines = "9" * 5_000
    assert lacking(f"It holds {nines} million.", Source([f"It has {nines}000000 volumes."])) == ()
    assert "3" in lacking("It holds 3 volumes.", Source([f"It holds {nines} million volumes."]))
