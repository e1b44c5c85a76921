/** What the page says by the way: to everybody in a corner, to screen readers in words. */

import { CallFailed } from "../service/http";
import { createStore } from "./store";

export interface Notice {
  id: number;
  text: string;
  bad: boolean;
  undo?: () => void;
}

export const notices = createStore<Notice[]>([]);
export const spoken = createStore("");
let last = 0;

/** Show a notice for a while; gives its id. */
export function notify(text: string, more: { bad?: boolean; undo?: () => void; ms?: number } = {}) {
  last += 1;
  const id = last;
  notices.set((all) => [...all, { id, text, bad: more.bad ?? false, undo: more.undo }]);
  if (!more.bad) setTimeout(() => dismiss(id), more.ms ?? 5_000);
  return id;
}

export function dismiss(id: number): void {
  notices.set((all) => all.filter((one) => one.id !== id));
}

/** Say something to screen readers only. */
export function announce(text: string): void {
  spoken.set(() => text);
}

/** Show what went wrong, until it is dismissed. */
export function complain(error: unknown): void {
  if (typeof error === "string") notify(error, { bad: true });
  else if (error instanceof CallFailed) notify(`${error.title}. ${error.message}`, { bad: true });
  else {
    console.error(error);
    notify("This page failed. Load it again; nothing was lost.", { bad: true });
  }
}
