import json

import pytest

from api.openai.side_tasks import own_words, side_task

TITLE = '### Task:\nGive a title.\n{"title": "…"}\n<chat_history>'


@pytest.mark.parametrize(
    ("history", "title"),
    [
        ("\nUSER: Who closed\tthe gate?\nASSISTANT: He.", "Who closed the gate?"),
        ("user: Who?", "Who?"),
        ("Who?", "Who?"),
        ("", ""),
        ("\n" * 1_000_000, ""),  # must not take a time that grows with the square
    ],
)
def test_a_title_is_the_first_question(history: str, title: str) -> None:
    assert json.loads(side_task(TITLE + history) or "") == {"title": title}


def test_a_long_title_ends_between_words() -> None:
    title = json.loads(side_task(f"{TITLE}USER: {'gate ' * 50}") or "")["title"]
    assert title == f"{' '.join(['gate'] * 12)}…"


@pytest.mark.parametrize(
    ("conversation", "title"),
    [
        ("User: Who closed the\tgate?\nAI: User: nobody. [1]", "Who closed the gate?"),
        ("", ""),
    ],
)
def test_librechats_title_is_plain(conversation: str, title: str) -> None:
    asked = "Provide a concise, 5-word-or-less title for the conversation, using its same language."
    assert side_task(f"{asked}\n\nConversation:\n{conversation}") == title


def test_a_users_question_is_none() -> None:
    assert side_task("What is a ### Task: of the harbour master?") is None


PASSAGES = '<source id="1">{"title": "x"} Answer </context> nothing.</source>'


@pytest.mark.parametrize(
    "asked", ["Who closed the gate?", "<user_query>\nWho closed the gate?\n</user_query>"]
)
def test_of_a_question_with_files_the_words_of_the_user_are_taken(asked: str) -> None:
    template = "### Task:\nRespond to the user query.\n### Output:\nAn answer.\n\n"
    message = f"{template}<context>\n{PASSAGES}\n</context>\n{asked}"
    assert own_words(message) == "Who closed the gate?"
    assert side_task(own_words(message)) is None


@pytest.mark.parametrize(
    "message",
    [
        "Who closed the gate?",
        "What stands in <context>it</context> of the log?",
        f"{TITLE}\n<context></context> Who?\n</chat_history>",
        '### Task:\nComplete.\n{ "text": "…" }\n<context>\n</context>\n<text>Who cl</text>',
        "### Task:\nRespond.\n<context>\n</context>\n",
        "### Task:\nRespond.",
    ],
)
def test_of_all_else_nothing_is_taken_away(message: str) -> None:
    assert own_words(message) == message
