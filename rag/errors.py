"""Every error this project raises on purpose, split by who must act.

::

    RagError
    ├── InputError              the caller: what was sent cannot be used
    │   ├── InvalidQuestion     empty, too long, a malformed filter
    │   ├── InvalidName         a collection's name that breaks the rules for names
    │   ├── SpanOutOfRange      offsets outside a document's text
    │   ├── DocumentError       a file that yields no document
    │   │   ├── UnsupportedFormat
    │   │   ├── EncryptedDocument
    │   │   ├── EmptyDocument
    │   │   ├── UnreadableDocument
    │   │   ├── DocumentTooExpensive
    │   │   └── DocumentTooLarge
    │   └── NotFound
    │       ├── UnknownCollection
    │       ├── UnknownDocument
    │       ├── UnknownVersion
    │       ├── UnknownJob
    │       ├── UnknownAnswer
    │       └── UnknownKey
    ├── DocumentChanged         nobody: another writer was faster; once more will do
    ├── ModelError              a model: missing, not the pinned one, or failing
    │   ├── ModelTimeout
    │   ├── ModelBudgetSpent    whoever asks: tomorrow there are tokens again
    │   ├── ModelKeyRefused     the operator: the provider does not take the key
    │   └── ModelUnavailable    for now: unreachable or overloaded
    └── StoreError              the operator: the data folder
        ├── StoreLocked
        ├── StoreDamaged
        ├── DocumentDamaged
        ├── InvalidBackup
        ├── OldFormat
        ├── FormatTooNew
        ├── IndexMismatch
        ├── StoreFull
        └── QueueFull

Errors carry data as attributes; a message says what is wrong and what to do next, and never holds a
path of the server, a question or a document's text.
"""

from collections.abc import Sequence


class RagError(Exception):
    """The root of every error raised on purpose."""


class InputError(RagError):
    """What was sent cannot be used; sending it again unchanged will not help."""


class InvalidQuestion(InputError):
    """A question, query or filter that cannot be searched."""


class InvalidName(InputError):
    """A name for a collection that cannot be one."""


class SpanOutOfRange(InputError):
    """Offsets that do not lie inside a document's text."""

    def __init__(self, start: int, end: int, length: int) -> None:
        super().__init__(
            f"The range [{start}, {end}) does not lie inside the text, which has {length} characters."
        )
        self.start, self.end, self.length = start, end, length


class DocumentError(InputError):
    """A file that yields no document."""


class UnsupportedFormat(DocumentError):
    """A file whose content is of no format that can be read."""


class EncryptedDocument(DocumentError):
    """A file that needs a password."""


class EmptyDocument(DocumentError):
    """A file without any text."""


class UnreadableDocument(DocumentError):
    """A file that claims a format and breaks its rules beyond repair."""


class DocumentTooExpensive(DocumentError):
    """A file that takes more time or memory to read than one file may."""


class DocumentTooLarge(DocumentError):
    """A file over a limit."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} is {size:,}, over the limit of {limit:,}; split the document.")
        self.size, self.limit = size, limit


class NotFound(InputError):
    """A name or id that refers to nothing."""


class UnknownCollection(NotFound):
    """No collection has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        listing = ", ".join(repr(k) for k in known) or "none yet: add a document first"
        super().__init__(f"There is no collection {name!r}. Known collections: {listing}.")
        self.name, self.known = name, tuple(known)


class UnknownDocument(NotFound):
    """No document has this id."""

    def __init__(self, document_id: str) -> None:
        super().__init__(f"There is no document {document_id!r}.")
        self.document_id = document_id


class UnknownVersion(NotFound):
    """The document exists, but never had this version."""

    def __init__(self, document_id: str, version: str) -> None:
        super().__init__(f"Document {document_id!r} has no version {version!r}.")
        self.document_id, self.version = document_id, version


class UnknownJob(NotFound):
    """No job has this id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id!r}.")
        self.job_id = job_id


class UnknownAnswer(NotFound):
    """No stored answer has this id."""

    def __init__(self, answer_id: str) -> None:
        super().__init__(f"There is no stored answer {answer_id!r}; it may be past its time.")
        self.answer_id = answer_id


class UnknownKey(NotFound):
    """No key has this id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no key {key_id!r}.")
        self.key_id = key_id


class DocumentChanged(RagError):
    """A document was added, changed or deleted by somebody else while this version of it was prepared."""

    def __init__(self) -> None:
        super().__init__("The document was changed by somebody else in the meantime. Add it again.")


class ModelError(RagError):
    """A model is missing, is not the pinned one, or failed."""


class ModelTimeout(ModelError):
    """A model took longer than it may."""


class ModelBudgetSpent(ModelError):
    """Whoever asks may let the model take nothing more for now."""

    def __init__(self) -> None:
        super().__init__("The tokens of the day for the chat model are used up.")


class ModelKeyRefused(ModelError):
    """The provider of a model does not take the key, or lets it do something else only."""


class ModelUnavailable(ModelError):
    """A model that cannot be reached or is overloaded for now: once more may do."""


class StoreError(RagError):
    """The data folder cannot be used as it is; the operator must act."""


class StoreLocked(StoreError):
    """Another process holds the data folder."""

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"The data folder is in use by {holder}. Ask that process over HTTP, stop it, or name another folder."
        )
        self.holder = holder


class StoreDamaged(StoreError):
    """A file of the data folder does not hold what was written."""


class DocumentDamaged(StoreError):
    """A document does not hold what was written, and is out of search until it is added again."""

    def __init__(self, document_id: str) -> None:
        super().__init__(
            f"Document {document_id!r} is damaged in the data folder. Add it again, or restore a backup."
        )
        self.document_id = document_id


class InvalidBackup(StoreError):
    """A backup that cannot be made where it should be, or that cannot be restored."""


class OldFormat(StoreError):
    """The data folder was written by an older release."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The data folder has format {found}, and this release writes {known}. Open it once, with "
            "verse documents, say, to bring it up to date; a copy of the database is kept."
        )
        self.found, self.known = found, known


class FormatTooNew(StoreError):
    """The data folder was written by a newer release."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The data folder has format {found}, and this release reads up to {known}. Install a newer release."
        )
        self.found, self.known = found, known


class IndexMismatch(StoreError):
    """The data folder was embedded by another model; its vectors do not compare with this one's."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(
            f"The data folder was embedded by {found}, and the settings name {expected}. "
            "Set that model again, or ingest the documents into a new folder."
        )
        self.found, self.expected = found, expected


class StoreFull(StoreError):
    """The disk has no room; nothing was written."""


class QueueFull(StoreError):
    """As many uploads wait as may wait."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most:,} uploads are waiting already. Send this one again later.")
        self.most = most
