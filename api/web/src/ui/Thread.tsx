/** The conversation, on the primitives of assistant-ui, which keep scrolling, focus and the composer. */

import {
  ActionBarPrimitive,
  type AppendMessage,
  AssistantRuntimeProvider,
  ComposerPrimitive,
  MessagePrimitive,
  type ThreadMessageLike,
  ThreadPrimitive,
  useAuiState,
  useExternalStoreRuntime,
} from "@assistant-ui/react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Abstention, Answer, Question } from "../contract";
import {
  askAt,
  conversation,
  isUnderWay,
  modelFoundNone,
  stop,
  type Turn,
} from "../state/conversation";
import { preferences, scope } from "../state/preferences";
import { useStore } from "../state/store";
import { endsBelow } from "../state/views";
import { counted, isRestricted, modelInWords, scopeInWords } from "../text/wording";
import { AnswerActions } from "./AnswerActions";
import { AnswerView } from "./AnswerView";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { ScopeChip } from "./ScopeChip";
import { Welcome } from "./Welcome";

interface Entry {
  role: "user" | "assistant";
  turn: Turn;
}

const SLOW_MS = 5_000;
// where it is a finger, the focus would bring a keyboard over half of the page
const FINE_POINTER = matchMedia("(pointer: fine)").matches;

export function ConversationProvider({ children }: { children: ReactNode }) {
  const turns = useStore(conversation, (now) => now.turns);
  const entries = useMemo<Entry[]>(
    () =>
      turns.flatMap((turn) => [
        { role: "user" as const, turn },
        { role: "assistant" as const, turn },
      ]),
    [turns],
  );
  const runtime = useExternalStoreRuntime<Entry>({
    messages: entries,
    isRunning: turns.some(isUnderWay),
    convertMessage: asMessage,
    onNew: async (message) => {
      void askAt(asking(wordsOf(message)));
    },
    onEdit: async (message) => {
      const at = turns.findIndex((turn) => `${turn.id}-q` === message.sourceId);
      const edited = turns[at];
      if (edited) void askAt({ ...edited.asked, question: wordsOf(message) }, at);
    },
    onReload: async (parentId) => {
      const at = turns.findIndex((turn) => `${turn.id}-q` === parentId);
      const again = turns[at];
      if (!again) return;
      void askAt({ ...again.asked, composer: preferences.get().composer }, at, again.alone);
    },
    onCancel: async () => stop(),
  });
  return <AssistantRuntimeProvider runtime={runtime}>{children}</AssistantRuntimeProvider>;
}

export function asking(question: string): Question {
  const { collection, composer } = preferences.get();
  return { question, collection, composer, filters: scope.get() };
}

export function Thread() {
  return (
    <ThreadPrimitive.Root className="thread">
      <ThreadPrimitive.Viewport
        className="viewport"
        autoScroll={false}
        scrollToBottomOnInitialize={false}
        scrollToBottomOnRunStart={false}
        scrollToBottomOnThreadSwitch={false}
        role="region"
        aria-label="Conversation"
        tabIndex={0}
      >
        <div className="column">
          <ThreadPrimitive.Empty>
            <Welcome />
          </ThreadPrimitive.Empty>
          <ThreadPrimitive.If empty={false}>
            <h1 className="hidden">Conversation</h1>
          </ThreadPrimitive.If>
          <ThreadPrimitive.Messages components={COMPONENTS} />
        </div>
      </ThreadPrimitive.Viewport>
      <div className="foot">
        <ToTheEnd />
        <Composer />
      </div>
    </ThreadPrimitive.Root>
  );
}

/** Not the library's own, which counts the room that is kept below a short answer. */
function ToTheEnd() {
  const below = useStore(endsBelow, (now) => now);
  if (!below) return null;
  const scroll = () =>
    [...document.querySelectorAll(".viewport .end")].at(-1)?.scrollIntoView({ block: "end" });
  return (
    <button type="button" className="to-bottom" aria-label="To the latest answer" onClick={scroll}>
      <Icon name="down" />
    </button>
  );
}

function Composer() {
  const running = useStore(conversation, (now) => now.turns.some(isUnderWay));
  return (
    <ComposerPrimitive.Root className="composer">
      <ComposerPrimitive.Input
        className="question-input"
        aria-label="Your question"
        placeholder="Ask these documents…"
        rows={1}
        maxRows={8}
        autoFocus={FINE_POINTER}
        addAttachmentOnPaste={false}
        dir="auto"
      />
      <div className="composer-line">
        <ScopeChip />
        {running ? (
          <ComposerPrimitive.Cancel className="primary" aria-label="Stop">
            <Icon name="stop" /> Stop
          </ComposerPrimitive.Cancel>
        ) : (
          <ComposerPrimitive.Send className="primary" aria-label="Ask">
            Ask <Icon name="ask" />
          </ComposerPrimitive.Send>
        )}
      </div>
    </ComposerPrimitive.Root>
  );
}

function UserMessage() {
  const turn = useTurn();
  const asked = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const top = asked.current;
    if (!top || turn?.id !== conversation.get().turns.at(-1)?.id) return; // it moves once, when it is new
    top.parentElement?.style.setProperty("--asked", `${top.offsetHeight}px`);
    top.scrollIntoView({ block: "start" });
  }, [turn?.id]);
  return (
    <MessagePrimitive.Root ref={asked} className="asked">
      <h2 dir="auto">{turn?.asked.question}</h2>
      <ActionBarPrimitive.Root hideWhenRunning className="asked-actions">
        <ActionBarPrimitive.Edit className="quiet" aria-label="Edit the question and ask again">
          <Icon name="edit" />
        </ActionBarPrimitive.Edit>
      </ActionBarPrimitive.Root>
    </MessagePrimitive.Root>
  );
}

