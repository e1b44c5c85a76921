/** What the reader chose: how answers are written, how the page looks, what is asked. */

import type { ComposerName, Composers, Filters } from "../contract";
import { createStore } from "./store";

export type Theme = "system" | "light" | "dark";

export interface Preferences {
  theme: Theme;
  composer: Exclude<ComposerName, "chat">; // `auto` is the chat model where there is one
  collection: string;
}

const NAME = "verse.preferences";
const DEFAULTS: Preferences = { theme: "system", composer: "auto", collection: "default" };

export const preferences = createStore<Preferences>(read());

/** Who can write answers here; until the service has said it, nobody is offered. */
export const offered = createStore<Composers | null>(null);

/** Which documents of the collection a question goes to; nothing restricts it at first. */
export const scope = createStore<Filters>({});

export function prefer(change: Partial<Preferences>): void {
  preferences.set((now) => ({ ...now, ...change }));
  if (change.collection !== undefined) scope.set(() => ({}));
  applyTheme();
  try {
    localStorage.setItem(NAME, JSON.stringify(preferences.get()));
  } catch {
    // they hold until the page is closed
  }
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = preferences.get().theme;
}

function read(): Preferences {
  try {
    const kept = { ...DEFAULTS, ...JSON.parse(localStorage.getItem(NAME) ?? "{}") };
    return { ...kept, composer: kept.composer === "extractive" ? "extractive" : "auto" };
  } catch {
    return DEFAULTS;
  }
}
