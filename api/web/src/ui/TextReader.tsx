/** A document's own text, with what is cited marked to the letter and scrolled into view. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Citation, Document, FoundPlace, Landmark, TextSlice } from "../contract";
import { CallFailed, get, path } from "../service/http";
import { complain } from "../state/notices";
import { type Range, segments } from "../text/segments";
import { counted } from "../text/wording";

const AROUND = 4_000; // code points on either side that are shown at first
const MORE = 12_000;

interface Slice extends TextSlice {
  landmarks: Landmark[];
  /** Whether it ends where the document does. */
  last: boolean;
}

export function TextReader({
  document,
  version,
  citation,
  place,
}: {
  document: Document;
  version: string;
  citation: Citation | undefined;
  place: Range | null;
}) {
  const [found, setFound] = useState<Range | null>(place);
  const target = found ?? citation ?? { start: 0, end: 0 };
  const [slice, setSlice] = useState<Slice | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const mark = useRef<HTMLElement>(null);
  const present = version === document.version;
  const length = present ? document.report.characters : null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another citation ends a look at something found
  useEffect(() => setFound(place), [citation?.marker, place]);

  useEffect(() => {
    const control = new AbortController();
    const held = slice && slice.start <= target.start && target.end <= slice.end;
    if (held && slice.text) return;
    const start = Math.max(0, target.start - AROUND);
    load(document.id, version, start, target.end + AROUND, length, control.signal)
      .then(setSlice)
      .catch((error: unknown) => {
        if (!control.signal.aborted) setFailure(error instanceof CallFailed ? error.message : "");
      });
    return () => control.abort();
  }, [document.id, version, target.start, target.end, length, slice]);

  const pieces = useMemo(
    () => slice && segments(slice, target.end > target.start ? [target] : [], slice.landmarks),
    [slice, target],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolled to once for each place, when it is there
  useLayoutEffect(() => {
    mark.current?.scrollIntoView({ block: "center" });
  }, [target.start, target.end, pieces === null]);

  const extend = async (by: "before" | "after") => {
    if (!slice) return;
    const [start, end] =
      by === "before"
        ? [Math.max(0, slice.start - MORE), slice.start]
        : [slice.end, slice.end + MORE];
    try {
      const more = await load(document.id, version, start, end, length);
      const [first, second] = by === "before" ? [more, slice] : [slice, more];
      setSlice({
        text: first.text + second.text,
        start: first.start,
        end: second.end,
        landmarks: [...first.landmarks, ...second.landmarks],
        last: second.last,
      });
    } catch (error) {
      complain(error);
    }
  };

  if (failure !== null) return <p className="note">{failure || "The text cannot be shown."}</p>;
  let first = true;
  return (
    <>
      {present && <FindInside document={document} onFind={setFound} />}
      <section className="reader" aria-label="Text of the source" tabIndex={0}>
        {!slice && <p className="searched">Opening the text…</p>}
        {slice && slice.start > 0 && (
          <button type="button" className="more" onClick={() => void extend("before")}>
            What stands before
          </button>
        )}
        <div className="text">
          {pieces?.map((one) => {
            const labels = one.labels.map((label) => (
              <span
                key={label.kind}
                className={`at ${label.kind}`}
                data-label={label.label}
                title={label.label}
              />
            ));
            if (!one.marked) {
              return (
                <span key={one.start} className={one.heading ? "heading" : undefined}>
                  {labels}
                  {one.text}
                </span>
              );
            }
            const attach = first ? mark : undefined;
            first = false;
            return (
              <mark key={one.start} ref={attach} className={one.heading ? "heading" : undefined}>
                {labels}
                {one.text}
              </mark>
            );
          })}
        </div>
        {slice && !slice.last && (
          <button type="button" className="more" onClick={() => void extend("after")}>
            What stands after
          </button>
        )}
      </section>
    </>
  );
}

/** A stretch of a text; all the rest of it where its length is not known, as of an earlier version. */
async function load(
  id: string,
  version: string,
  start: number,
  end: number,
  length: number | null,
  signal?: AbortSignal,
): Promise<Slice> {
  const from = path`v1/documents/${id}/text?landmarks=true&version=${version}&start=${start}`;
  const last = length === null || end >= length;
  const slice = await get<TextSlice & { landmarks: Landmark[] }>(
    last ? from : `${from}&end=${end}`,
    signal,
  );
  return { ...slice, last };
}

function FindInside({ document, onFind }: { document: Document; onFind: (place: Range) => void }) {
  const [places, setPlaces] = useState<{ places: FoundPlace[]; more: boolean } | null>(null);
  const [at, setAt] = useState(0);
  const find = async (words: string) => {
    if (!words.trim()) return setPlaces(null);
    try {
      const found = await get<{ places: FoundPlace[]; more: boolean }>(
        path`v1/documents/${document.id}/search?q=${words}`,
      );
      setPlaces(found);
      setAt(0);
      if (found.places[0]) onFind(found.places[0]);
    } catch (error) {
      complain(error);
    }
  };
  const step = (by: number) => {
    if (!places?.places.length) return;
    const next = (at + by + places.places.length) % places.places.length;
    setAt(next);
    const place = places.places[next];
    if (place) onFind(place);
  };
  return (
    <search className="find">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (places) step(1);
          else void find(new FormData(event.currentTarget).get("q") as string);
        }}
      >
        <input
          name="q"
          type="search"
          maxLength={200}
          placeholder="Find in this document"
          aria-label="Find in this document"
          onChange={() => setPlaces(null)}
        />
        {places && (
          <span role="status">
            {places.places.length
              ? `${at + 1} of ${places.more ? "over " : ""}${counted(places.places.length, "place")}`
              : "Not found"}
          </span>
        )}
      </form>
    </search>
  );
}