function EditedMessage() {
  return (
    <ComposerPrimitive.Root className="composer editing">
      <ComposerPrimitive.Input
        className="question-input"
        aria-label="The question, changed"
        autoFocus
        addAttachmentOnPaste={false}
        dir="auto"
      />
      <div className="composer-line">
        <span className="hint">What followed this question goes.</span>
        <ComposerPrimitive.Cancel className="quiet">Leave as it was</ComposerPrimitive.Cancel>
        <ComposerPrimitive.Send className="primary">Ask again</ComposerPrimitive.Send>
      </div>
    </ComposerPrimitive.Root>
  );
}

function AssistantMessage() {
  const turn = useTurn();
  const last = useStore(conversation, (now) => now.turns.at(-1)?.id === turn?.id);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!last || !end.current) return;
    const observer = new IntersectionObserver(
      ([seen]) => {
        const edge = seen?.rootBounds?.bottom ?? Infinity;
        endsBelow.set(() => seen !== undefined && seen.boundingClientRect.top >= edge);
      },
      { root: end.current.closest(".viewport") },
    );
    observer.observe(end.current);
    return () => {
      observer.disconnect();
      endsBelow.set(() => false);
    };
  }, [last]);
  if (!turn) return null;
  return (
    <MessagePrimitive.Root className="answered" aria-busy={isUnderWay(turn)}>
      <Course turn={turn} />
      <AnswerView turn={turn} />
      {turn.failure && <Failure turn={turn} failure={turn.failure} />}
      {!isUnderWay(turn) && !turn.failure && <AnswerActions turn={turn} />}
      <div ref={end} className="end" />
    </MessagePrimitive.Root>
  );
}

/**
 * How far an answer is, and then what it rests on. It stands above the answer and keeps its place, so that
 * nothing that is being read moves.
 */
function Course({ turn }: { turn: Turn }) {
  const [slow, setSlow] = useState(false);
  const waiting = isUnderWay(turn);
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [waiting]);
  return (
    <p className="progress">
      {waiting && <span className="pulse" aria-hidden="true" />}
      <span key={String(waiting)}>
        {waiting ? WORDS[turn.phase] : <Outcome turn={turn} />}
        {slow && " This takes longer than usual; it goes on."}
      </span>
    </p>
  );
}

function Outcome({ turn }: { turn: Turn }) {
  const { answer, statements } = turn;
  if (turn.phase === "stopped") {
    return statements.length
      ? "Stopped. What is below was verified."
      : "Stopped before there was an answer.";
  }
  if (!answer) return null;
  const seconds = Object.values(answer.timings_ms).reduce((all, one) => all + one, 0) / 1000;
  const model = modelInWords(answer, modelFoundNone(turn));
  return (
    <>
      {answer.abstention ? (
        <Searched turn={turn} {...answer.abstention.searched} />
      ) : (
        quoted(answer)
      )}
      {seconds >= 0.005 && ` · ${seconds.toFixed(seconds < 1 ? 2 : 1)} s`}
      {model && ` · ${model}`}
    </>
  );
}

function quoted({ citations }: Answer): string {
  const documents = new Set(citations.map((one) => one.document_id)).size;
  return `${counted(citations.length, "quote")} from ${counted(documents, "document")}`;
}

/** What an abstention looked through, in vain. */
function Searched({
  turn,
  collection,
  documents,
  passages,
}: { turn: Turn } & Abstention["searched"]) {
  const { filters } = turn.asked;
  return (
    <>
      {documents
        ? `Searched ${counted(passages, "passage")} of ${counted(documents, "document")} in `
        : "Nothing to search in "}
      <bdi className="collection">{collection}</bdi>
      {isRestricted(filters) && `: ${scopeInWords(filters)}`}
    </>
  );
}

const WORDS: Record<string, string> = {
  asking: "Searching the documents…",
  answering: "Reading and checking each quote…",
  reconnecting: "The connection was lost; fetching the answer…",
};

const COMPONENTS = { UserMessage, AssistantMessage, UserEditComposer: EditedMessage };

function useTurn(): Turn | undefined {
  const id = useAuiState((state) => state.message.metadata.custom.turnId as string | undefined);
  return useStore(conversation, (now) => now.turns.find((turn) => turn.id === id));
}

function asMessage({ role, turn }: Entry): ThreadMessageLike {
  const custom = { turnId: turn.id };
  if (role === "user") {
    return { role, id: `${turn.id}-q`, content: turn.asked.question, metadata: { custom } };
  }
  const text = turn.answer?.text ?? turn.statements.map((one) => one.text).join("\n");
  return {
    role,
    id: `${turn.id}-a`,
    content: text,
    metadata: { custom },
    status: isUnderWay(turn)
      ? { type: "running" }
      : { type: "complete", reason: turn.phase === "done" ? "stop" : "unknown" },
  };
}

function wordsOf(message: AppendMessage): string {
  return message.content
    .map((part) => (part.type === "text" ? part.text : ""))
    .join("")
    .trim();
}
