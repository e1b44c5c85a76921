/** A question, and its answer as it comes. */

import { EventSourceParserStream } from "eventsource-parser/stream";
import type {
  Answer,
  Citation,
  HistoryTurn,
  ProblemBody,
  Question,
  Retrieved,
  Statement,
  StoredAnswer,
} from "../contract";
import { CallFailed, call, get, path, unreachable } from "./http";

export type AskEvent =
  | { event: "search_results"; data: Retrieved }
  | { event: "citation"; data: Citation }
  | { event: "statement"; data: Statement }
  | { event: "answer"; data: Answer }
  | { event: "error"; data: ProblemBody }
  | { event: "done"; data: { id: string } };

/** The stream ended before it was done. */
export class StreamBroken extends Error {
  constructor(readonly answerId: string | null) {
    super("the stream broke off");
  }
}

/**
 * Ask, and hand over each event as it comes.
 *
 * @throws CallFailed where the service refuses, StreamBroken where the connection is lost on the way.
 */
export async function ask(
  question: Question,
  history: HistoryTurn[],
  signal: AbortSignal,
  receive: (event: AskEvent) => void,
): Promise<void> {
  const response = await call("v1/ask", {
    method: "POST",
    signal,
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ ...question, history, stream: true }),
  });
  if (!response.body) throw unreachable();
  let answerId: string | null = null;
  let done = false;
  try {
    for await (const event of events(response.body)) {
      if (event.event === "search_results") answerId = event.data.id;
      if (event.event === "error") throw CallFailed.of(event.data);
      done ||= event.event === "done";
      receive(event);
    }
  } catch (error) {
    if (signal.aborted || error instanceof CallFailed) throw error;
    throw new StreamBroken(answerId);
  }
  if (!done) throw new StreamBroken(answerId);
}

/** The events of a stream, in order. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<AskEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield { event: value.event, data: JSON.parse(value.data) } as AskEvent;
  }
}

export function storedAnswer(id: string, signal?: AbortSignal): Promise<StoredAnswer> {
  return get<StoredAnswer>(path`v1/answers/${id}`, signal);
}
