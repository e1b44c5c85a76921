/** Whether the window is so narrow that a source covers its answer (as in the style sheet). */

import { useSyncExternalStore } from "react";

const NARROW = window.matchMedia("(max-width: 50rem)");

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => NARROW.matches);
}

function subscribe(changed: () => void): () => void {
  NARROW.addEventListener("change", changed);
  return () => NARROW.removeEventListener("change", changed);
}
