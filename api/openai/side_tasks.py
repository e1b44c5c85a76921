"""What a chat front end asks for its own use: titles, tags, suggestions. No document is searched for it."""

from __future__ import annotations

import json
import re

_TASK = "### Task:"  # how Open WebUI's templates begin
_OUTPUT = re.compile(r'\{\s*"(title|tags|follow_ups|queries|text)"\s*:')
_FIRST_TURN = re.compile(r"<chat_history>\s*(?:(?:USER|user):\s*)?(\S.*)")
_LIBRECHATS_TITLE = (
    "Provide a concise, 5-word-or-less title for the conversation"  # how its only task begins
)
_ITS_FIRST_TURN = re.compile(r"^User:\s*(\S.*)", re.MULTILINE)
_TITLE_CHARS = 60
_CONTEXT, _END_OF_CONTEXT = "<context>", "</context>"
_AROUND_QUERY = re.compile(r"</?user_query>")


def own_words(message: str) -> str:
    """What a user wrote, without what Open WebUI puts before it where files are attached or the web was searched.

    That is instructions which begin as its own tasks do, and passages of its own: no documents of the service.
    """
    instructions, has_context, rest = message.partition(_CONTEXT)
    if not has_context or not _is_template(message) or _OUTPUT.search(instructions):
        return message
    words = _AROUND_QUERY.sub("", rest.rpartition(_END_OF_CONTEXT)[2]).strip()
    return words or message


def side_task(question: str) -> str | None:
    """The reply to a front end's own task; None for a question of a user.

    It is JSON of the form that Open WebUI's task asks for, and empty where only a guess could fill it: a title is the
    conversation's first question; tags, follow-ups, queries and completions are none. LibreChat's title is plain.
    """
    if question.startswith(_LIBRECHATS_TITLE):
        return _title(_ITS_FIRST_TURN.search(question))
    if not _is_template(question):
        return None
    wanted = _OUTPUT.search(question)
    if wanted is None:
        return ""
    name = wanted[1]
    if name == "title":
        return json.dumps({name: _title(_FIRST_TURN.search(question))}, ensure_ascii=False)
    return json.dumps({name: "" if name == "text" else []})


def _is_template(message: str) -> bool:
    return message.lstrip().startswith(_TASK)


def _title(first: re.Match[str] | None) -> str:
    words = " ".join(first[1].split()) if first else ""
    if len(words) <= _TITLE_CHARS:
        return words
    return words[:_TITLE_CHARS].rsplit(" ", 1)[0] + "…"
