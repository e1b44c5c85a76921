"""What a piece of a document needs beside it to be understood alone."""


def with_context(title: str, section: tuple[str, ...], text: str) -> str:
    """`text` under a line that names its document and section: the form in which it is embedded."""
    return " › ".join((title, *section)) + "\n" + text
