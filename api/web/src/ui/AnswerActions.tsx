/** What can be done with an answer: copy it, take it away, ask again, say whether it is good. */

import { ActionBarPrimitive } from "@assistant-ui/react";
import { useState } from "react";
import type { Answer } from "../contract";
import {
  askAnew,
  conversation,
  isLast,
  modelFoundNone,
  say,
  type Turn,
} from "../state/conversation";
import { announce, complain } from "../state/notices";
import { offered } from "../state/preferences";
import { useStore } from "../state/store";
import { answerAsMarkdown, download } from "../text/exporting";
import { Icon } from "./icons";
import { Menu } from "./Menu";

export function AnswerActions({ turn }: { turn: Turn }) {
  const { answer } = turn;
  const several = useStore(conversation, () => answersGiven().length > 1);
  const last = useStore(conversation, () => isLast(turn));
  return (
    <ActionBarPrimitive.Root className="actions">
      {answer && (
        <>
          <CopyButton turn={turn} />
          <Menu
            label={
              <>
                <Icon name="save" /> Export
              </>
            }
            choices={[
              {
                words: "Markdown, with sources",
                take: () => save("answer.md", answerAsMarkdown(answer), "text/markdown"),
              },
              {
                words: "JSON, as the service gave it",
                take: () =>
                  save("answer.json", JSON.stringify(answer, null, 2), "application/json"),
              },
              ...(several ? WHOLE : []),
            ]}
          />
        </>
      )}
      {last && (
        <>
          <ActionBarPrimitive.Reload className="quiet">
            <Icon name="again" /> Ask again
          </ActionBarPrimitive.Reload>
          <OtherComposer turn={turn} />
        </>
      )}
      {answer && <Thumbs turn={turn} />}
      {answer?.model && <span className="written-by">Worded by {answer.model}</span>}
    </ActionBarPrimitive.Root>
  );
}

const WHOLE = [
  {
    words: "The whole conversation, Markdown",
    take: () =>
      save(
        "conversation.md",
        answersGiven().map(answerAsMarkdown).join("\n---\n\n"),
        "text/markdown",
      ),
  },
  {
    words: "The whole conversation, JSON",
    take: () =>
      save("conversation.json", JSON.stringify(answersGiven(), null, 2), "application/json"),
  },
];

function answersGiven(): Answer[] {
  return conversation.get().turns.flatMap((one) => one.answer ?? []);
}

function save(name: string, words: string, type: string): void {
  download(name, new Blob([words], { type }));
}

/** Ask again, answered by whoever did not write this answer. */
function OtherComposer({ turn }: { turn: Turn }) {
  const choice = useStore(offered, (now) => now);
  const other = turn.answer && choice?.composers.find((one) => one !== turn.answer?.composer);
  if (!other || (other === "chat" && modelFoundNone(turn))) return null;
  return (
    <button type="button" className="quiet" onClick={() => askAnew(turn, { composer: other })}>
      <Icon name="again" />{" "}
      {other === "chat" ? "Ask the language model" : "Answer by sentences, to the letter"}
    </button>
  );
}

function CopyButton({ turn }: { turn: Turn }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    if (!turn.answer) return;
    try {
      await navigator.clipboard.writeText(answerAsMarkdown(turn.answer));
      setDone(true);
      announce("The answer was copied, with its sources.");
      setTimeout(() => setDone(false), 2_000);
    } catch {
      complain("The browser did not let the answer be copied. Export it instead.");
    }
  };
  return (
    <button type="button" className="quiet" onClick={() => void copy()}>
      <Icon name="copy" /> {done ? "Copied" : "Copy"}
    </button>
  );
}

function Thumbs({ turn }: { turn: Turn }) {
  const given = turn.feedback.findLast((one) => one.verdict !== "unsupported")?.verdict;
  const give = async (verdict: "good" | "bad") => {
    try {
      await say(turn, { verdict, marker: null, comment: null });
      announce("Noted. Thank you.");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <span className="thumbs">
      <button
        type="button"
        className="quiet"
        aria-label="A good answer"
        aria-pressed={given === "good"}
        onClick={() => void give("good")}
      >
        <Icon name="good" />
      </button>
      <button
        type="button"
        className="quiet"
        aria-label="A bad answer"
        aria-pressed={given === "bad"}
        onClick={() => void give("bad")}
      >
        <Icon name="bad" />
      </button>
    </span>
  );
}
