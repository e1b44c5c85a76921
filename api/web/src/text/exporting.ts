/** Answers as text to take away, with everything that is needed to check them. */

import type { Answer, Citation } from "../contract";
import { dateInWords, placeInWords } from "./wording";

/** An answer in Markdown: statements with their markers, then each quote and its place. */
export function answerAsMarkdown(answer: Answer): string {
  const lines = [`**${escaped(answer.question)}**`, ""];
  if (answer.abstention) lines.push(escaped(answer.abstention.reason), "");
  for (const one of answer.statements)
    lines.push(`${escaped(one.text)} ${markers(one.citations)}`, "");
  for (const one of answer.conflicts) {
    lines.push(`Sources disagree on ${escaped(one.about)}:`, "");
    for (const side of one.values)
      lines.push(`- ${escaped(side.value)} ${markers(side.citations)}`);
    lines.push("");
  }
  if (answer.missing.length) {
    lines.push(
      "Not in the documents:",
      "",
      ...answer.missing.map((one) => `- ${escaped(one)}`),
      "",
    );
  }
  const quoted = answer.abstention?.closest ?? answer.citations;
  if (quoted.length) lines.push(answer.abstention ? "Closest passages:" : "Sources:", "");
  for (const one of quoted) lines.push(...footnote(one), "");
  return `${lines.join("\n").trimEnd()}\n`;
}

function footnote(one: Citation): string[] {
  const place = [...placeInWords(one), `characters ${one.start}–${one.end}`];
  if (one.published) place.push(dateInWords(one.published));
  const quote = one.quote.split(/\r\n?|\n/).map((line) => `    > ${escaped(line)}`);
  return [
    `${one.marker}. ${escaped(one.document_title)}, ${escaped(place.join(", "))}`,
    "",
    ...quote,
  ];
}

function markers(citations: number[]): string {
  return citations.map((one) => `[${one}]`).join("");
}

/** Words that mean themselves: nothing of a document becomes a link, an image or HTML where this is pasted. */
export function escaped(words: string): string {
  return words
    .replaceAll(/[\\`*_[\]<>&#|~!]/g, "\\$&")
    .replaceAll("://", "\\://")
    .replaceAll(/\bwww\./gi, (found) => `${found.slice(0, -1)}\\.`)
    .replaceAll(/^(\s*)([-+])(?=\s)/gm, "$1\\$2")
    .replaceAll(/^(\s*\d+)([.)])(?=\s)/gm, "$1\\$2");
}

export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
