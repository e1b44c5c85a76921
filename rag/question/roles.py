"""Questions that ask what somebody was, and sentences that say it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rag.analysis import terms, words

_ROLE = r"(?:job |official |formal )?(?:titles?|roles?|positions?|posts?|jobs?|ranks?)"
_ASKS_FOR_ROLE = re.compile(
    rf"(?:['’]s|s['’]|\bhis|\bher|\btheir|\byour) {_ROLE}\b|\bin (?:what|which) (?:{_ROLE}|capacity)\b"
    rf"|\b(?:what|which) {_ROLE} (?:did|does|do|was|were|is|are|had|has)\b",
    re.IGNORECASE,
)
_ROLE_TERMS = frozenset(terms("title role position post job rank capacity"))
# Nouns that name what somebody is in an organisation. English has a few thousand; these head most titles.
_ROLE_WORDS = frozenset(
    """
        administrator adviser advisor ambassador analyst archbishop architect assistant attorney auditor
        bishop captain chair chairman chairperson chairwoman chancellor chief clerk coach colonel commander
        commissioner conductor consul consultant coordinator counsel councillor counsellor curator dean
        delegate deputy designer director doctor editor engineer envoy executive founder general governor
        head inspector instructor judge justice king lawyer leader lecturer librarian lieutenant maintainer
        major manager marshal mayor member minister moderator officer owner partner pastor pilot premier
        president principal producer professor prosecutor provost queen rector registrar reporter
        representative researcher scientist secretary senator sergeant sheriff spokesman spokesperson
        spokeswoman superintendent supervisor surgeon teacher technician treasurer trustee undersecretary
        """.split()  # noqa: SIM905 # prose is easier to keep in order than a list of literals
)
_ROLE_NOUNS = frozenset(terms(" ".join(sorted(_ROLE_WORDS))))


def is_role_noun(noun: str) -> bool:
    """Whether a noun names what somebody is in an organisation."""
    return noun.lower() in _ROLE_WORDS


def asks_for_role(question: str) -> bool:
    """Whether the question asks what somebody was: "What was her title?", "What post did he hold?"."""
    return _ASKS_FOR_ROLE.search(question) is not None


def names_role(sentence: str) -> bool:
    """Whether a sentence holds a word for what somebody is, in the singular or plural."""
    said = words(sentence)
    return any(word in _ROLE_WORDS or word.removesuffix("s") in _ROLE_WORDS for word in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as sentences are held against it.

    Attributes:
        weights: Each term's part in the question; they sum to 1.
        role: Whether it asks what somebody was.
    """

    weights: Mapping[str, float]
    role: bool

    def share(self, sentence: str) -> float:
        """How much of the question a sentence speaks to, in [0, 1].

        Where a role is asked for, a sentence that names one speaks to the words for a role too.
        """
        held = frozenset(terms(sentence))
        if self.role and held & _ROLE_NOUNS:
            held |= _ROLE_TERMS
        return sum(weight for term, weight in self.weights.items() if term in held)
