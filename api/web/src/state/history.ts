/**
 * The conversations of this browser: what was asked, and the names of the answers.
 *
 * No word of a document lies in the browser: answers are fetched again, as far as the service keeps them.
 */

import type { Question } from "../contract";
import { createStore } from "./store";

export interface Kept {
  id: string;
  at: number;
  turns: {
    asked: Question;
    answerId: string | null;
    alone?: boolean;
    modelAsked?: boolean;
  }[];
}

const NAME = "verse.conversations";
const OPEN = "verse.conversation";
const MOST = 50;
/** The turns of the conversation of this tab as it last kept or read them. */
let known: string | null = null;

export const history = createStore<Kept[]>(read([]));
addEventListener("storage", (event) => {
  if (event.key === NAME) history.set(read);
});

/** Keep a conversation as it is now, the latest first; it is what this tab shows when it is loaded again. */
export function keepTurn(kept: Kept): void {
  change((all) => [kept, ...all.filter((one) => one.id !== kept.id)].slice(0, MOST));
  rememberOpen(kept);
}

/**
 * Whether another tab has kept this conversation otherwise since this tab kept or read it. A tab that is duplicated
 * or opened by this one begins with the same, and each goes on by itself.
 */
export function isKeptOtherwise(id: string): boolean {
  const kept = read(history.get()).find((one) => one.id === id);
  return kept !== undefined && JSON.stringify(kept.turns) !== known;
}

export function forgetTurns(id?: string): void {
  change((all) => (id ? all.filter((one) => one.id !== id) : []));
}

/** Remember which conversation this tab shows, or that it shows none. */
export function rememberOpen(kept: Kept | null): void {
  known = kept && JSON.stringify(kept.turns);
  try {
    if (kept) sessionStorage.setItem(OPEN, kept.id);
    else sessionStorage.removeItem(OPEN);
  } catch {
    // where storage is refused, a tab that is loaded again begins anew
  }
}

export function lastOpen(): Kept | undefined {
  try {
    const id = sessionStorage.getItem(OPEN);
    return history.get().find((one) => one.id === id);
  } catch {
    return undefined;
  }
}

/** Change what is kept, with what other tabs have kept meanwhile. */
function change(by: (all: Kept[]) => Kept[]): void {
  history.set((all) => by(read(all)));
  write();
}

function read(otherwise: Kept[]): Kept[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isKept) : otherwise;
  } catch {
    return otherwise; // storage is refused, or holds what an older page wrote
  }
}

function isKept(one: unknown): one is Kept {
  const kept = one as Kept;
  return (
    typeof kept?.id === "string" &&
    Array.isArray(kept.turns) &&
    kept.turns.every((turn) => typeof turn?.asked?.question === "string")
  );
}

function write(): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(history.get()));
  } catch {
    // a full or refused storage costs the list of earlier conversations, nothing else
  }
}
