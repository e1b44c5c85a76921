"""Generated texts that are copies of each other, and texts that only look alike."""

import random

_NAMES = ("Brenner", "Castellan", "Dufresne", "Ekholm", "Farrow", "Galanis", "Hartwell", "Ivarsen")
_PLACES = ("the harbour", "the old mill", "the north bridge", "the town hall", "the ferry landing")
_DEEDS = (
    "inspected the foundations of",
    "asked the council to repair",
    "closed the eastern entrance of",
    "published a survey about",
    "raised money for the restoration of",
    "criticised the plans for",
    "paid for a new roof over",
)
_ENDS = (
    "after the storm had loosened several stones",
    "although neighbours had warned against it",
    "because the insurers insisted on an answer before winter",
    "and promised to return with an engineer",
    "while the ferry company stayed silent",
    "before a crowd that had waited in the rain since morning",
)


def article(seed: int, *, paragraphs: int = 8) -> list[str]:
    """Paragraphs of three sentences each, with a number here and there."""
    chance = random.Random(seed)  # noqa: S311 # not for secrets
    return [" ".join(_sentence(chance) for _ in range(3)) for _ in range(paragraphs)]


def _sentence(chance: random.Random) -> str:
    said = f"{chance.choice(_NAMES)} {chance.choice(_DEEDS)} {chance.choice(_PLACES)}"
    cost = (
        f", at a cost of {chance.randint(100, 99_999):,} crowns," if chance.random() < 0.4 else ""
    )
    return f"{said}{cost} {chance.choice(_ENDS)}."


def report(seed: int, month: str) -> str:
    """A form that is filled in each month: the same words, other numbers."""
    chance = random.Random(seed)  # noqa: S311
    visitors, lent, late, visits = (chance.randint(200, 9_000) for _ in range(4))
    share = chance.randint(10, 890) / 10
    return (
        f"Monthly report of the lending library, {month} 2024\n\n"
        "1. Visitors. The library counts everyone who passes the main door, children included. In the "
        f"month under review there were {visitors} visitors. The count is taken by the sensor above the "
        "door and is corrected for members of the staff according to the agreed procedure.\n\n"
        "2. Loans. A loan is any item that leaves the building in the name of a reader. Renewals are not "
        f"counted. There were {lent} loans, of which {late} were returned late. Fines are waived for "
        "readers under age, as the statutes of the library lay down.\n\n"
        f"3. Readers. Of all readers {share} per cent came more than once. The reading room was open on every "
        f"working day, and {visits} places were taken. Complaints are answered within two weeks by "
        "the head of the reading room, who reports to the board at the end of each quarter.\n"
    )


ONE_ACCOUNT = """A goods train left the rails near Ostervik early on Monday, and nobody was hurt.
Four wagons that carried gravel tipped onto the embankment shortly before five o'clock, the railway said. The
line to the coast stays closed until Wednesday at least. "We heard a bang and then nothing," said Marta
Lindahl, who lives beside the crossing. Investigators are looking at a switch that was replaced in March.
Commuters have to take buses, which run every 20 minutes and need an hour longer than the train."""

ANOTHER_ACCOUNT = """Rail traffic between Ostervik and the coast has come to a halt after an accident on Monday.
According to the operator, four gravel wagons derailed at 4.50 in the morning for reasons that are not yet known.
"We heard a bang and then nothing," a neighbour, Marta Lindahl, told reporters at the scene. Replacement buses
were laid on by noon. An official of the accident board said that a switch installed this spring would be
examined first, but that it was too early for conclusions. Repairs may take until the middle of the week."""
