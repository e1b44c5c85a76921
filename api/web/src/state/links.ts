/** Places that addresses name, as citations carry them to other programs: `#source=ID&version=V&start=1&end=9`. */

import { openPane, type Shown } from "./pane";

/** What a fragment names, or nothing where it names no document. Offsets that are none are left out. */
export function shownBy(fragment: string): Shown | null {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const documentId = said.get("source");
  if (!documentId) return null;
  const version = said.get("version");
  const [start, end] = [offset(said.get("start")), offset(said.get("end"))];
  const at = start !== null && end !== null && start < end ? { start, end } : null;
  return { kind: "document", documentId, ...(version && { version }), at };
}

/** Open what the page's address names, now and when it changes. */
export function followLinks(): void {
  const follow = () => {
    const shown = shownBy(location.hash);
    if (shown) openPane(shown);
  };
  addEventListener("hashchange", follow);
  follow();
}

function offset(written: string | null): number | null {
  return written !== null && /^\d{1,12}$/.test(written) ? Number(written) : null;
}
