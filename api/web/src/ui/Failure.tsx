/** Why there is no answer, and what can be done about it. */

import type { CallFailed } from "../service/http";
import { askAnew, conversation, isLast, type Turn } from "../state/conversation";
import { prefer } from "../state/preferences";
import { useStore } from "../state/store";
import { signIn } from "../state/views";

export function Failure({ turn, failure }: { turn: Turn; failure: CallFailed }) {
  const last = useStore(conversation, () => isLast(turn));
  const into = (collection: string) => {
    prefer({ collection });
    askAnew(turn, { collection, filters: {} });
  };
  return (
    <div className="failure" role="alert">
      <h3 className="label">{failure.title}</h3>
      <p dir="auto">{failure.message}</p>
      <p className="choices">
        {failure.status === 401 ? (
          <button type="button" className="primary" onClick={signIn}>
            Enter a key
          </button>
        ) : (
          last && (
            <button type="button" className="primary" onClick={() => askAnew(turn)}>
              Try again
            </button>
          )
        )}
        {last &&
          failure.known.map((name) => (
            <button key={name} type="button" className="secondary" onClick={() => into(name)}>
              Ask <bdi>{name}</bdi>
            </button>
          ))}
      </p>
      {failure.requestId && <small>Request {failure.requestId}</small>}
    </div>
  );
}
