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
  turns: { asked: Question; answerId: string | null }[];
}

const NAME = "verse.conversations";
const MOST = 50;

export const history = createStore<Kept[]>(read());

/** Keep a conversation as it is now, the latest first. */
export function keepTurn(kept: Kept): void {
  history.set((all) => [kept, ...all.filter((one) => one.id !== kept.id)].slice(0, MOST));
  write();
}

export function forgetTurns(id?: string): void {
  history.set((all) => (id ? all.filter((one) => one.id !== id) : []));
  write();
}

function read(): Kept[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  } catch {
    return []; // storage is refused, or holds what an older page wrote
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
