/** The page: what was asked before, the conversation or the documents, and the source of what is cited. */

import { Suspense, useEffect, useRef, useState } from "react";
import type { Collection, Composers } from "../contract";
import { useCall } from "../service/useCall";
import { conversation, isUnderWay, startAnew } from "../state/conversation";
import { useNarrow } from "../state/narrow";
import { announce } from "../state/notices";
import { pane } from "../state/pane";
import { offered, prefer, preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { dialog, view } from "../state/views";
import { counted } from "../text/wording";
import { HistoryList } from "./HistoryList";
import { Icon } from "./icons";
import { fetchLater, later } from "./later";
import { Notices } from "./Notices";
import { ConversationProvider, Thread } from "./Thread";

const Documents = later(async () => (await import("./Documents")).Documents);
const Dialogs = later(async () => (await import("./Settings")).Dialogs);
const SourcePane = later(async () => (await import("./SourcePane")).SourcePane);
const QUIET_MS = 1_000; // after which a first load is over

export function App({ embedded }: { embedded: boolean }) {
  const shownView = useStore(view, (now) => now);
  const paneOpen = useStore(pane, (now) => now !== null);
  const covered = useNarrow() && paneOpen; // the source lies over all of it, so nothing below takes the focus
  const dialogOpen = useStore(dialog, (now) => now !== null);
  const dialogs = useRef(false); // they stay, since a dialog that closes gives the focus back
  dialogs.current ||= dialogOpen;
  useEffect(() => {
    const timer = setTimeout(fetchLater, QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  useOnline();
  useComposers();
  useProgressInWords();
  return (
    <ConversationProvider>
      <div className="app" data-embedded={embedded} data-pane={paneOpen} data-view={shownView}>
        <a className="skip" href="#main" inert={covered}>
          To the conversation
        </a>
        <Header embedded={embedded} inert={covered} />
        <p className="offline-bar" role="alert">
          This device is offline. What is on the page stays.
        </p>
        {!embedded && (
          <nav className="contents" inert={covered} aria-label="Earlier conversations">
            <h2 className="label">Earlier</h2>
            <HistoryList />
          </nav>
        )}
        <main id="main" tabIndex={-1} inert={covered}>
          <div className="main-view" hidden={shownView !== "conversation"}>
            <Thread />
          </div>
          {shownView === "documents" && (
            <Suspense>
              <Documents />
            </Suspense>
          )}
        </main>
        <Suspense>{paneOpen && <SourcePane />}</Suspense>
      </div>
      <Suspense>{dialogs.current && <Dialogs />}</Suspense>
      <Notices />
    </ConversationProvider>
  );
}

function Header({ embedded, inert }: { embedded: boolean; inert: boolean }) {
  const shownView = useStore(view, (now) => now);
  return (
    <header className="bar" inert={inert}>
      {!embedded && (
        <button
          type="button"
          className="quiet only-narrow"
          aria-label="Earlier conversations"
          onClick={() => dialog.set(() => "history")}
        >
          <Icon name="menu" />
        </button>
      )}
      <p className="brand">
        <span aria-hidden="true">¶</span> Chapterverse
      </p>
      <CollectionPicker />
      <span className="space" />
      <button type="button" className="quiet" onClick={begin}>
        <Icon name="plus" /> <span className="wide">New</span>
        <span className="hidden"> conversation</span>
      </button>
      {!embedded && (
        <button
          type="button"
          className="quiet"
          aria-pressed={shownView === "documents"}
          onClick={() => view.set((now) => (now === "documents" ? "conversation" : "documents"))}
        >
          <Icon name="document" /> <span className="wide-label">Documents</span>
        </button>
      )}
      <button
        type="button"
        className="quiet"
        aria-label="Settings"
        onClick={() => dialog.set(() => "settings")}
      >
        <Icon name="settings" />
      </button>
    </header>
  );
}

export function begin(): void {
  startAnew();
  pane.set(() => null);
  view.set(() => "conversation");
  document.querySelector<HTMLTextAreaElement>(".question-input")?.focus();
}

function CollectionPicker() {
  const chosen = useStore(preferences, (now) => now.collection);
  const shownView = useStore(view, (now) => now);
  const { value, reload } = useCall<{ collections: Collection[] }>("v1/collections");
  // biome-ignore lint/correctness/useExhaustiveDependencies: among the documents a collection may have begun or ended
  useEffect(reload, [shownView]);
  const names = value?.collections.map((one) => one.name) ?? [];
  const first = names[0];
  useEffect(() => {
    if (first && !names.includes(chosen) && chosen === "default") prefer({ collection: first });
  });
  if (names.length < 2 && (names.length === 0 || names[0] === chosen)) return null;
  return (
    <label className="picker">
      <span className="hidden">Collection</span>
      <select
        value={chosen}
        onChange={(event) => {
          prefer({ collection: event.currentTarget.value });
          begin();
        }}
      >
        {[...new Set([...names, chosen])].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

/** Learn who can write answers; where the service does not say, its own choice is all there is. */
function useComposers(): void {
  const { value } = useCall<Composers>("v1/composers");
  useEffect(() => offered.set(() => value), [value]);
}

/** Tell screen readers how an answer comes along, once at each step and not at each statement. */
function useProgressInWords(): void {
  const last = useStore(conversation, (now) => now.turns.at(-1));
  const underWay = last !== undefined && isUnderWay(last);
  const phase = last?.phase;
  const said = last?.answer
    ? last.answer.abstention
      ? "No answer in these documents."
      : `The answer has ${counted(last.statements.length, "statement")} and ${counted(last.citations.length, "source")}.`
    : "";
  useEffect(() => {
    if (underWay) announce(phase === "reconnecting" ? "Reconnecting." : "Searching.");
    else if (phase === "done") announce(said);
    else if (phase === "stopped") announce("Stopped.");
  }, [underWay, phase, said]);
}

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, []);
  useEffect(() => {
    document.documentElement.dataset.offline = String(!online);
  }, [online]);
  return online;
}
