"""English words whose forms no ending tells: "broke" of "break", "children" of "child"."""

from collections.abc import Iterator

_VERBS = """
arise arose arisen; awake awoke awoken; bear bore borne; beat beaten; become became; begin began begun; bend bent;
bind bound; bite bit bitten; bleed bled; blow blew blown; break broke broken; breed bred; bring brought; build
built; burn burnt; buy bought; catch caught; choose chose chosen; cling clung; come came; creep crept; deal dealt;
dig dug; draw drew drawn; dream dreamt; drink drank drunk; drive drove driven; eat ate eaten; fall fell fallen; feed
fed; feel felt; fight fought; find found; flee fled; fling flung; fly flew flown; forbid forbade forbidden; foresee
foresaw foreseen; forget forgot forgotten; forgive forgave forgiven; freeze froze frozen; get got gotten; give gave
given; go went gone; grow grew grown; hang hung; hear heard; hide hid hidden; hold held; keep kept; kneel knelt;
know knew known; lay laid; lead led; lean leant; leap leapt; learn learnt; leave left; lend lent; lie lain;
light lit; lose lost; make made; mean meant; meet met; mistake mistook mistaken; outgrow outgrew outgrown; overcome
overcame; oversee oversaw overseen; overtake overtook overtaken; overthrow overthrew overthrown; pay paid; prove
proven; rebuild rebuilt; repay repaid; ride rode ridden; ring rang rung; rise rose risen; run ran; say said; see saw
seen; seek sought; sell sold; send sent; sew sewn; shake shook shaken; shine shone; shoot shot; show shown; shrink
shrank shrunk; sing sang sung; sink sank sunk; sit sat; slay slew slain; sleep slept; slide slid; smell smelt; sow
sown; speak spoke spoken; speed sped; spell spelt; spend spent; spill spilt; spin spun; spoil spoilt; spring sprang
sprung; stand stood; steal stole stolen; stick stuck; sting stung; stink stank stunk; strike struck stricken; strive
strove striven; swear swore sworn; sweep swept; swell swollen; swim swam swum; swing swung; take took taken; teach
taught; tear tore torn; tell told; think thought; throw threw thrown; tread trod trodden; undergo underwent
undergone; understand understood; undertake undertook undertaken; undo undid undone; uphold upheld; wake woke woken;
wear wore worn; weave wove woven; weep wept; win won; withdraw withdrew withdrawn; withhold withheld; withstand
withstood; wring wrung; write wrote written
"""
_NOUNS = """
child children; foot feet; goose geese; man men; mouse mice; person people; tooth teeth; woman women; chairman
chairmen; fireman firemen; policeman policemen; spokesman spokesmen; spokeswoman spokeswomen; knife knives; loaf
loaves; shelf shelves; thief thieves; wife wives; wolf wolves; crisis crises; criterion criteria; phenomenon
phenomena
"""


def _lemmas(table: str) -> Iterator[tuple[str, str]]:
    for lemma, *forms in map(str.split, table.split(";")):
        yield from ((form, lemma) for form in forms)


# By an irregular form, the word that it is a form of.
VERB_LEMMAS = dict(_lemmas(_VERBS))
NOUN_LEMMAS = dict(_lemmas(_NOUNS))
