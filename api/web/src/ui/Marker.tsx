/** The number of a citation: shows its quote on hover and focus, and opens the source pane. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { Citation, CitationState } from "../contract";
import { isShown, openPane, pane } from "../state/pane";
import { useStore } from "../state/store";
import { dateInWords, placeInWords } from "../text/wording";

const DELAY_MS = 120;

export function Marker({
  turnId,
  citation,
  state,
}: {
  turnId: string;
  citation: Citation;
  state?: CitationState;
}) {
  const button = useRef<HTMLButtonElement>(null);
  const [shown, setShown] = useState(false);
  const timer = useRef(0);
  const id = useId();
  const open = useStore(pane, (now) => isShown(now, turnId, citation.marker));
  useEffect(() => {
    if (!shown) return;
    const hide = () => setShown(false); // what it points at is somewhere else now
    window.addEventListener("resize", hide);
    const scrolled = button.current?.closest(".viewport");
    scrolled?.addEventListener("scroll", hide);
    return () => {
      window.removeEventListener("resize", hide);
      scrolled?.removeEventListener("scroll", hide);
    };
  }, [shown]);
  const later = (value: boolean) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setShown(value), DELAY_MS);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className="marker"
        data-marker={citation.marker}
        aria-label={`Citation ${citation.marker}: ${citation.document_title}`}
        aria-describedby={shown ? id : undefined}
        aria-current={open || undefined}
        onPointerEnter={() => later(true)}
        onPointerLeave={() => later(false)}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && setShown(true)}
        onBlur={() => {
          clearTimeout(timer.current);
          setShown(false); // the focus is elsewhere: one card at a time
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" && shown) {
            event.stopPropagation();
            setShown(false);
          }
        }}
        onClick={() => {
          clearTimeout(timer.current);
          setShown(false);
          openPane({ kind: "citation", turnId, marker: citation.marker });
        }}
      >
        {citation.marker}
      </button>
      {shown && button.current && (
        <Card
          id={id}
          citation={citation}
          state={state}
          beside={button.current}
          onEnter={() => clearTimeout(timer.current)}
          onLeave={() => later(false)}
        />
      )}
    </>
  );
}

function Card({
  id,
  citation,
  state,
  beside,
  onEnter,
  onLeave,
}: {
  id: string;
  citation: Citation;
  state?: CitationState;
  beside: HTMLElement;
  onEnter: () => void;
  onLeave: () => void;
}) {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = card.current;
    if (!box) return;
    const anchor = beside.getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const left = Math.min(Math.max(8, anchor.left - 24), window.innerWidth - width - 8);
    const above = anchor.top > height + 16;
    box.style.left = `${left}px`;
    box.style.top = `${above ? anchor.top - height - 8 : anchor.bottom + 8}px`;
    box.style.visibility = "visible";
  }, [beside]);
  return createPortal(
    <div
      ref={card}
      id={id}
      role="tooltip"
      className="card"
      onPointerEnter={onEnter}
      onPointerLeave={onLeave}
    >
      <q dir="auto">{citation.quote}</q>
      <Reference citation={citation} state={state} />
    </div>,
    document.getElementById("main") ?? document.body,
  );
}

/** Title, place and date of a citation in one line. */
export function Reference({ citation, state }: { citation: Citation; state?: CitationState }) {
  return (
    <span className="reference">
      <cite dir="auto">{citation.document_title}</cite>
      {placeInWords(citation).map((place) => (
        <span key={place} dir="auto">
          {place}
        </span>
      ))}
      {citation.published && (
        <time dateTime={citation.published}>{dateInWords(citation.published)}</time>
      )}
      {state && state !== "exact" && <strong className="state">{STATES[state]}</strong>}
    </span>
  );
}

export const STATES: Record<CitationState, string> = {
  exact: "Exact today",
  superseded: "A later version exists",
  deleted: "Document deleted since",
  changed: "Text changed since",
};
