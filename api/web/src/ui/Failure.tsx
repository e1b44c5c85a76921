/** Why there is no answer, and what can be done about it. */

import type { CallFailed } from "../service/http";
import { askAt, conversation, type Turn } from "../state/conversation";
import { prefer } from "../state/preferences";
import { signIn } from "../state/views";

export function Failure({ turn, failure }: { turn: Turn; failure: CallFailed }) {
  const again = () => {
    const at = conversation.get().turns.findIndex((one) => one.id === turn.id);
    void askAt(turn.asked, at < 0 ? undefined : at);
  };
  const into = (collection: string) => {
    prefer({ collection });
    const at = conversation.get().turns.findIndex((one) => one.id === turn.id);
    void askAt({ ...turn.asked, collection, filters: {} }, at);
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
          <button type="button" className="primary" onClick={again}>
            Try again
          </button>
        )}
        {failure.known.map((name) => (
          <button key={name} type="button" className="secondary" onClick={() => into(name)}>
            Ask <bdi>{name}</bdi>
          </button>
        ))}
      </p>
      {failure.requestId && <small>Request {failure.requestId}</small>}
    </div>
  );
}
