/** What the source pane shows: a citation of an answer, or a document by itself. */

import { flushSync } from "react-dom";
import { createStore } from "./store";

export type Shown =
  | { kind: "citation"; turnId: string; marker: number }
  | {
      kind: "document";
      documentId: string;
      version?: string;
      at: { start: number; end: number } | null;
    };

export const pane = createStore<Shown | null>(null);

export function isShown(shown: Shown | null, turnId: string, marker: number): boolean {
  return shown?.kind === "citation" && shown.turnId === turnId && shown.marker === marker;
}

let opener: HTMLElement | null = null;

export function openPane(shown: Shown): void {
  const active = document.activeElement;
  if (active instanceof HTMLElement && !active.closest(".pane")) opener = active;
  pane.set(() => shown);
}

/** Close the pane; the focus goes back to where it was opened from. */
export function closePane(): void {
  flushSync(() => pane.set(() => null)); // what it covers takes no focus before
  opener?.focus();
  opener = null;
}
