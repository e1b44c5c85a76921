"""The tables of the store, as the steps that lead from one format to the next.

A new database takes every step, an older one those that it lacks, each in the transaction that opens it. A step
that has been released is never changed: a new format is a new step.
"""

_STEP_1 = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE collections (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    change INTEGER NOT NULL DEFAULT 0     -- grows with every add and delete
) STRICT;
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    collection_id INTEGER NOT NULL REFERENCES collections,
    source_key TEXT,
    version_id INTEGER NOT NULL,          -- the present one, in versions
    added_at TEXT NOT NULL,
    UNIQUE (collection_id, source_key)
) STRICT;
CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, so that a cache can name a row
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    version TEXT NOT NULL,                -- "sha256:" and the digest of the original bytes
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    text TEXT NOT NULL,
    characters INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    published TEXT,                       -- of the details, for filters
    details TEXT NOT NULL,
    locators TEXT NOT NULL,
    UNIQUE (document_id, version)
) STRICT;
CREATE INDEX versions_by_version ON versions (version);
CREATE TABLE passages (                   -- of present versions only
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, so an index file can lag and catch up
    collection_id INTEGER NOT NULL REFERENCES collections,
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
    version TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    section TEXT NOT NULL
) STRICT;
CREATE INDEX passages_by_document ON passages (document_id);
CREATE INDEX passages_by_collection ON passages (collection_id);
CREATE TABLE vectors (                    -- float32, little endian
    passage_id INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE,
    vector BLOB NOT NULL
) STRICT;
CREATE TABLE generations (                -- the FAISS files in force
    collection_id INTEGER PRIMARY KEY REFERENCES collections,
    number INTEGER NOT NULL,
    manifest_sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    document_id TEXT,
    known INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    upload TEXT NOT NULL,
    version TEXT NOT NULL,                -- names the bytes, in originals/
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, added_at);
"""
_STEP_2 = """
CREATE TABLE layouts (                    -- of pages; see rag/layout.py
    version_id INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    page INTEGER NOT NULL,
    words BLOB NOT NULL,
    PRIMARY KEY (version_id, page)
) STRICT, WITHOUT ROWID;
CREATE TABLE sources (                    -- the folder in which a document's file was last seen
    document_id TEXT PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    root TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sources_by_root ON sources (root);
CREATE TABLE fingerprints (               -- of present versions, as rag/adapters/fingerprints.py makes them
    id INTEGER PRIMARY KEY,
    document_id TEXT NOT NULL UNIQUE REFERENCES documents ON DELETE CASCADE,
    minimums BLOB NOT NULL,               -- uint32, little endian, as numbers
    runs INTEGER NOT NULL,
    numbers BLOB NOT NULL
) STRICT;
CREATE TABLE bands (                      -- documents that share one may be alike
    collection_id INTEGER NOT NULL,
    band INTEGER NOT NULL,
    fingerprint_id INTEGER NOT NULL,
    PRIMARY KEY (collection_id, band, fingerprint_id)
) STRICT, WITHOUT ROWID;
"""
_STEP_3 = """
CREATE TABLE embedded (                   -- see rag/adapters/_embedding_cache.py
    passage_id INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE,
    collection_id INTEGER NOT NULL,
    digest BLOB NOT NULL,                 -- sha256 of the text whose vector the passage has
    seal BLOB
) STRICT;
CREATE INDEX embedded_by_digest ON embedded (collection_id, digest);
ALTER TABLE facts ADD COLUMN seal BLOB;                     -- of rows: see rag/adapters/_seals.py
ALTER TABLE collections ADD COLUMN seal BLOB;
ALTER TABLE collections ADD COLUMN traces INTEGER NOT NULL DEFAULT 0; -- the last change that deleted something, as
                                                            -- long as files may hold what was deleted; else 0
ALTER TABLE documents ADD COLUMN seal BLOB;
ALTER TABLE versions ADD COLUMN seal BLOB;
ALTER TABLE versions ADD COLUMN text_seal BLOB;
ALTER TABLE passages ADD COLUMN seal BLOB;
ALTER TABLE vectors ADD COLUMN seal BLOB;
ALTER TABLE layouts ADD COLUMN seal BLOB;
ALTER TABLE sources ADD COLUMN seal BLOB;
ALTER TABLE fingerprints ADD COLUMN seal BLOB;
ALTER TABLE jobs ADD COLUMN seal BLOB;
ALTER TABLE jobs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0; -- how often it was begun
DROP TABLE generations;                                     -- they are made again
CREATE TABLE generations (                                  -- the FAISS files in force, and those before
    collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    number INTEGER NOT NULL,
    manifest_sha256 TEXT NOT NULL,
    seal BLOB,
    PRIMARY KEY (collection_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE damage (                                       -- versions that are not as they were written
    document_id TEXT NOT NULL,
    version TEXT NOT NULL,
    what TEXT NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (document_id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL,                 -- sha256 of the key as it was shown
    scopes TEXT NOT NULL,
    collections TEXT,                     -- null for all of them
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE spending (                   -- of a key's daily budgets
    day TEXT NOT NULL,
    key_id TEXT NOT NULL,
    what TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (day, key_id, what)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    collection TEXT
) STRICT;
CREATE TABLE amendments (                 -- what users say of a document, over what its file says
    document_id TEXT PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    title TEXT,
    published TEXT,
    recorded TEXT,
    original TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    collection TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    body TEXT NOT NULL                    -- as JSON, as it was given
) STRICT;
CREATE INDEX answers_by_collection ON answers (collection);
CREATE INDEX answers_by_time ON answers (asked_at);
CREATE TABLE answer_documents (           -- the documents that an answer quotes
    document_id TEXT NOT NULL,
    answer_id TEXT NOT NULL REFERENCES answers ON DELETE CASCADE,
    PRIMARY KEY (document_id, answer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_documents_by_answer ON answer_documents (answer_id);
CREATE TABLE feedback (
    id INTEGER PRIMARY KEY,
    answer_id TEXT NOT NULL REFERENCES answers ON DELETE CASCADE,
    at TEXT NOT NULL,
    verdict TEXT NOT NULL,
    marker INTEGER,
    comment TEXT
) STRICT;
CREATE INDEX feedback_by_answer ON feedback (answer_id);
"""
STEPS = (_STEP_1, _STEP_2, _STEP_3)
FORMAT = len(STEPS)
