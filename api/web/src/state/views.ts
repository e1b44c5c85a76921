/** Which part of the page is open. */

import { createStore } from "./store";

export type View = "conversation" | "documents";

export const view = createStore<View>("conversation");
export const dialog = createStore<"settings" | "sign-in" | "history" | null>(null);
/** Grows when the key changes, so that what was refused is asked for again. */
export const signedIn = createStore(0);

export function signIn(): void {
  dialog.set(() => "sign-in");
}

/** Whether the end of the latest answer is below what can be seen. */
export const endsBelow = createStore(false);
