/** A PDF by its pages; the boxes of a citation are those that the service computed. */

import {
  GlobalWorkerOptions,
  getDocument,
  type PDFDocumentProxy,
  type PDFPageProxy,
  TextLayer,
} from "pdfjs-dist";
import workerAddress from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { useEffect, useRef, useState } from "react";
import type { Box, Citation, Document } from "../contract";
import { CallFailed, call, path, ROOT } from "../service/http";
import { useNarrow } from "../state/narrow";
import { Icon, type IconName } from "./icons";
import { TextReader } from "./TextReader";

// The policy of the page lets scripts come by this name only.
const scripts = window.trustedTypes?.createPolicy("chapterverse", { createScriptURL: ownScript });
GlobalWorkerOptions.workerPort = new Worker(
  (scripts?.createScriptURL(workerAddress) ?? workerAddress) as string,
  { type: "module" },
);
const ZOOMS = [1, 1.5, 2, 3]; // of the width that there is
// How near a page is opened at most: about as far as its margins go, and nearer where it would be too small to read.
const NEAR = 1.25;
const NEARER = 1.6;
const NATURAL = "48rem"; // about the width of a page on paper
declare const __PDF_PARTS__: string;
const PARTS = new URL(__PDF_PARTS__, ROOT).href;

export default function PdfReader({
  document,
  version,
  citation,
}: {
  document: Document;
  version: string;
  citation: Citation | undefined;
}) {
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null);
  const [labels, setLabels] = useState<string[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [page, setPage] = useState(citation?.page ?? 1);
  const narrow = useNarrow();
  const [chosen, setChosen] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another citation opens its page, even the same one
  useEffect(() => {
    setPage(citation?.page ?? 1);
    setChosen(null);
  }, [citation?.marker, citation?.page]);
  useEffect(() => {
    const control = new AbortController();
    let opened: PDFDocumentProxy | null = null;
    open(document.id, version, control.signal).then(
      (one) => {
        opened = one;
        if (control.signal.aborted) void one.loadingTask.destroy();
        else {
          setPdf(one);
          one.getPageLabels().then(setLabels, () => setLabels(null));
        }
      },
      (error: unknown) => {
        if (control.signal.aborted) return;
        setFailure(error instanceof CallFailed ? error.message : "The pages cannot be drawn here.");
      },
    );
    return () => {
      control.abort();
      void opened?.loadingTask.destroy();
    };
  }, [document.id, version]);

  if (failure !== null) {
    return (
      <>
        <p className="note">{failure} This is the text that was read from them.</p>
        <TextReader document={document} version={version} citation={citation} place={null} />
      </>
    );
  }
  if (!pdf) return <p className="searched">Opening the pages…</p>;
  const boxes = boxesOn(page, citation);
  const fitting = filling(boxes, narrow ? NEARER : NEAR);
  const zoom = chosen ?? fitting;
  const smaller = chosen === null && zoom > 1 ? 1 : ZOOMS.findLast((one) => one < zoom);
  const larger = ZOOMS.find((one) => one > zoom);
  const width =
    chosen === null ? `clamp(100%, ${fitting * 100}%, max(100%, ${NATURAL}))` : `${zoom * 100}%`;
  return (
    <>
      <div className="pages-line">
        <Step icon="previous" label="Previous page" to={page > 1 && (() => setPage(page - 1))} />
        <span>{pageInWords(page, pdf.numPages, labels?.[page - 1])}</span>
        <Step icon="next" label="Next page" to={page < pdf.numPages && (() => setPage(page + 1))} />
        <Step icon="minus" label="Smaller" to={!!smaller && (() => setChosen(smaller))} />
        <Step icon="plus" label="Larger" to={!!larger && (() => setChosen(larger))} />
      </div>
      <section className="reader pages" aria-label={`Page ${page} of the source`} tabIndex={0}>
        <Page key={`${page} ${width}`} pdf={pdf} number={page} width={width} boxes={boxes} />
      </section>
    </>
  );
}

/** One step of what is shown; where there is none to take, it cannot be pressed. */
function Step({ icon, label, to }: { icon: IconName; label: string; to: false | (() => void) }) {
  return (
    <button
      type="button"
      className="quiet"
      aria-label={label}
      disabled={!to}
      onClick={to || undefined}
    >
      <Icon name={icon} />
    </button>
  );
}

/** Where a page stands; with the number that is printed on it, where that is another one. */
function pageInWords(page: number, of: number, label: string | undefined): string {
  return label && label !== String(page)
    ? `Page ${label} (${page} of ${of})`
    : `Page ${page} of ${of}`;
}

function ownScript(address: string): string {
  const whole = new URL(address, import.meta.url);
  if (whole.origin !== location.origin) throw new TypeError("scripts come from this service only");
  return whole.href;
}

