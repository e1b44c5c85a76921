/** The conversation on the page: its turns, and what is done to them. */

import type {
  Answer,
  Citation,
  CitationState,
  Feedback,
  HistoryTurn,
  Question,
  Retrieved,
  Statement,
} from "../contract";
import { type AskEvent, ask, StreamBroken, storedAnswer } from "../service/asking";
import { CallFailed, path, send, unreachable } from "../service/http";
import { isKeptOtherwise, type Kept, keepTurn, rememberOpen } from "./history";
import { offered } from "./preferences";
import { createStore } from "./store";

export type Phase = "asking" | "answering" | "reconnecting" | "done" | "stopped" | "failed";

export interface Turn {
  id: string;
  asked: Question;
  /** Whether nothing of what was asked before goes along. */
  alone: boolean;
  /** Whether it went to the language model, by what the service offered when it was asked. */
  modelAsked: boolean;
  phase: Phase;
  since: number;
  retrieved: Retrieved | null;
  statements: Statement[];
  citations: Citation[];
  answer: Answer | null;
  failure: CallFailed | null;
  /** What today's documents say of the citations of an answer that was given earlier. */
  states: Record<number, CitationState>;
  feedback: Feedback[];
}

export interface Conversation {
  id: string;
  turns: Turn[];
}

const HISTORY_TURNS = 20;
const HISTORY_CHARACTERS = 20_000;
const TRIES = 4;

export const conversation = createStore<Conversation>({ id: newId(), turns: [] });
let running: AbortController | null = null;

export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

export function isUnderWay(turn: Turn): boolean {
  return turn.phase === "asking" || turn.phase === "answering" || turn.phase === "reconnecting";
}

/** Whether nothing was asked after a turn, so that asking it anew takes no other away. */
export function isLast(turn: Turn): boolean {
  return conversation.get().turns.at(-1)?.id === turn.id;
}

/** Every citation of a turn, the closest passages of an abstention included. */
export function cited(turn: Turn): Citation[] {
  return turn.answer?.abstention?.closest ?? turn.answer?.citations ?? turn.citations;
}

/**
 * Whether the language model was asked and said that no passage answers. Where nothing was searched it was not asked.
 */
export function modelFoundNone({ modelAsked, answer }: Turn): boolean {
  if (!modelAsked || !answer || answer.composer === "chat" || answer.degraded) return false;
  return answer.abstention === null || answer.abstention.searched.documents > 0;
}

/** Ask in place of turn `at` and all that followed it; at the end by default. */
export async function askAt(asked: Question, at?: number, alone = false): Promise<void> {
  stop();
  const composer = asked.composer === "auto" ? offered.get()?.auto : asked.composer;
  const turn = fresh({ asked, alone, modelAsked: composer === "chat" });
  conversation.set((now) => ({ ...now, turns: [...now.turns.slice(0, at), turn] }));
  keep(turn.id); // what is loaded again meanwhile has the question
  const control = new AbortController();
  running = control;
  try {
    await answer(turn, control.signal);
  } catch (error) {
    if (control.signal.aborted) change(turn.id, { phase: "stopped" });
    else change(turn.id, { phase: "failed", failure: failureOf(error) });
  } finally {
    if (running === control) running = null;
    keep(turn.id);
  }
}

/** Ask what a turn asked once more, in its place, and in some way otherwise. */
export function askAnew(
  turn: Turn,
  otherwise: Partial<Question> = {},
  alone: boolean = turn.alone,
): void {
  const at = conversation.get().turns.findIndex((one) => one.id === turn.id);
  void askAt({ ...turn.asked, ...otherwise }, at < 0 ? undefined : at, alone);
}

/** Stop what is under way; what was said stays. */
export function stop(): void {
  running?.abort();
}

export function startAnew(): void {
  stop();
  rememberOpen(null);
  conversation.set(() => ({ id: newId(), turns: [] }));
}

/** Bring back a conversation. Its answers come from the service, which looks at their quotes again. */
export async function reopen(kept: Kept): Promise<void> {
  stop();
  rememberOpen(kept);
  const turns = kept.turns.map(({ asked, answerId, alone = false, modelAsked = false }) => ({
    ...fresh({ asked, alone, modelAsked }),
    phase: (answerId ? "reconnecting" : "stopped") as Phase,
  }));
  conversation.set(() => ({ id: kept.id, turns }));
  await Promise.all(
    turns.map(async (turn, at) => {
      const answerId = kept.turns[at]?.answerId;
      if (!answerId) return;
      try {
        change(turn.id, await recalled(answerId));
      } catch (error) {
        change(turn.id, { phase: "failed", failure: failureOf(error) });
      }
    }),
  );
}

export async function say(turn: Turn, feedback: Feedback): Promise<void> {
  if (!turn.answer) return;
  await send("POST", path`v1/answers/${turn.answer.id}/feedback`, feedback);
  change(turn.id, { feedback: [...turn.feedback, feedback] });
}

