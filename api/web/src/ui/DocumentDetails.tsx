/** One document: its report, what its reader knows better, its versions, and what is nearly the same. */

import { useState } from "react";
import type { DateField, Document } from "../contract";
import { call, path, send } from "../service/http";
import { useCall } from "../service/useCall";
import { announce, complain } from "../state/notices";
import { openPane } from "../state/pane";
import { download } from "../text/exporting";
import { counted, foundInWords, sizeInWords } from "../text/wording";
import { Icon } from "./icons";

const FIELDS: [DateField, string][] = [
  ["published", "Published"],
  ["recorded", "Recorded or spoken"],
  ["original", "First published elsewhere"],
];

export function DocumentDetails({
  document,
  onChange,
}: {
  document: Document;
  onChange: (changed: Document) => void;
}) {
  const { value: whole } = useCall<Document>(path`v1/documents/${document.id}`);
  const versions = whole?.versions ?? [document.version];
  const { report } = document;
  return (
    <div className="details">
      <p className="choices">
        <button
          type="button"
          className="secondary"
          onClick={() => openPane({ kind: "document", documentId: document.id, at: null })}
        >
          <Icon name="document" /> Read, and find inside
        </button>
        <button type="button" className="secondary" onClick={() => void save(document)}>
          <Icon name="save" /> The original
        </button>
      </p>
      <Amend key={document.version} document={document} onChange={onChange} />
      <section>
        <h2 className="label">Ingestion report</h2>
        <p>
          {counted(report.characters, "character")}, {sizeInWords(report)}
          {document.language && `, language ${document.language}`}. Added{" "}
          {new Date(document.added_at).toLocaleString("en-GB")}.
          {report.partial && " Some of it could not be read."}
        </p>
        {report.warnings.length > 0 && (
          <ul className="warnings">
            {report.warnings.map((one) => (
              <li key={one} dir="auto">
                {one}
              </li>
            ))}
          </ul>
        )}
        {document.source_key && (
          <p className="hint" dir="auto">
            From {document.source_key}
          </p>
        )}
        {document.source_url && <SourceLink address={document.source_url} />}
      </section>
      {versions.length > 1 && (
        <section>
          <h2 className="label">Versions</h2>
          <ol className="versions">
            {versions.toReversed().map((one, at) => (
              <li key={one}>
                <button
                  type="button"
                  className="secondary"
                  onClick={() =>
                    openPane({
                      kind: "document",
                      documentId: document.id,
                      version: one,
                      at: null,
                    })
                  }
                >
                  {at === 0 ? "The present one" : `${counted(at, "version")} before`}{" "}
                  <code>{one.replace("sha256:", "").slice(0, 10)}</code>
                </button>
              </li>
            ))}
          </ol>
        </section>
      )}
      {document.near_duplicates.length > 0 && (
        <section>
          <h2 className="label">Says nearly the same</h2>
          <ul className="versions">
            {document.near_duplicates.map((id) => (
              <Twin key={id} id={id} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Twin({ id }: { id: string }) {
  const { value } = useCall<Document>(path`v1/documents/${id}`);
  return (
    <li>
      <button
        type="button"
        className="secondary"
        dir="auto"
        onClick={() => openPane({ kind: "document", documentId: id, at: null })}
      >
        {value?.title ?? "…"}
      </button>
    </li>
  );
}

/** The whole address is shown before anybody follows it. */
function SourceLink({ address }: { address: string }) {
  if (!/^https?:\/\//.test(address)) return null;
  return (
    <p>
      <a href={address} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>
    </p>
  );
}

function Amend({
  document,
  onChange,
}: {
  document: Document;
  onChange: (changed: Document) => void;
}) {
  const [busy, setBusy] = useState(false);
  const submit = async (form: FormData) => {
    const said: Record<string, string | null> = {};
    const title = String(form.get("title") ?? "").trim();
    if (title && title !== document.title) said.title = title;
    for (const [field] of FIELDS) {
      const value = String(form.get(field) ?? "") || null;
      if (value !== (document.dates[field]?.value ?? null)) said[field] = value;
    }
    if (!Object.keys(said).length) return;
    setBusy(true);
    try {
      onChange(await send<Document>("PATCH", path`v1/documents/${document.id}`, said));
      announce("Kept.");
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="amend"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget));
      }}
    >
      <label className="amend-title">
        Title
        <input name="title" type="text" defaultValue={document.title} maxLength={500} dir="auto" />
      </label>
      {FIELDS.map(([field, words]) => (
        <div key={field}>
          <label>
            {words}
            <input
              name={field}
              type="date"
              aria-describedby={`${document.id}-${field}`}
              defaultValue={document.dates[field]?.value ?? ""}
            />
          </label>
          <span className="hint" id={`${document.id}-${field}`}>
            {document.dates[field] ? foundInWords(document.dates[field].found_by) : "not stated"}
          </span>
        </div>
      ))}
      <button type="submit" className="primary" disabled={busy}>
        Keep changes
      </button>
    </form>
  );
}

async function save(document: Document): Promise<void> {
  try {
    const response = await call(path`v1/documents/${document.id}/original`);
    const named = /filename\*=UTF-8''([^;]+)/.exec(
      response.headers.get("content-disposition") ?? "",
    );
    const name = named?.[1] ? decodeURIComponent(named[1]) : "document";
    // of no type that a browser would show: an original is saved, never opened here
    download(name, new Blob([await response.arrayBuffer()], { type: "application/octet-stream" }));
  } catch (error) {
    complain(error);
  }
}
