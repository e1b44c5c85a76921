/** How the page looks, how answers are written, and the key where one is asked for. */

import { holdKey, keyInUse } from "../state/credentials";
import { forgetTurns } from "../state/history";
import { announce } from "../state/notices";
import { offered, type Preferences, prefer, preferences, type Theme } from "../state/preferences";
import { useStore } from "../state/store";
import { dialog, signedIn, signIn } from "../state/views";
import { Dialog } from "./Dialog";
import { HistoryList } from "./HistoryList";

const THEMES: [Theme, string][] = [
  ["system", "As the system has it"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const COMPOSERS: [Preferences["composer"], string][] = [
  ["auto", "By the language model, or by sentences where it cannot be used"],
  ["extractive", "By sentences of the documents, to the letter"],
];
const KEYS: [string, string][] = [
  ["Enter", "ask"],
  ["Shift Enter", "new line"],
  ["Esc", "stop; close the source"],
  ["[ and ]", "previous and next citation, in the source"],
];

function close(): void {
  dialog.set(() => null);
}

export function Dialogs() {
  return (
    <>
      <Settings />
      <SignIn />
    </>
  );
}

function Settings() {
  const open = useStore(dialog, (now) => now);
  const { theme, composer } = useStore(preferences, (now) => now);
  const choice = useStore(offered, (now) => (now?.composers.length ?? 0) > 1);
  const key = useStore(signedIn, () => keyInUse());
  return (
    <>
      <Dialog open={open === "settings"} title="Settings" onClose={close}>
        <Choice
          legend="Appearance"
          chosen={theme}
          options={THEMES}
          onChoose={(value) => prefer({ theme: value })}
        />
        {choice ? (
          <Choice
            legend="How answers are written"
            chosen={composer}
            options={COMPOSERS}
            onChoose={(value) => prefer({ composer: value })}
          />
        ) : (
          <section>
            <h3 className="label">How answers are written</h3>
            <p>By sentences of the documents, to the letter: no language model is set up here.</p>
          </section>
        )}
        <section>
          <h3 className="label">Key</h3>
          <p>
            {key
              ? "A key is held for this browser tab, and sent with each call."
              : "No key is held. One is needed only where the service asks for it."}
          </p>
          <p className="choices">
            <button type="button" className="secondary" onClick={signIn}>
              {key ? "Enter another key" : "Enter a key"}
            </button>
            {key && (
              <button type="button" className="secondary" onClick={signOut}>
                Sign out
              </button>
            )}
          </p>
        </section>
        <section>
          <h3 className="label">Keyboard</h3>
          <dl className="keys">
            {KEYS.map(([keys, does]) => (
              <div key={keys}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section>
          <h3 className="label">Earlier conversations</h3>
          <p>
            This browser keeps what was asked; the answers stay with the service, as long as its
            operator says.
          </p>
          <button type="button" className="secondary" onClick={() => forgetTurns()}>
            Forget them all here
          </button>
        </section>
      </Dialog>
      <Dialog open={open === "history"} title="Earlier conversations" onClose={close}>
        <div className="contents-in-dialog">
          <HistoryList />
        </div>
      </Dialog>
    </>
  );
}

function Choice<T extends string>({
  legend,
  chosen,
  options,
  onChoose,
}: {
  legend: string;
  chosen: T;
  options: [T, string][];
  onChoose: (value: T) => void;
}) {
  return (
    <fieldset>
      <legend className="label">{legend}</legend>
      {options.map(([value, words]) => (
        <label key={value} className="option">
          <input
            type="radio"
            name={legend}
            checked={value === chosen}
            onChange={() => onChoose(value)}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}

function SignIn() {
  const open = useStore(dialog, (now) => now === "sign-in");
  return (
    <Dialog open={open} title="Enter your key" onClose={close}>
      <form
        className="sign-in"
        onSubmit={(event) => {
          event.preventDefault();
          const key = new FormData(event.currentTarget).get("key");
          if (typeof key === "string" && key.trim()) {
            holdKey(key.trim());
            signedIn.set((now) => now + 1);
            announce("The key is held for this tab.");
            close();
          }
        }}
      >
        <p>
          This service answers those who have a key; its operator makes one with{" "}
          <code>verse keys create</code>. It stays in this tab until the tab is closed.
        </p>
        <label>
          Key
          <input
            name="key"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            data-first=""
          />
        </label>
        <button type="submit" className="primary">
          Use this key
        </button>
      </form>
    </Dialog>
  );
}

function signOut(): void {
  holdKey(null);
  signedIn.set((now) => now + 1);
}
