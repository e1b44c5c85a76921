"""What a question asks for."""

from rag.question.asking import telling_terms
from rag.question.following import stand_alone
from rag.question.query import Form, Kind, Query, Relation, Scope, TimeConstraint
from rag.question.roles import Asked, asks_for_role
from rag.question.understanding import understand

__all__ = [
    "Asked",
    "Form",
    "Kind",
    "Query",
    "Relation",
    "Scope",
    "TimeConstraint",
    "asks_for_role",
    "stand_alone",
    "telling_terms",
    "understand",
]
