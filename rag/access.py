"""Who may do what: keys, what they grant, and the trail of who did what."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Scope = Literal["read", "ingest", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "ingest", "admin")
_PREFIX = "verse"

# Who acts is known where a request or a command comes in, and is needed where something is deleted.
acting: ContextVar[str] = ContextVar("acting", default="this machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one caller may do.

    Attributes:
        key_id: The key that was sent; None where no key is needed.
        scopes: `admin` includes the other two.
        collections: Those it may see; None for all. To a caller, others do not exist.
    """

    key_id: str | None
    scopes: frozenset[Scope]
    collections: frozenset[str] | None

    def may(self, scope: Scope) -> bool:
        """Whether it includes a scope."""
        return scope in self.scopes or "admin" in self.scopes

    def sees(self, collection: str) -> bool:
        """Whether a collection exists to the caller."""
        return self.collections is None or collection in self.collections

    def covers(self, collections: frozenset[str] | None) -> bool:
        """Whether it sees all of these collections; None stands for all there are."""
        return self.collections is None or (
            collections is not None and collections <= self.collections
        )


EVERYTHING = Grant(key_id=None, scopes=frozenset(SCOPES), collections=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is stored: all but the key itself, of which only the sha256 is kept.

    A fast hash is enough, since a key holds 256 random bits: nobody can try them out.
    """

    id: str
    name: str
    digest: bytes
    scopes: frozenset[Scope]
    collections: frozenset[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None

    def is_valid(self, now: dt.datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def grant(self) -> Grant:
        """What its holder may do, if it is valid."""
        return Grant(key_id=self.id, scopes=self.scopes, collections=self.collections)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its text, which nobody can tell again."""

    key: Key
    text: str


def new_key(
    name: str,
    scopes: frozenset[Scope],
    collections: frozenset[str] | None,
    expires_at: dt.datetime | None = None,
) -> NewKey:
    """Draw a key: `verse_`, its id, and 256 random bits."""
    key_id = secrets.token_hex(8)
    text = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    return NewKey(
        Key(
            id=key_id,
            name=name,
            digest=_digest(text),
            scopes=scopes,
            collections=collections,
            created_at=dt.datetime.now(dt.UTC),
            expires_at=expires_at,
        ),
        text,
    )


def key_id_of(text: str) -> str:
    """The id that a key's text claims; whether there is such a key is another question."""
    return text.removeprefix(f"{_PREFIX}_").partition("_")[0]


def opens(text: str, key: Key | None, now: dt.datetime) -> bool:
    """Whether a text is this key, and the key is valid; as much work where there is no such key."""
    known = key or _NOBODYS
    same = hmac.compare_digest(known.digest, _digest(text))
    return known.is_valid(now) and same and key is not None


def _digest(text: str) -> bytes:
    return sha256(text.encode(errors="surrogateescape")).digest()


_NOBODYS = new_key("", frozenset(), frozenset()).key


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One deed that cannot be undone or that changes who may do what.

    Attributes:
        actor: The id of a key, or what else it was.
        subject: The id of what was deleted, made or changed.
        collection: Whose it was; None where it concerns no single one.
    """

    id: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    collection: str | None
