/** Places, dates and counts in words. */

import type { Answer, Citation, DatedEvent, Document, Filters, Statement } from "../contract";

const LOCALE = "en-GB";
const FORMS: Record<DatedEvent["precision"], Intl.DateTimeFormatOptions> = {
  day: { day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  year: { year: "numeric" },
};

/** An ISO 8601 date, as far as it is known, in words. */
export function dateInWords(iso: string): string {
  const [year, month = 1, day = 1] = iso.split("-").map(Number);
  const precision = (["year", "month", "day"] as const)[iso.split("-").length - 1];
  if (year === undefined || precision === undefined || Number.isNaN(year + month + day)) return iso;
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year);
  return new Intl.DateTimeFormat(LOCALE, { ...FORMS[precision], timeZone: "UTC" }).format(date);
}

/** Seconds of a recording as 1:02:03. */
export function timeInWords(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, ...rest] = parts as [number, number, number];
  const shown = hours ? [hours, ...rest] : rest;
  return shown.map((one, at) => (at ? String(one).padStart(2, "0") : String(one))).join(":");
}

/** Where a citation stands in its document, the nearest landmarks first. */
export function placeInWords(one: Pick<Citation, "page" | "time_s"> & Partial<Citation>): string[] {
  const found: string[] = [];
  if (one.page !== null) found.push(`p. ${one.page_label || one.page}`);
  if (one.time_s !== null) {
    const ends = one.time_end_s ?? null;
    const begins = timeInWords(one.time_s);
    found.push(ends !== null && ends > one.time_s ? `${begins}–${timeInWords(ends)}` : begins);
  }
  if (one.sheet) found.push(one.row ? `${one.sheet}, row ${one.row}` : one.sheet);
  if (one.part) found.push(one.part);
  const section = one.section?.replace(`${one.document_title} › `, ""); // which the title says already
  if (section && section !== one.document_title) found.push(`§ ${section}`);
  return found;
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString(LOCALE)} ${number === 1 ? one : many}`;
}

/** What a document holds: its pages, where it has some, and its passages. */
export function sizeInWords({ pages, passages }: Document["report"]): string {
  return [...(pages > 0 ? [counted(pages, "page")] : []), counted(passages, "passage")].join(", ");
}

// What each rule of the service does; "the text's own date" is when it was written or spoken.
const RULES: Record<string, string> = {
  stated: "as the text says",
  "stated-year-of-anchor": "the year counted from the text's own date",
  "year-of-narrated": "in the year that the text tells of",
  "last-such-date-before-anchor": "the last such date before the text's own",
  "next-such-date-after-anchor": "the next such date after the text's own",
  "weekday-before-anchor": "the last such weekday before the text's own date",
  "weekday-after-anchor": "the next such weekday after the text's own date",
  "weekday-of-week": "the weekday of a week counted from the text's own date",
  "day-of-anchor": "the day of the text itself",
  "month-of-document": "the month of the document itself",
  "stated-period": "a period that the text names with its year",
  "fiscal-year-as-stated": "the business year that the text names",
  "fiscal-year-from-start": "the business year, counted from its first month",
  "period-before-anchor": "the period before the text's own date",
  "period-of-anchor": "the period of the text's own date",
  "period-after-anchor": "the period after the text's own date",
  "relative-to-narrated": "counted from the moment that the text tells of",
  "relative-to-event": "counted from an event that the text names",
};

/** How a document's own date is known: from a person, or by what in the file says it. */
export function foundInWords(foundBy: string): string {
  return foundBy === "user" ? "given by a person" : `found by “${foundBy}”`;
}

/** How the date of an event is known, in words. */
export function derivationInWords({ precision, rule }: DatedEvent): string {
  const known = precision === "day" ? "" : `, known to the ${precision}`;
  const [, unit, side] = /^(\w+)s-(before|after)-anchor$/.exec(rule) ?? [];
  const counting = unit && `counted in ${unit}s ${side} the text's own date`;
  const how = RULES[rule] ?? counting ?? `worked out: ${rule.replaceAll(/[_-]+/g, " ")}`;
  return how + known;
}

/** What a row says, without the date at its front, which stands beside it. */
export function withoutDate({ text, event }: Statement): string {
  const date = event && `${dateInWords(event.date)}: `;
  return date && text.startsWith(date) ? text.slice(date.length) : text;
}

export function isRestricted(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

/** What became of a language model that was asked, where it did not write the whole answer. */
export function modelInWords(
  { composer, degraded, abstention }: Answer,
  foundNone: boolean,
): string | undefined {
  if (!foundNone && !degraded) return undefined;
  if (composer === "chat") return "the language model broke off";
  const became = `the language model ${foundNone ? "found no answer" : "could not be used"}`;
  return abstention ? became : `${became}, so these are the documents’ own sentences`;
}

/** Which documents a question goes to. */
export function scopeInWords({
  document_ids: ids,
  published_after: from,
  published_before: until,
}: Filters): string {
  if (!ids && !from && !until) return "all documents";
  const which = ids ? counted(ids.length, "chosen document") : "documents";
  if (from && from === until) return `${which} of ${dateInWords(from)}`;
  const bounds = [
    ...(from ? [`from ${dateInWords(from)}`] : []),
    ...(until ? [`until ${dateInWords(until)}`] : []),
  ];
  return bounds.length ? `${which} published ${bounds.join(" ")}` : which;
}

const KINDS: Record<string, string> = {
  "application/pdf": "PDF",
  "text/html": "Web page",
  "text/markdown": "Markdown",
  "text/plain": "Text",
  "text/vtt": "Transcript",
  "text/csv": "Table",
  "message/rfc822": "Mail",
  "application/epub+zip": "E-book",
  "application/x-subrip": "Transcript",
};

export function kindInWords(mediaType: string): string {
  const known = KINDS[mediaType.split(";")[0] ?? ""];
  if (known) return known;
  if (mediaType.includes("wordprocessing")) return "Word";
  if (mediaType.includes("spreadsheet")) return "Workbook";
  if (mediaType.includes("presentation")) return "Slides";
  return mediaType;
}
