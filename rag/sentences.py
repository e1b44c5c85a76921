"""Where sentences begin and end."""

from collections.abc import Iterator
from functools import cache

import regex
from nupunkt import PunktSentenceTokenizer, load_default_model

from rag.speech import divided
from rag.temporal import HOUR_OF_MESSAGE
from rag.types import Span

_ITEM = r"[ \t]*(?:[-*•–]|\(?\d{1,3}[.)])[ \t]+\S"
# A message of an exported chat: "14/05/2025, 18:02 - Ann: …", "[2025-05-14 18:02:11] Ann: …".
_MESSAGE = rf"\[?\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}{HOUR_OF_MESSAGE}(?:\]|[ \t][–—-])[ \t]"
# A blank line, a message, what stops a sentence where nothing parts words, and the next item of a list: what stands
# before that is a full stop or colon, another item, or the indented rest of one.
_BORDER = regex.compile(
    rf"\n\s*\n|\n(?={_MESSAGE})|(?<=[.!?;:][ \t]*|^(?:{_ITEM}|[ \t]+\S)[^\n]*)\n(?={_ITEM})"
    r"|(?P<stop>[。！？｡]+[”’」』）】]*)",
    regex.MULTILINE,
)
# The model learnt its abbreviations from noisy text, where "wall" and "ill" are some: of words without a stop inside
# these alone go on before a capital.
_ABBREVIATIONS = frozenset(
    """
    abbr adj adm admin adv agric al app approx apr apt arr assn assoc asst attn atty aug auth ave avg bd bldg
    blvd brig bros ca capt cc cert cf ch chap chem cie cir civ cl cllr cm cmdr co col comdr comm comp conf
    cont corp cpl cr ct ctr cu dec dep dept det dev dir disp dist div dr drs ed edn eds edw eg elec eng eq eqs
    esp esq est et etc ext feb fig figs fl fn fol fr freq fri ft fwd gen geol gov govt gr hon hosp hq hr hrs
    hwy ibid ie illus inc incl ind inst int intl introd jan jas jct jr jul jun lat lb lbs lt ltd maj mar
    messrs mfg mgr mi min ml mm mme mon mos mph mr mrs ms msgr mt mtn mts natl nd no nos nov ns obs oct op
    orig oz para pfc ph pl pls pp pref pres prev prof prov pt pts pvt qtr qty rd ref refs reg rep reps resp
    rev rm rt sch sci sec sect secy sen sens sep sept seq ser sess sgt sp spec sq sr srta st sta std ste sts
    supp suppl supt surg tbsp tel temp thos thu thur thurs transl treas tsp tue tues twp univ usu viz vol vols
    vp vs vv wed wk wm wt yd yds yr yrs zool
    """.split()  # noqa: SIM905 # prose is easier to keep in order than a list of literals
)


def sentences(text: str) -> tuple[Span, ...]:
    """The sentences of `text` in order, without surrounding white space; together they hold every word.

    A blank line always ends a sentence, and so do a list's next item, a chat's next message and the full stops of
    Chinese and Japanese, which nothing else uses; another line break never does. Punkt (Kiss and Strunk,
    Computational Linguistics 2006) with nupunkt's English parameters, but for most of its abbreviations, decides the
    rest, and `divided` where nobody set full stops.
    """
    return tuple(_sentences(text))


def _sentences(text: str) -> Iterator[Span]:
    for start, end in _blocks(text):
        block = text[start:end]
        for at, until in _with_whole_rows(block) if block.strip() else ():
            sentence = block[at:until]
            if stripped := sentence.strip():
                begin = start + at + sentence.index(stripped)
                yield from (one.moved(begin) for one in divided(stripped))


def _with_whole_rows(block: str) -> list[tuple[int, int]]:
    """The sentences of a block; what begins with a semicolon goes on: "Driver: ?; Minutes: 48." is one row."""
    spans: list[tuple[int, int]] = []
    for at, until in _model().span_tokenize(block):
        if spans and block[at:until].lstrip().startswith(";"):
            spans[-1] = spans[-1][0], until
        else:
            spans.append((at, until))
    return spans


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for border in _BORDER.finditer(text):
        yield start, border.end() if border["stop"] else border.start()
        start = border.end()
    yield start, len(text)


@cache
def _model() -> PunktSentenceTokenizer:
    model = load_default_model()
    ends = (model.BREAK_RATE_MIN_COUNT, model.BREAK_RATE_MIN_COUNT)  # as often as it was seen
    for one in model.abbreviations:
        if one.isalpha() and len(one) > 1 and one not in _ABBREVIATIONS:
            model.parameters.abbrev_break_rates[one] = ends
    model.add_abbreviations(sorted(_ABBREVIATIONS))
    return model
