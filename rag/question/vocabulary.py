"""English words that tell what a question is after. None of them is of any one subject."""

from __future__ import annotations

from rag.analysis import STOP_WORDS, words
from rag.irregular import NOUN_LEMMAS, VERB_LEMMAS
from rag.numbers import CARDINALS
from rag.question.query import Kind


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What names begin with: the capitals of Latin, Greek and Cyrillic.
CAPITALS = "".join(letter for letter in map(chr, range(0x530)) if letter.isupper())
AUXILIARIES = _set(
    "is are was were be been being do does did has have had will would shall should can could may might must"
)
PEOPLE = _set(
    "person people man woman men women individual individuals persons child children boy boys girl girls"
)
NOUN_KINDS: dict[Kind, frozenset[str]] = {
    Kind.ROLE: _set("title role position post job rank office capacity function"),
    Kind.DATE: _set("date day year month week weekday time"),
    Kind.PLACE: _set(
        "place city town country location venue village region state province county district continent"
        " building room hall street address site"
    ),
    Kind.DURATION: _set("duration length-of-time"),
    Kind.PERSON: PEOPLE,
    Kind.ORGANISATION: _set(
        "company firm organisation organization agency party bank university institute ministry supplier"
        " manufacturer contractor club union association authority"
    ),
    Kind.NUMBER: _set(
        "price cost fee number amount sum percentage share rate salary wage budget height depth width length"
        " weight speed size age distance area volume temperature frequency count total score dose figure value"
        " turnover revenue profit loss population capacity quantity tariff fine penalty"
    ),
    Kind.REASON: _set("reason cause purpose motive occasion"),
}  # a noun of several kinds is of the first
SAME_NOUN = {
    "cost": "price",
    "result": "outcome",
    "fare": "price",
    "sum": "amount",
} | dict.fromkeys(NOUN_KINDS[Kind.ROLE], "title")
MEASURES = {
    "high": "height",
    "tall": "height",
    "deep": "depth",
    "wide": "width",
    "broad": "width",
    "heavy": "weight",
    "fast": "speed",
    "big": "size",
    "large": "size",
    "old": "age",
    "far": "distance",
    "often": "frequency",
    "hot": "temperature",
    "cold": "temperature",
}
TIME_UNITS = _set("second minute hour day week month year decade")
DOCUMENT_NOUNS = _set(
    "podcast episode mail email e-mail letter memo minutes report article page transcript interview release notes"
    " newsletter paper bulletin leaflet draft spreadsheet presentation slides post website log brochure statement"
    " programme program newspaper magazine press press-release book chapter table appendix protocol announcement"
    " blog recording webcast lecture agenda listing message"
)
ALL_DOCUMENTS = _set("documents sources texts papers reports files accounts articles records")
# Verbs that say nothing about what happened; their stems are left out of a query's event words.
LIGHT_VERBS = _set(
    "hold held have has had be do did make made take took taken happen happened occur occurred place give given gave"
    " get got come came go went tell said say says name named called serve served become became"
)
# Words that frame a question and name nothing in it.
FRAME_WORDS = _set(
    "please exact exactly precise name names list give number calendar full respectively time times one ones ever"
    " actually really thing things kind sort type whether"
)
OUTCOME_VERBS = _set("end ended turn turned finish finished conclude concluded")
PRICE_VERBS = _set("cost costs pay paid sell sold charge charged earn earned earns")
LASTING_VERBS = _set("last lasted lasts take took taken takes run ran continue continued")
COMPARATIVES = _set(
    "longer shorter higher lower bigger smaller larger older younger newer earlier later heavier lighter faster slower"
    " deeper wider narrower cheaper dearer hotter colder warmer cooler taller broader stronger weaker better worse"
    " greater nearer closer farther further richer poorer busier louder quieter brighter darker safer harder softer"
    " thicker thinner steeper sooner easier fuller worst best longest shortest"
)
NUMBER_WORDS = frozenset(CARDINALS)
DETERMINERS = NUMBER_WORDS | _set(
    "the a an his her its their our your this that these those all any some every each both"
)
VAGUE_WORDS = _set("exact exactly calendar kind type sort precise actual full whole")
# Where a noun phrase is over.
PHRASE_ENDS = AUXILIARIES | _set(
    "of at on in for by with to from during who that which when after before and or against as about since given used"
    " made taken called than if how what where why until under over through per come came went go goes behind not never"
)
PAST_FORMS = frozenset(VERB_LEMMAS)
ENGLISH = (
    STOP_WORDS
    | AUXILIARIES
    | _set("list name give compare define explain describe whether please according")
)
# Function words of other languages that are no English words of their own.
_FOREIGN = _set(
    "der das und ist wer wann wie wo warum welche welcher welches hat wurde nicht mit von zu auf im den dem des ein"
    " eine le les est qui quand où pourquoi quel quelle une et pas dans sur del los las que quién cuándo dónde cómo"
    " cuál por para il che quando dove perché chi è een het wat waar wanneer waarom är vad när hvem når hvor"
)


def is_english(question: str) -> bool:
    """Whether more of the question's words are function words of English than of its neighbours."""
    found = words(question)
    foreign = sum(word in _FOREIGN for word in found) + sum(
        word in _FOREIGN for word in question.lower().split() if not word.isascii()
    )
    english = sum(word in ENGLISH for word in found)
    return english > foreign


def singular(noun: str) -> str:
    """A noun in the singular."""
    if noun in NOUN_LEMMAS:
        return NOUN_LEMMAS[noun]
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "shes", "ches", "xes", "zes")):
        return noun[:-2]
    return noun if noun.endswith(("ss", "us", "is")) or not is_plural(noun) else noun[:-1]


def is_plural(noun: str) -> bool:
    """Whether a noun looks like a plural."""
    return len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is"))
