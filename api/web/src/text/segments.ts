/** A stretch of a document cut where something begins or ends in it, so that each piece is drawn in one way. */

import type { Landmark, TextSlice } from "../contract";
import { utf16Offsets } from "./codepoints";

export interface Range {
  start: number;
  end: number;
}

export interface Segment {
  start: number;
  text: string;
  marked: boolean;
  heading: boolean;
  /** What begins here: a page, a time of the recording, a part of the mail, a row of the sheet. */
  labels: Landmark[];
}

/** The pieces of a slice, which together are its text to the letter. */
export function segments(slice: TextSlice, marks: Range[], landmarks: Landmark[]): Segment[] {
  const inside = landmarks.filter((one) => one.start >= slice.start && one.start < slice.end);
  const headings = headingRanges(slice, inside);
  const cuts = new Set([slice.start, slice.end]);
  for (const range of [...marks, ...headings]) {
    for (const at of [range.start, range.end]) {
      if (at > slice.start && at < slice.end) cuts.add(at);
    }
  }
  for (const one of inside) cuts.add(one.start);
  const ordered = [...cuts].sort((a, b) => a - b);
  const units = utf16Offsets(
    slice.text,
    ordered.map((at) => at - slice.start),
  );
  return ordered.slice(0, -1).map((start, at) => ({
    start,
    text: slice.text.slice(units[at], units[at + 1]),
    marked: covered(marks, start),
    heading: covered(headings, start),
    labels: inside.filter((one) => one.start === start && one.kind !== "section"),
  }));
}

/** The headings that stand in the text where the sections that they name begin. */
function headingRanges(slice: TextSlice, landmarks: Landmark[]): Range[] {
  const sections = landmarks.filter((one) => one.kind === "section");
  const units = utf16Offsets(
    slice.text,
    sections.map((one) => one.start - slice.start),
  );
  return sections.flatMap(({ start, label }, at) => {
    const heading = label.split(" › ").at(-1) ?? "";
    return heading && slice.text.startsWith(heading, units[at])
      ? [{ start, end: start + Array.from(heading).length }]
      : [];
  });
}

function covered(ranges: Range[], at: number): boolean {
  return ranges.some((one) => one.start <= at && at < one.end);
}
