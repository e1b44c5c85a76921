/** Calls to the service that this page came from, and to no other. */

import type { ProblemBody } from "../contract";
import { keyInUse } from "../state/credentials";

/** The folder that the page was loaded from: whatever prefix a proxy serves it under precedes every path. */
export const ROOT = new URL(".", document.baseURI);

/** Why a call failed, in words for the person who made it. */
export class CallFailed extends Error {
  constructor(
    readonly kind: string,
    readonly title: string,
    detail: string,
    readonly status: number,
    readonly requestId: string | null = null,
    readonly known: string[] = [],
  ) {
    super(detail);
  }

  static of(body: ProblemBody): CallFailed {
    const kind = body.type.split("#").at(-1) ?? body.type;
    return new CallFailed(kind, body.title, body.detail, body.status, body.request_id, body.known);
  }
}

export const UNREACHABLE = "unreachable";

export function unreachable(): CallFailed {
  return new CallFailed(
    UNREACHABLE,
    "The service cannot be reached",
    navigator.onLine
      ? "It may have stopped, or be starting. Nothing was lost: try again in a moment."
      : "This device is offline. Nothing was lost: try again when it is back.",
    0,
  );
}

export function headers(more: Record<string, string> = {}): Record<string, string> {
  const key = keyInUse();
  return key ? { ...more, authorization: `Bearer ${key}` } : more;
}

/**
 * The response of a call that succeeded.
 *
 * @throws CallFailed, with what the service said, or `unreachable`.
 */
export async function call(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, ROOT), {
      ...options,
      headers: headers((options.headers as Record<string, string>) ?? {}),
      credentials: "omit",
      redirect: "error",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await call(path, { signal })).json()) as T;
}

export async function send<T>(
  method: "POST" | "PATCH",
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await call(path, {
    method,
    signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function failure(response: Response): Promise<CallFailed> {
  try {
    return CallFailed.of((await response.json()) as ProblemBody);
  } catch {
    return new CallFailed(
      "not-understood",
      "Something between this page and the service answered",
      `It gave status ${response.status}.`,
      response.status,
    );
  }
}

/** A path with its parts escaped. */
export function path(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((made, part, at) => made + encodeURIComponent(values[at - 1] ?? "") + part);
}
