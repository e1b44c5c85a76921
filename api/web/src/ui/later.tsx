/** Parts of the page that a first question does not need: they come once it stands. */

import { type ComponentType, type LazyExoticComponent, lazy } from "react";

const waiting: (() => void)[] = [];

/** A part that is fetched when it is shown, or before that when the browser has nothing else to do. */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
): LazyExoticComponent<ComponentType<P>> {
  let coming: Promise<{ default: ComponentType<P> }> | null = null;
  const fetched = () => {
    coming ??= load().then(
      (part) => ({ default: part }),
      () => ({ default: Missing as ComponentType<P> }),
    );
    return coming;
  };
  waiting.push(() => void fetched());
  return lazy(fetched);
}

/** Fetch all that is not there yet, so that it is there when the connection is not. */
export function fetchLater(): void {
  for (const one of waiting.splice(0)) one();
}

/** Stands where a part could not be fetched. */
function Missing() {
  return (
    <div className="failure" role="alert">
      <p>This part of the page could not be loaded. Load the page again; nothing was lost.</p>
      <p className="choices">
        <button type="button" className="primary" onClick={() => location.reload()}>
          Load again
        </button>
      </p>
    </div>
  );
}