async function answer(turn: Turn, signal: AbortSignal): Promise<void> {
  const pending: AskEvent[] = [];
  let frame = 0;
  const apply = () => {
    frame = 0;
    const events = pending.splice(0);
    change(turn.id, (now) => events.reduce(after, now));
  };
  const receive = (event: AskEvent) => {
    pending.push(event);
    frame ||= requestAnimationFrame(apply); // a burst of statements is drawn once
  };
  try {
    await ask(turn.asked, before(turn.id), signal, receive);
  } catch (error) {
    if (!(error instanceof StreamBroken)) throw error;
    cancelAnimationFrame(frame);
    apply();
    change(turn.id, { phase: "reconnecting" });
    await reconnect(turn, error.answerId, signal, receive);
  }
  cancelAnimationFrame(frame);
  apply();
}

/** The answer whose stream was lost: as it was kept if it was finished, by asking again if not. */
async function reconnect(
  turn: Turn,
  answerId: string | null,
  signal: AbortSignal,
  receive: (event: AskEvent) => void,
): Promise<void> {
  for (let tried = 0; ; tried += 1) {
    await pause(500 * 2 ** tried, signal);
    try {
      if (answerId) {
        const found = await recalled(answerId, signal).catch((error: unknown) => {
          if (error instanceof CallFailed && error.status === 404) return null;
          throw error;
        });
        if (found) return change(turn.id, found);
      }
      change(turn.id, { retrieved: null, statements: [], citations: [] });
      return await ask(turn.asked, before(turn.id), signal, receive);
    } catch (error) {
      const lost =
        error instanceof StreamBroken || (error instanceof CallFailed && error.status === 0);
      if (signal.aborted || !lost) throw error;
      if (tried + 1 === TRIES) throw unreachable();
      change(turn.id, { phase: "reconnecting" });
    }
  }
}

async function recalled(answerId: string, signal?: AbortSignal): Promise<Partial<Turn>> {
  const stored = await storedAnswer(answerId, signal);
  return {
    ...whole(stored.answer),
    feedback: stored.feedback,
    states: Object.fromEntries(stored.citations.map((one) => [one.marker, one.state])),
  };
}

function after(turn: Turn, { event, data }: AskEvent): Turn {
  switch (event) {
    case "search_results":
      return { ...turn, phase: "answering", retrieved: data };
    case "citation":
      return { ...turn, citations: [...turn.citations, data] };
    case "statement":
      return { ...turn, statements: [...turn.statements, data] };
    case "answer":
      return { ...turn, ...whole(data) };
    default:
      return turn;
  }
}

function whole(given: Answer): Partial<Turn> {
  return {
    phase: "done",
    answer: given,
    statements: given.statements,
    citations: given.citations,
    failure: null,
  };
}

function fresh(begun: Pick<Turn, "asked" | "alone" | "modelAsked">): Turn {
  return {
    ...begun,
    id: newId(),
    phase: "asking",
    since: Date.now(),
    retrieved: null,
    statements: [],
    citations: [],
    answer: null,
    failure: null,
    states: {},
    feedback: [],
  };
}

function change(id: string, by: Partial<Turn> | ((turn: Turn) => Turn)): void {
  conversation.set((now) => ({
    ...now,
    turns: now.turns.map((turn) =>
      turn.id !== id ? turn : typeof by === "function" ? by(turn) : { ...turn, ...by },
    ),
  }));
}

/** What was said before a turn, for the service to understand it by. */
function before(id: string): HistoryTurn[] {
  const { turns } = conversation.get();
  const at = turns.findIndex((turn) => turn.id === id);
  if (turns[at]?.alone) return [];
  return turns
    .slice(0, at)
    .filter((turn) => turn.answer)
    .slice(-HISTORY_TURNS)
    .flatMap((turn) => [
      { role: "user" as const, content: turn.asked.question.slice(0, HISTORY_CHARACTERS) },
      {
        role: "assistant" as const,
        content: (turn.answer?.text || "—").slice(0, HISTORY_CHARACTERS),
      },
    ]);
}

function keep(id: string): void {
  if (!conversation.get().turns.some((turn) => turn.id === id)) return; // something else was begun meanwhile
  if (isKeptOtherwise(conversation.get().id)) conversation.set((now) => ({ ...now, id: newId() }));
  const now = conversation.get();
  keepTurn({
    id: now.id,
    at: Date.now(),
    turns: now.turns.map(({ asked, answer, alone, modelAsked }) => ({
      asked,
      answerId: answer?.id ?? null,
      alone,
      modelAsked,
    })),
  });
}

function failureOf(error: unknown): CallFailed {
  if (error instanceof CallFailed) return error;
  if (error instanceof StreamBroken) return unreachable();
  console.error(error);
  return new CallFailed("page", "This page failed", "Load it again; what was asked is kept.", 0);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
