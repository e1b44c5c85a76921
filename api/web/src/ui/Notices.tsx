/** What the page says by the way, and the one live region of screen readers. */

import { dismiss, notices, spoken } from "../state/notices";
import { useStore } from "../state/store";
import { Icon } from "./icons";

export function Notices() {
  const shown = useStore(notices, (now) => now);
  const words = useStore(spoken, (now) => now);
  return (
    <>
      <p className="hidden" role="status">
        {words}
      </p>
      <div className="notices">
        {shown.map((one) => (
          <div
            key={one.id}
            className="notice"
            data-bad={one.bad}
            role={one.bad ? "alert" : "status"}
          >
            <span>{one.text}</span>
            {one.undo && (
              <button
                type="button"
                className="secondary"
                onClick={() => {
                  one.undo?.();
                  dismiss(one.id);
                }}
              >
                Undo
              </button>
            )}
            <button
              type="button"
              className="quiet"
              aria-label="Dismiss"
              onClick={() => dismiss(one.id)}
            >
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
