/** Why a passage was taken, and a way to say that it does not support the answer. */

import { useState } from "react";
import type { Citation, Passage } from "../contract";
import { send } from "../service/http";
import { say, type Turn } from "../state/conversation";
import { announce, complain, notify } from "../state/notices";
import { scopeInWords } from "../text/wording";
import { Icon } from "./icons";

const LOOKED_AT = 20;

export function PaneTools({ turn, citation }: { turn: Turn; citation: Citation }) {
  return (
    <footer className="pane-tools">
      <Why key={`${turn.id} ${citation.marker}`} turn={turn} citation={citation} />
      {turn.answer && !turn.answer.abstention && <Unsupported turn={turn} citation={citation} />}
    </footer>
  );
}

function Why({ turn, citation }: { turn: Turn; citation: Citation }) {
  const [passages, setPassages] = useState<Passage[] | null>(turn.retrieved?.passages ?? null);
  const load = async () => {
    if (passages) return;
    try {
      const { collection, filters } = turn.asked;
      const query = turn.answer?.standalone_question ?? turn.asked.question;
      const found = await send<{ passages: Passage[] }>("POST", "v1/search", {
        query,
        collection,
        filters,
        k: LOOKED_AT,
      });
      setPassages(found.passages);
    } catch (error) {
      complain(error);
    }
  };
  const passage = passages?.find(
    (one) =>
      one.document_id === citation.document_id &&
      one.document_version === citation.document_version &&
      one.start <= citation.start &&
      citation.end <= one.end,
  );
  return (
    <details className="why" onToggle={() => void load()}>
      <summary>Why this passage</summary>
      {!passages ? (
        <p>Looking it up…</p>
      ) : !passage ? (
        <p>
          It is not among the {passages.length} passages that a search for the question finds today;
          the answer found it on another way, or the documents have changed.
        </p>
      ) : (
        <dl>
          <dt>By its words</dt>
          <dd>{rank(passage.ranks.lexical)}</dd>
          <dt>By its meaning</dt>
          <dd>{rank(passage.ranks.dense)}</dd>
          <dt>Both together</dt>
          <dd>
            {rank(passage.ranks.fused)}, score {passage.score.toFixed(2)}
          </dd>
          <dt>Searched</dt>
          <dd>
            {scopeInWords(turn.asked.filters)} in{" "}
            <bdi className="collection">{turn.asked.collection}</bdi>
          </dd>
        </dl>
      )}
    </details>
  );
}

function rank(value: number | null): string {
  return value === null ? "not among the first" : `rank ${value}`;
}

function Unsupported({ turn, citation }: { turn: Turn; citation: Citation }) {
  const told = turn.feedback.some((one) => one.marker === citation.marker);
  const tell = async () => {
    try {
      await say(turn, { verdict: "unsupported", marker: citation.marker, comment: null });
      announce("Noted: this quote does not support the answer.");
      notify("Noted. It will be offered as a question for the evaluation.");
    } catch (error) {
      complain(error);
    }
  };
  return (
    <button type="button" className="quiet" disabled={told} onClick={() => void tell()}>
      <Icon name="flag" /> {told ? "Reported" : "This quote does not support that"}
    </button>
  );
}
