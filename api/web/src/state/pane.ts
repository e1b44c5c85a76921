/** What the source pane shows: a citation of an answer, or a document by itself. */

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

let opener: HTMLElement | null = null;

export function openPane(shown: Shown): void {
  const active = document.activeElement;
  if (active instanceof HTMLElement && !active.closest(".pane")) opener = active;
  pane.set(() => shown);
}

/** Close the pane; the focus goes back to where it was opened from. */
export function closePane(): void {
  pane.set(() => null);
  opener?.focus();
  opener = null;
}
