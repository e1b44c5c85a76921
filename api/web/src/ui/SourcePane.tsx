/** The source of a citation, opened at its words: what the answer quotes stands in it highlighted. */

import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { Citation, Document } from "../contract";
import { path } from "../service/http";
import { useCall } from "../service/useCall";
import { cited, conversation, type Turn } from "../state/conversation";
import { closePane, openPane, pane, type Shown } from "../state/pane";
import { useStore } from "../state/store";
import { dateInWords, kindInWords, placeInWords } from "../text/wording";
import { Icon } from "./icons";
import { STATES } from "./Marker";
import { PaneTools } from "./PaneTools";
import { TextReader } from "./TextReader";

const PdfReader = lazy(() => import("./PdfReader"));

export function SourcePane() {
  const shown = useStore(pane, (now) => now);
  return shown && <Opened shown={shown} />;
}

function Opened({ shown }: { shown: Shown }) {
  const turn = useStore(conversation, (now) =>
    shown.kind === "citation" ? now.turns.find((one) => one.id === shown.turnId) : undefined,
  );
  const quoted = turn ? cited(turn) : [];
  const at =
    shown.kind === "citation" ? quoted.findIndex((one) => one.marker === shown.marker) : -1;
  const citation = quoted[at];
  const documentId = citation?.document_id ?? (shown.kind === "document" ? shown.documentId : null);
  const named =
    citation?.document_version ?? (shown.kind === "document" ? shown.version : undefined);
  const document = useCall<Document>(documentId && path`v1/documents/${documentId}`);
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each thing that is opened takes the focus once
  useEffect(() => heading.current?.focus({ preventScroll: true }), [shown.kind, documentId]);
  if (!documentId) return null;
  const step = (by: number) => {
    const next = quoted[(at + by + quoted.length) % quoted.length];
    if (!turn || !next) return;
    openPane({ kind: "citation", turnId: turn.id, marker: next.marker });
    requestAnimationFrame(showCited);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "Escape") closePane();
    else if (event.key === "]" || event.key === "n") step(1);
    else if (event.key === "[" || event.key === "p") step(-1);
    else return;
    event.preventDefault();
  };
  return (
    <aside className="pane" aria-label="Source" onKeyDown={onKeyDown}>
      <header>
        <div className="pane-line">
          {!citation && <span className="label">Document</span>}
          {citation && quoted.length === 1 && <span className="label">Its only citation</span>}
          {citation && quoted.length > 1 && (
            <div className="steps">
              <button
                type="button"
                className="quiet"
                aria-label="Previous citation"
                title="Previous citation ( [ )"
                onClick={() => step(-1)}
              >
                <Icon name="previous" />
              </button>
              <span className="label">
                Citation {at + 1} of {quoted.length}
              </span>
              <button
                type="button"
                className="quiet"
                aria-label="Next citation"
                title="Next citation ( ] )"
                onClick={() => step(1)}
              >
                <Icon name="next" />
              </button>
            </div>
          )}
          <button type="button" className="quiet" aria-label="Close the source" onClick={closePane}>
            <Icon name="close" />
          </button>
        </div>
        <h2 ref={heading} tabIndex={-1} dir="auto">
          {citation?.document_title ?? document.value?.title ?? " "}
        </h2>
        <Facts citation={citation} document={document.value} version={named} turn={turn} />
      </header>
      {document.failure && document.failure.status !== 404 ? (
        <div className="failure" role="alert">
          <p>{document.failure.message}</p>
          <button type="button" className="primary" onClick={document.reload}>
            Try again
          </button>
        </div>
      ) : document.failure ? (
        <p className="note">This document was deleted; its words are gone.</p>
      ) : document.value ? (
        <Body
          key={`${documentId} ${shown.kind === "document" ? shown.version : ""}`}
          document={document.value}
          version={named ?? document.value.version}
          citation={citation}
          place={shown.kind === "document" ? shown.at : null}
        />
      ) : (
        <p className="searched" aria-busy="true">
          Opening the source…
        </p>
      )}
      {citation && turn && <PaneTools turn={turn} citation={citation} />}
    </aside>
  );
}

/** Bring what the citation that is open backs into view, unless it is. */
function showCited(): void {
  const seen = window.document.querySelector(".viewport")?.getBoundingClientRect();
  const marks = [...window.document.querySelectorAll(".answered [aria-current]")];
  const inView = marks.some((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return seen && top >= seen.top && bottom <= seen.bottom;
  });
  if (!inView) marks[0]?.scrollIntoView({ block: "center" });
}

function Facts({
  citation,
  document,
  version,
  turn,
}: {
  citation: Citation | undefined;
  document: Document | null;
  version: string | undefined;
  turn: Turn | undefined;
}) {
  const facts: string[] = [];
  if (document) facts.push(kindInWords(document.media_type));
  if (citation) facts.push(...placeInWords(citation));
  const published = citation?.published ?? document?.published;
  if (published) facts.push(dateInWords(published));
  const state = citation && turn?.states[citation.marker];
  const superseded = version && document && version !== document.version;
  return (
    <p className="facts">
      {facts.map((one) => (
        <span key={one} dir="auto">
          {one}
        </span>
      ))}
      {(superseded || (state && state !== "exact")) && (
        <strong className="state">
          {STATES[superseded ? "superseded" : (state ?? "changed")]}
        </strong>
      )}
    </p>
  );
}

/** The document itself: a PDF by its pages where the service knows where its words stand, else its text. */
function Body({
  document,
  version,
  citation,
  place,
}: {
  document: Document;
  version: string;
  citation: Citation | undefined;
  place: { start: number; end: number } | null;
}) {
  const pages = document.media_type === "application/pdf";
  const [asText, setAsText] = useState(place !== null); // only a citation says where words stand on pages
  return (
    <>
      {pages && (
        <fieldset className="tabs">
          <legend className="hidden">How to show the source</legend>
          {[false, true].map((text) => (
            <button
              key={String(text)}
              type="button"
              aria-pressed={asText === text}
              onClick={() => setAsText(text)}
            >
              {text ? "Text" : "Pages"}
            </button>
          ))}
        </fieldset>
      )}
      {pages && !asText && citation?.quote && (
        <q className="quoted" dir="auto">
          {citation.quote}
        </q>
      )}
      {pages && !asText ? (
        <Suspense fallback={<p className="searched">Opening the pages…</p>}>
          <PdfReader document={document} version={version} citation={citation} />
        </Suspense>
      ) : (
        <TextReader document={document} version={version} citation={citation} place={place} />
      )}
    </>
  );
}
