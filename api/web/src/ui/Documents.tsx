/** The documents of a collection: what there is, what comes in, and which of them are asked. */

import { useCallback, useEffect, useRef, useState } from "react";
import type { Document } from "../contract";
import { CallFailed, call, get, path, unreachable } from "../service/http";
import { complain, notify } from "../state/notices";
import { prefer, preferences, scope } from "../state/preferences";
import { useStore } from "../state/store";
import { signedIn, signIn, view } from "../state/views";
import { counted, dateInWords, isRestricted, kindInWords, scopeInWords } from "../text/wording";
import { DocumentDetails } from "./DocumentDetails";
import { Intake } from "./Intake";
import { Icon } from "./icons";

const PAGE = 200;
const UNDO_MS = 7_000;

export function Documents() {
  const collection = useStore(preferences, (now) => now.collection);
  const key = useStore(signedIn, (now) => now);
  const [listed, setListed] = useState<Document[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [failure, setFailure] = useState<CallFailed | null>(null);
  const [words, setWords] = useState("");
  const [leaving, setLeaving] = useState<ReadonlySet<string>>(new Set());

  const asked = useRef(0); // an answer that is overtaken by another is of no use
  const loading = useRef(false);
  const looking = useRef(false); // a title is looked for among all documents, not only those that have been listed
  const load = useCallback(async (after: string | null) => {
    const mine = ++asked.current;
    const of = preferences.get().collection; // whoever calls late may have begun with another
    loading.current = true;
    let next = after;
    try {
      do {
        const from = next;
        const page = await get<{ documents: Document[]; next_cursor: string | null }>(
          path`v1/documents?collection=${of}&limit=${PAGE}` + (from ? path`&cursor=${from}` : ""),
        );
        if (mine !== asked.current) return;
        setListed((before) => (from && before ? [...before, ...page.documents] : page.documents));
        setCursor(page.next_cursor);
        setFailure(null);
        next = page.next_cursor;
      } while (next && looking.current);
    } catch (error) {
      if (mine !== asked.current) return;
      const failed = error instanceof CallFailed ? error : unreachable();
      const none = failed.status === 404;
      if (none) setListed([]);
      if (none) setCursor(null);
      setFailure(none ? null : failed);
    } finally {
      if (mine === asked.current) loading.current = false;
    }
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another collection has other documents, another key sees others
  useEffect(() => {
    setListed(null);
    setCursor(null);
    void load(null);
  }, [collection, key]);

  useEffect(
    () => () => {
      looking.current = false; // nobody looks on once the documents are left
    },
    [],
  );

  const look = (typed: string) => {
    setWords(typed);
    looking.current = typed !== "";
    if (typed && cursor && !loading.current) void load(cursor);
  };

  const remove = (one: Document) => {
    setLeaving((now) => new Set(now).add(one.id));
    const stay = () =>
      setLeaving((now) => {
        const left = new Set(now);
        left.delete(one.id);
        return left;
      });
    const timer = setTimeout(() => void forGood(), UNDO_MS);
    const forGood = async () => {
      window.removeEventListener("pagehide", atOnce);
      try {
        await call(path`v1/documents/${one.id}`, { method: "DELETE", keepalive: true });
        choose(one.id, false);
        await load(null);
      } catch (error) {
        complain(error);
      }
      stay();
    };
    const atOnce = () => void forGood(); // whoever leaves the page has not taken it back
    window.addEventListener("pagehide", atOnce);
    notify(`“${one.title}” will be deleted, with its words in earlier answers.`, {
      ms: UNDO_MS,
      undo: () => {
        clearTimeout(timer);
        window.removeEventListener("pagehide", atOnce);
        stay();
      },
    });
  };

  const held = listed?.filter((one) => !leaving.has(one.id));
  const shown = held?.filter((one) =>
    `${one.title} ${one.source_key ?? ""}`.toLowerCase().includes(words.toLowerCase()),
  );
  return (
    <section className="documents" aria-labelledby="documents-title" tabIndex={-1}>
      <div className="column wider">
        <header className="documents-head">
          <h1 id="documents-title">
            Documents <span>in</span> <bdi className="collection">{collection}</bdi>
          </h1>
          <button
            type="button"
            className="secondary"
            onClick={() => view.set(() => "conversation")}
          >
            Back to the conversation
          </button>
        </header>
        <Intake
          collection={collection}
          onArrived={() => void load(null)}
          onCollection={(name) => prefer({ collection: name })}
        />
        {held?.length !== 0 && <Restriction />}
        {failure ? (
          <div className="failure" role="alert">
            <h2 className="label">{failure.title}</h2>
            <p>{failure.message}</p>
            <p className="choices">
              <button
                type="button"
                className="primary"
                onClick={failure.status === 401 ? signIn : () => void load(null)}
              >
                {failure.status === 401 ? "Enter a key" : "Try again"}
              </button>
            </p>
          </div>
        ) : !held ? (
          <p className="searched" aria-busy="true">
            Listing the documents…
          </p>
        ) : held.length === 0 && !cursor ? (
          <p className="lead">
            Nothing is here yet. What you add can be asked as soon as it is read.
          </p>
        ) : (
          <>
            <div className="list-head">
              <span className="label">
                {cursor && "The first "}
                {counted(held.length, "document")}
              </span>
              <input
                type="search"
                aria-label="Find a document by its title"
                placeholder="Find by title"
                value={words}
                onChange={(event) => look(event.currentTarget.value)}
              />
            </div>
            <ul className="list">
              {shown?.map((one) => (
                <Row
                  key={one.id}
                  document={one}
                  onChange={(changed) =>
                    setListed((now) => now?.map((d) => (d.id === changed.id ? changed : d)) ?? null)
                  }
                  onRemove={() => remove(one)}
                />
              ))}
            </ul>
            {shown?.length === 0 && (
              <p className="hint">{cursor ? "Looking on…" : "No title has these words."}</p>
            )}
            {cursor && (
              <button type="button" className="more" onClick={() => void load(cursor)}>
                More documents
              </button>
            )}
          </>
        )}
      </div>
    </section>
  );
}

function choose(id: string, chosen: boolean): void {
  scope.set((now) => {
    const others = (now.document_ids ?? []).filter((one) => one !== id);
    const ids = chosen ? [...others, id] : others;
    return { ...now, document_ids: ids.length ? ids : undefined };
  });
}

function Restriction() {
  const filters = useStore(scope, (now) => now);
  const set = (field: "published_after" | "published_before", value: string) =>
    scope.set((now) => ({ ...now, [field]: value || undefined }));
  return (
    <fieldset className="restriction">
      <legend className="label">What questions go to</legend>
      <p role="status">
        Questions go to {scopeInWords(filters)}
        {isRestricted(filters)
          ? " only."
          : ". Choose some below, or a time in which they were published."}
      </p>
      <div className="restriction-line">
        <label>
          From
          <input
            type="date"
            value={filters.published_after ?? ""}
            onChange={(event) => set("published_after", event.currentTarget.value)}
          />
        </label>
        <label>
          Until
          <input
            type="date"
            value={filters.published_before ?? ""}
            onChange={(event) => set("published_before", event.currentTarget.value)}
          />
        </label>
        {isRestricted(filters) && (
          <button type="button" className="secondary" onClick={() => scope.set(() => ({}))}>
            All documents again
          </button>
        )}
      </div>
    </fieldset>
  );
}

function Row({
  document,
  onChange,
  onRemove,
}: {
  document: Document;
  onChange: (changed: Document) => void;
  onRemove: () => void;
}) {
  const chosen = useStore(scope, (now) => now.document_ids?.includes(document.id) ?? false);
  const [open, setOpen] = useState(false);
  const { report } = document;
  const facts = [
    kindInWords(document.media_type),
    document.published ? dateInWords(document.published) : "undated",
    ...(report.pages > 1 ? [counted(report.pages, "page")] : []),
    counted(report.passages, "passage"),
  ];
  return (
    <li data-document={document.id}>
      <div className="row-line">
        <input
          type="checkbox"
          aria-label={`Ask ${document.title}`}
          checked={chosen}
          onChange={(event) => choose(document.id, event.currentTarget.checked)}
        />
        <button
          type="button"
          className="row-title"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <span dir="auto">{document.title}</span>
          <span className="facts">
            {facts.map((one) => (
              <span key={one}>{one}</span>
            ))}
            {report.warnings.length > 0 && (
              <strong className="state">{counted(report.warnings.length, "warning")}</strong>
            )}
          </span>
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={`Delete ${document.title}`}
          onClick={onRemove}
        >
          <Icon name="remove" />
        </button>
      </div>
      {open && <DocumentDetails document={document} onChange={onChange} />}
    </li>
  );
}
