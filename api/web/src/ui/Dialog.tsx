/** The browser's own modal dialog, which keeps the focus inside and gives it back. */

import { type ReactNode, useEffect, useId, useRef } from "react";
import { Icon } from "./icons";

export function Dialog({
  open,
  title,
  onClose,
  children,
}: {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open && !element.current?.open) {
      element.current?.showModal();
      element.current?.querySelector<HTMLElement>("[data-first]")?.focus();
    }
    if (!open && element.current?.open) element.current.close();
  }, [open]);
  return (
    <dialog ref={element} className="dialog" aria-labelledby={id} onClose={onClose}>
      {open && (
        <>
          <header>
            <h2 id={id}>{title}</h2>
            <button type="button" className="quiet" aria-label="Close" onClick={onClose}>
              <Icon name="close" />
            </button>
          </header>
          {children}
        </>
      )}
    </dialog>
  );
}
