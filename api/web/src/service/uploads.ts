/** Files on their way into a collection: sent, read, embedded, and then searchable. */

import type { Document, Job, ProblemBody } from "../contract";
import { newId } from "../state/conversation";
import { createStore } from "../state/store";
import { CallFailed, get, headers, path, ROOT, unreachable } from "./http";

export interface Upload {
  id: string;
  name: string;
  state: "waiting" | "sending" | Job["state"];
  /** Of what the state counts: bytes while sending, pages while parsing, passages while embedding. */
  done: number;
  total: number;
  document: Document | null;
  failure: string | null;
}

export interface Chosen {
  file: File;
  /** Its path in a chosen folder, by which a later upload of the folder replaces it. */
  sourceKey: string | null;
}

export const uploads = createStore<Upload[]>([]);
const AT_A_TIME = 2;
const LOOK_MS = 400;
const waiting: (() => Promise<void>)[] = [];
let busy = 0;

/** Add files one after another; `arrived` is called for each that became searchable. */
export function addAll(chosen: Chosen[], collection: string, arrived: () => void): void {
  for (const one of chosen) {
    const id = newId();
    uploads.set((all) => [
      ...all,
      {
        id,
        name: one.sourceKey ?? one.file.name,
        state: "waiting",
        done: 0,
        total: 0,
        document: null,
        failure: null,
      },
    ]);
    waiting.push(() => add(id, one, collection, arrived));
  }
  for (let free = AT_A_TIME - busy; free > 0; free -= 1) void work();
}

export function clearUploads(): void {
  uploads.set((all) => all.filter((one) => !isOver(one)));
}

export function isOver(one: Upload): boolean {
  return one.state === "committed" || one.state === "failed";
}

async function work(): Promise<void> {
  busy += 1;
  for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  busy -= 1;
}

async function add(
  id: string,
  chosen: Chosen,
  collection: string,
  arrived: () => void,
): Promise<void> {
  const update = (by: Partial<Upload>) =>
    uploads.set((all) => all.map((one) => (one.id === id ? { ...one, ...by } : one)));
  try {
    let job = await send(chosen, collection, (done, total) =>
      update({ state: "sending", done, total }),
    );
    while (job.state !== "committed" && job.state !== "failed") {
      update({ state: job.state, done: job.done, total: job.total });
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      job = await get<Job>(path`v1/jobs/${job.id}`);
    }
    if (job.state === "failed") return update({ state: "failed", failure: job.reason });
    const document = job.document_id
      ? await get<Document>(path`v1/documents/${job.document_id}`)
      : null;
    update({ state: "committed", document });
    arrived();
  } catch (error) {
    const failure = error instanceof CallFailed ? error : unreachable();
    update({ state: "failed", failure: `${failure.title}: ${failure.message}` });
  }
}

/** Send a file; only this way tells how far it is. */
function send(
  { file, sourceKey }: Chosen,
  collection: string,
  progress: (done: number, total: number) => void,
): Promise<Job> {
  const form = new FormData();
  form.set("file", file);
  form.set("collection", collection);
  if (sourceKey) form.set("source_key", sourceKey);
  const request = new XMLHttpRequest();
  request.open("POST", new URL("v1/documents", ROOT));
  for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => progress(event.loaded, event.total);
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      try {
        const body: unknown = JSON.parse(request.responseText);
        if (request.status === 202) resolve((body as { job: Job }).job);
        else reject(CallFailed.of(body as ProblemBody));
      } catch {
        reject(unreachable());
      }
    };
    request.send(form);
  });
}

/** The files that were dropped, those in folders too, each with its path. */
export async function dropped(items: DataTransferItemList): Promise<Chosen[]> {
  const entries = [...items].flatMap((one) => one.webkitGetAsEntry() ?? []);
  const found = await Promise.all(entries.map((one) => within(one, one.isDirectory)));
  return found.flat();
}

async function within(entry: FileSystemEntry, inFolder: boolean): Promise<Chosen[]> {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, sourceKey: inFolder ? entry.fullPath.replace(/^\//, "") : null }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Chosen[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!some.length) return found;
    for (const one of some) found.push(...(await within(one, true)));
  }
}
