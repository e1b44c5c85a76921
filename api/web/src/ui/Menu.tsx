/** A button that unfolds choices; it folds up once one is taken, or something else is. */

import { type ReactNode, useRef } from "react";

export function Menu({
  label,
  choices,
}: {
  label: ReactNode;
  choices: { words: string; take: () => void }[];
}) {
  const menu = useRef<HTMLDetailsElement>(null);
  const fold = () => menu.current?.removeAttribute("open");
  return (
    <details
      ref={menu}
      className="menu"
      onBlur={(event) => {
        if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) fold();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !menu.current?.open) return;
        event.stopPropagation();
        fold();
        menu.current.querySelector("summary")?.focus();
      }}
    >
      <summary>{label}</summary>
      <div className="menu-items">
        {choices.map(({ words, take }) => (
          <button
            key={words}
            type="button"
            onClick={() => {
              take();
              fold();
            }}
          >
            {words}
          </button>
        ))}
      </div>
    </details>
  );
}
