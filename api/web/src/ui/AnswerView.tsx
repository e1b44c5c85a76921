/** An answer as it is read: statements or rows, what sources disagree on, what is missing, and the apparatus. */

import { memo } from "react";
import type { Citation, Conflict, Statement } from "../contract";
import { askAnew, cited, conversation, isLast, isUnderWay, type Turn } from "../state/conversation";
import { isShown, openPane, pane } from "../state/pane";
import { scope } from "../state/preferences";
import { useStore } from "../state/store";
import {
  counted,
  dateInWords,
  derivationInWords,
  isRestricted,
  withoutDate,
} from "../text/wording";
import { Marker, Reference } from "./Marker";

export function AnswerView({ turn }: { turn: Turn }) {
  const quoted = cited(turn);
  const known = new Map(quoted.map((one) => [one.marker, one]));
  const markers = (numbers: number[]) => <Markers turn={turn} numbers={numbers} known={known} />;
  const rows = turn.statements.filter((one) => one.event);
  const verses = turn.statements.filter((one) => !one.event);
  const abstention = turn.answer?.abstention;
  const understood = turn.answer?.standalone_question ?? turn.retrieved?.standalone_question;
  return (
    <div className="answer">
      {understood && understood !== turn.asked.question && (
        <p className="understood">
          Read as <q dir="auto">{understood}</q> {!isUnderWay(turn) && <Alone turn={turn} />}
        </p>
      )}
      {abstention && (
        <>
          <p className="reason" dir="auto">
            {abstention.reason}
          </p>
          {isRestricted(turn.asked.filters) && <Wider turn={turn} />}
        </>
      )}
      {rows.length > 0 && <Rows statements={rows} markers={markers} />}
      {verses.length > 0 && (
        <ol className="statements">
          {verses.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: statements are only ever added at the end
            <StatementView key={at} statement={one} turn={turn} known={known} />
          ))}
        </ol>
      )}
      {turn.answer?.conflicts.map((one) => (
        <ConflictView key={one.about} conflict={one} markers={markers} />
      ))}
      {turn.answer?.missing.length ? (
        <section className="missing">
          <h3 className="label">Not in the documents</h3>
          <ul>
            {turn.answer.missing.map((one) => (
              <li key={one} dir="auto">
                {one}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {quoted.length > 0 && !isUnderWay(turn) && <Apparatus turn={turn} quoted={quoted} />}
    </div>
  );
}

/** Ask a question that was read in the light of earlier ones without them. */
function Alone({ turn }: { turn: Turn }) {
  const first = useStore(conversation, (now) => now.turns[0]?.id === turn.id);
  const last = useStore(conversation, () => isLast(turn));
  if (first || !last || turn.alone) return null;
  return (
    <button type="button" className="inline" onClick={() => askAnew(turn, {}, true)}>
      Ask it by itself
    </button>
  );
}

/** Ask what was asked of some documents of them all. */
function Wider({ turn }: { turn: Turn }) {
  const last = useStore(conversation, () => isLast(turn));
  if (!last) return null;
  const widen = () => {
    scope.set(() => ({}));
    askAnew(turn, { filters: {} });
  };
  return (
    <p className="choices">
      <button type="button" className="secondary" onClick={widen}>
        Ask all documents
      </button>
    </p>
  );
}

const GLUE = "\u00a0"; // a number stays in the line of the word that it stands behind

type MarkersOf = (numbers: number[]) => React.ReactNode;

function Markers({
  turn,
  numbers,
  known,
}: {
  turn: Turn;
  numbers: number[];
  known: Map<number, Citation>;
}) {
  return (
    <span className="markers">
      {GLUE}
      {numbers.map((number) => {
        const citation = known.get(number);
        return (
          citation && (
            <Marker key={number} turnId={turn.id} citation={citation} state={turn.states[number]} />
          )
        );
      })}
    </span>
  );
}

const StatementView = memo(
  function StatementView({
    statement,
    turn,
    known,
  }: {
    statement: Statement;
    turn: Turn;
    known: Map<number, Citation>;
  }) {
    return (
      <li className="statement" dir="auto">
        {statement.text}
        <Markers turn={turn} numbers={statement.citations} known={known} />
      </li>
    );
  },
  (before, now) => before.statement === now.statement && before.turn.states === now.turn.states,
);

/** One row an event: when it was and how that is known, and what is said of it. */
function Rows({ statements, markers }: { statements: Statement[]; markers: MarkersOf }) {
  return (
    <div className="rows">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What the documents say</th>
          </tr>
        </thead>
        <tbody>
          {statements.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows are only ever added at the end
            <tr key={at}>
              <th scope="row">
                {one.event && (
                  <>
                    <time dateTime={one.event.date}>{dateInWords(one.event.date)}</time>
                    {markers([one.event.derived_from])}
                    <span className="derivation">{derivationInWords(one.event)}</span>
                  </>
                )}
              </th>
              <td dir="auto">
                {withoutDate(one)}
                {markers(one.citations)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ConflictView({ conflict, markers }: { conflict: Conflict; markers: MarkersOf }) {
  return (
    <section className="conflict">
      <h3 className="label">
        Sources disagree{conflict.about && ": "}
        <span dir="auto">{conflict.about}</span>
      </h3>
      <ul>
        {conflict.values.map((side) => (
          <li key={side.value}>
            <p dir="auto">
              {side.value}
              {markers(side.citations)}
            </p>
            <small>{counted(side.independent_sources, "independent source")}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The quotes below an answer, so that a claim is checked at one glance. */
function Apparatus({ turn, quoted }: { turn: Turn; quoted: Citation[] }) {
  const title = turn.answer?.abstention ? "Closest passages" : "Sources";
  return (
    <section className="apparatus" aria-label={title}>
      <h3 className="label">{title}</h3>
      <ol data-many={quoted.length > 99}>
        {quoted.map((one) => (
          <li key={one.marker}>
            <Source turn={turn} citation={one} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Source({ turn, citation }: { turn: Turn; citation: Citation }) {
  const { marker, quote } = citation;
  const open = useStore(pane, (now) => isShown(now, turn.id, marker));
  return (
    <button
      type="button"
      className="source"
      data-source={marker}
      aria-current={open || undefined}
      onClick={() => openPane({ kind: "citation", turnId: turn.id, marker })}
    >
      <span className="number" aria-hidden="true">
        {marker}
      </span>
      {quote ? <q dir="auto">{quote}</q> : <em>The words of a deleted document are gone.</em>}
      <Reference citation={citation} state={turn.states[marker]} />
    </button>
  );
}
