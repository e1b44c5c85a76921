"""From bytes to text."""

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

from rag.errors import UnreadableDocument

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 4096
_SHORT_BYTES = 256  # detection counts letters, and needs some


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and what the ingestion report says about how it was decoded."""

    text: str
    warnings: tuple[str, ...] = ()


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Decode by byte order mark, then as declared, as UTF-8, and last by the likeliest guess.

    Raises:
        UnreadableDocument: the bytes are text in no encoding that can be told.
    """
    if encoding := marked_encoding(content) or unmarked_utf16(content):
        return _decode_leniently(content, encoding)
    for encoding in filter(None, (declared, "utf-8")):
        try:
            return Decoded(content.decode(_web_name(encoding)))
        except (ValueError, LookupError):  # some of Python's own codecs raise no UnicodeDecodeError
            continue
    return _nearly_utf8(content) or _short_western(content) or _detected(content)


def marked_encoding(content: bytes) -> str | None:
    """The encoding that a byte order mark names."""
    return next((name for mark, name in _MARKS if content.startswith(mark)), None)


def unmarked_utf16(content: bytes) -> str | None:
    """UTF-16 without a mark: in most scripts' text, nearly every other byte of it is zero."""
    sample = content[:_SAMPLE_BYTES]
    pairs = len(sample) // 2
    high_le, high_be = sample[1::2].count(0), sample[::2].count(0)
    if pairs and high_le > 0.7 * pairs and high_be < 0.1 * pairs:
        return "utf-16-le"
    if pairs and high_be > 0.7 * pairs and high_le < 0.1 * pairs:
        return "utf-16-be"
    return None


def _decode_leniently(content: bytes, encoding: str) -> Decoded:
    text = content.decode(encoding, errors="replace").removeprefix("\ufeff")
    return Decoded(text, _replacements(text, encoding))


def _web_name(encoding: str) -> str:
    """Python's name for a declared encoding, which means on the web what the HTML standard says.

    Latin-1 is Windows-1252, and whoever could read the words "UTF-16" was not reading UTF-16.
    """
    name = codecs.lookup(encoding).name
    if name.startswith(("utf-16", "utf-32")):
        return "utf-8"
    return "cp1252" if name in ("iso8859-1", "ascii") else name


def _nearly_utf8(content: bytes) -> Decoded | None:
    """UTF-8 with a few broken bytes, which detection would take for another encoding altogether."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    sound = sum(character > "\x7f" for character in text) - broken
    likely = 2 * sound >= broken if len(content) < _SHORT_BYTES else sound > 4 * broken
    return Decoded(text, _replacements(text, "utf-8")) if likely else None


def _short_western(content: bytes) -> Decoded | None:
    """A few words of mostly Latin letters, of which there are too few to detect anything by."""
    latin = 2 * sum(byte < 0x80 for byte in content) >= len(content)
    if len(content) >= _SHORT_BYTES or not latin:
        return None
    try:
        return Decoded(content.decode("cp1252"), (_guess("cp1252"),))
    except UnicodeDecodeError:
        return None


def _replacements(text: str, encoding: str) -> tuple[str, ...]:
    broken = text.count("\ufffd")
    return (f"{broken:,} places are not valid {encoding} and show as \ufffd.",) if broken else ()


def _detected(content: bytes) -> Decoded:
    best = from_bytes(content).best()
    if best is None:
        raise UnreadableDocument(
            "The text's encoding cannot be told. Save the file as UTF-8 and add it again."
        )
    return Decoded(str(best).removeprefix("\ufeff"), (_guess(best.encoding),))


def _guess(encoding: str) -> str:
    return f"The text is not UTF-8; it was read as {encoding}, which is a guess."
