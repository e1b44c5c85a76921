"""What a chat front end asks for its own use: titles, tags, suggestions. No document is searched for it."""

from __future__ import annotations

import json
import re

_TASK = "### Task:"  # how Open WebUI's templates begin
_OUTPUT = re.compile(r'\{\s*"(title|tags|follow_ups|queries|text)"\s*:')
_FIRST_TURN = re.compile(r"<chat_history>\s*(?:(?:USER|user):\s*)?(\S.*)")
_TITLE_CHARS = 60


def side_task(question: str) -> str | None:
    """The reply to a front end's own task; None for a question of a user.

    It is JSON of the form that the task asks for, and empty where only a guess could fill it: a title is the
    conversation's first question; tags, follow-ups, queries and completions are none.
    """
    if not question.lstrip().startswith(_TASK):
        return None
    wanted = _OUTPUT.search(question)
    if wanted is None:
        return ""
    name = wanted[1]
    if name == "title":
        return json.dumps({name: _title(question)}, ensure_ascii=False)
    return json.dumps({name: "" if name == "text" else []})


def _title(question: str) -> str:
    first = _FIRST_TURN.search(question)
    words = " ".join(first[1].split()) if first else ""
    if len(words) <= _TITLE_CHARS:
        return words
    return words[:_TITLE_CHARS].rsplit(" ", 1)[0] + "…"
