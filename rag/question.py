"""What a question asks for, as far as the composer needs to know."""

import re

from rag.analysis import terms

_ROLE = (
    r"(?:job |official |formal )?(?:titles?|roles?|positions?|posts?|jobs?|ranks?|office|capacity)"
)
_ASKS_FOR_ROLE = re.compile(
    rf"(?:['’]s?|\bhis|\bher|\btheir|\byour|\bin (?:what|which)) {_ROLE}\b"
    rf"|\b(?:what|which) {_ROLE} (?:did|does|do|was|were|is|are|had|has)\b"
    rf"|\b{_ROLE} (?:did|does|do|had|has) [\w .'’-]{{2,60}} (?:hold|have|held|fill|occupy)",
    re.IGNORECASE,
)
_ROLE_TERMS = frozenset(terms("title role position post job rank office capacity"))
# Nouns that name what somebody is in an organisation. English has a few thousand; these head most titles.
_ROLE_NOUNS = frozenset(
    terms(
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
        ceo cfo coo cto
        """
    )
)


def asks_for_role(question: str) -> bool:
    """Whether the question asks what somebody was: "What was her title?", "What post did he hold?"."""
    return _ASKS_FOR_ROLE.search(question) is not None


def held_terms(sentence: str, *, role_asked: bool) -> frozenset[str]:
    """The terms of a question that a sentence can speak to: its own, and the words for a role if it names one."""
    held = frozenset(terms(sentence))
    return held | _ROLE_TERMS if role_asked and held & _ROLE_NOUNS else held
