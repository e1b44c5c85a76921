/** What a question goes to: the collection, and which of its documents. */

import { preferences, scope } from "../state/preferences";
import { useStore } from "../state/store";
import { view } from "../state/views";
import { isRestricted, scopeInWords } from "../text/wording";
import { Icon } from "./icons";

export function ScopeChip() {
  const collection = useStore(preferences, (now) => now.collection);
  const filters = useStore(scope, (now) => now);
  const restricted = isRestricted(filters);
  return (
    <span className="scope">
      <button type="button" className="quiet" onClick={() => view.set(() => "documents")}>
        <span>
          In <bdi className="collection">{collection}</bdi>
          {restricted && `: ${scopeInWords(filters)}`}
        </span>
      </button>
      {restricted && (
        <button
          type="button"
          className="quiet"
          aria-label="Ask all documents again"
          onClick={() => scope.set(() => ({}))}
        >
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}
