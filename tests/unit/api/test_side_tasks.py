import json

import pytest

from api.openai.side_tasks import side_task

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


def test_a_users_question_is_none() -> None:
    assert side_task("What is a ### Task: of the harbour master?") is None