async function open(id: string, version: string, signal: AbortSignal): Promise<PDFDocumentProxy> {
  const response = await call(path`v1/documents/${id}/original?version=${version}`, { signal });
  const content = await response.arrayBuffer();
  return getDocument({
    data: content,
    cMapUrl: `${PARTS}cmaps/`,
    useSystemFonts: false, // where a machine has no such font, its browser takes one of other widths
    standardFontDataUrl: `${PARTS}standard_fonts/`,
    wasmUrl: `${PARTS}wasm/`,
    iccUrl: `${PARTS}iccs/`,
    useWorkerFetch: false,
    useWasm: false, // the page's policy compiles nothing
    enableXfa: false,
    stopAtErrors: false,
  }).promise;
}

/**
 * A page's words in the fonts that it was drawn with, so that what can be selected lies on what can be
 * seen. Those of this machine have letters of other widths.
 */
async function inTheirFonts(page: PDFPageProxy): Promise<TextContent> {
  const content = await page.getTextContent();
  for (const [name, style] of Object.entries(content.styles)) {
    style.fontFamily = `"${name}", ${style.fontFamily}`;
  }
  return content;
}

type TextContent = Awaited<ReturnType<PDFPageProxy["getTextContent"]>>;

function boxesOn(page: number, citation: Citation | undefined): Box[] {
  if (!citation) return [];
  if (citation.page === page) return citation.boxes ?? [];
  return citation.continued?.find((one) => one.page === page)?.boxes ?? [];
}

/** How much larger than it would fit a page is opened: as far as the words that are cited fill the width. */
function filling(boxes: Box[], most: number): number {
  const { left, right } = sides(boxes);
  return Math.min(most, Math.max(1, 0.96 / (right - left)));
}

/** The height of the first box in the width of all, which is where the reader is taken. */
function firstLine(boxes: Box[]): Box {
  const { left, right } = sides(boxes);
  return [left, boxes[0]?.[1] ?? 0, right, boxes[0]?.[3] ?? 0];
}

function placed([left, top, right, bottom]: Box): React.CSSProperties {
  return {
    left: `${left * 100}%`,
    top: `${top * 100}%`,
    width: `${(right - left) * 100}%`,
    height: `${(bottom - top) * 100}%`,
  };
}

function sides(boxes: Box[]): { left: number; right: number } {
  if (!boxes.length) return { left: 0, right: 1 };
  return {
    left: Math.min(...boxes.map(([left]) => left)),
    right: Math.max(...boxes.map(([, , right]) => right)),
  };
}

function Page({
  pdf,
  number,
  width,
  boxes,
}: {
  pdf: PDFDocumentProxy;
  number: number;
  width: string;
  boxes: Box[];
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const cited = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(false);

  useEffect(() => {
    let gone = false;
    let ended = () => {};
    let refit = () => {};
    const fitting = new ResizeObserver(() => refit()); // the words follow the picture, whatever its width
    const draw = async () => {
      const page = await pdf.getPage(number);
      if (gone || !canvas.current || !layer.current || !sheet.current) return;
      const natural = page.getViewport({ scale: 1 });
      const viewport = page.getViewport({ scale: sheet.current.clientWidth / natural.width });
      const sharp = Math.min(window.devicePixelRatio || 1, 3);
      canvas.current.width = Math.round(viewport.width * sharp);
      canvas.current.height = Math.round(viewport.height * sharp);
      sheet.current.style.aspectRatio = `${viewport.width} / ${viewport.height}`;
      fitting.observe(sheet.current);
      refit = () => {
        const width = sheet.current?.clientWidth ?? 0;
        sheet.current?.style.setProperty("--total-scale-factor", String(width / natural.width));
      };
      refit();
      const drawing = page.render({
        canvas: canvas.current,
        viewport,
        transform: [sharp, 0, 0, sharp, 0, 0],
      });
      ended = () => drawing.cancel();
      await drawing.promise;
      const words = await inTheirFonts(page);
      if (gone || !layer.current) return;
      layer.current.replaceChildren();
      await new TextLayer({
        textContentSource: words,
        container: layer.current,
        viewport,
      }).render();
      if (!gone) setDrawn(true);
    };
    draw().catch((error: unknown) => {
      if (!gone) console.error(error);
    });
    return () => {
      gone = true;
      fitting.disconnect();
      ended();
    };
  }, [pdf, number]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other boxes are scrolled to, too
  useEffect(() => {
    const reader = sheet.current?.parentElement;
    if (!drawn || !reader) return;
    reader.scrollLeft = (reader.scrollWidth - reader.clientWidth) / 2;
    cited.current?.scrollIntoView({ block: "center", inline: "nearest" });
  }, [drawn, boxes]);

  return (
    <div ref={sheet} className="sheet" data-drawn={drawn} style={{ width }}>
      <canvas ref={canvas} />
      <div className="boxes" aria-hidden="true">
        {boxes.map((box) => (
          <div key={`${box[0]} ${box[1]}`} className="box" style={placed(box)} />
        ))}
        {boxes[0] && <div ref={cited} className="around" style={placed(firstLine(boxes))} />}
      </div>
      <div ref={layer} className="words" />
    </div>
  );
}
