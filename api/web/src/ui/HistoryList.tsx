/** The conversations of this browser, the latest first. */

import { conversation, reopen } from "../state/conversation";
import { forgetTurns, history } from "../state/history";
import { pane } from "../state/pane";
import { useStore } from "../state/store";
import { dialog, view } from "../state/views";
import { Icon } from "./icons";

export function HistoryList() {
  const kept = useStore(history, (now) => now);
  const current = useStore(conversation, (now) => now.id);
  return (
    <>
      {kept.length === 0 && <p className="hint">What you ask is listed here, in this browser.</p>}
      <ul>
        {kept.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              className="entry"
              title={one.turns[0]?.asked.question}
              dir="auto"
              aria-current={one.id === current || undefined}
              onClick={() => {
                view.set(() => "conversation");
                dialog.set(() => null);
                pane.set(() => null);
                if (one.id !== conversation.get().id) void reopen(one);
              }}
            >
              {one.turns[0]?.asked.question}
            </button>
            <button
              type="button"
              className="quiet forget"
              aria-label={`Forget: ${one.turns[0]?.asked.question ?? ""}`}
              onClick={() => forgetTurns(one.id)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
