/** Where files come in: dropped, or chosen one by one or as a folder, each with how far it is. */

import { useRef, useState } from "react";
import {
  addAll,
  type Chosen,
  clearUploads,
  dropped,
  isOver,
  type Upload,
  uploads,
} from "../service/uploads";
import { complain } from "../state/notices";
import { useStore } from "../state/store";
import { sizeInWords } from "../text/wording";
import { Icon } from "./icons";

export function Intake({
  collection,
  onArrived,
  onCollection,
}: {
  collection: string;
  onArrived: () => void;
  onCollection: (name: string) => void;
}) {
  const coming = useStore(uploads, (now) => now);
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const add = (chosen: Chosen[]) => {
    if (chosen.length) addAll(chosen, collection, onArrived);
  };
  return (
    <section className="intake" aria-label="Add documents">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same by keyboard */}
      <div
        className="drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          dropped(event.dataTransfer.items).then(add, complain);
        }}
      >
        <p>
          Drop files or folders here, or{" "}
          <button type="button" className="secondary" onClick={() => files.current?.click()}>
            Choose files
          </button>{" "}
          <button type="button" className="secondary" onClick={() => folder.current?.click()}>
            Choose a folder
          </button>
        </p>
        <p className="hint">
          PDF, web pages, Markdown, text, transcripts, mail, Word, PowerPoint, Excel, CSV, EPUB.
        </p>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          data-files=""
          onChange={(event) => {
            add([...(event.currentTarget.files ?? [])].map((file) => ({ file, sourceKey: null })));
            event.currentTarget.value = "";
          }}
        />
        <input
          ref={folder}
          type="file"
          hidden
          {...{ webkitdirectory: "" }}
          onChange={(event) => {
            add(
              [...(event.currentTarget.files ?? [])]
                .filter((file) => !file.name.startsWith("."))
                .map((file) => ({ file, sourceKey: file.webkitRelativePath || null })),
            );
            event.currentTarget.value = "";
          }}
        />
        <form
          className="other-collection"
          onSubmit={(event) => {
            event.preventDefault();
            const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
            if (name) onCollection(name);
            event.currentTarget.reset();
          }}
        >
          <label>
            Another collection{" "}
            <input name="name" type="text" maxLength={200} placeholder="its name" required />
          </label>
          <button type="submit" className="secondary">
            Open
          </button>
        </form>
      </div>
      {coming.length > 0 && (
        <div className="coming">
          <ul>
            {coming.map((one) => (
              <Coming key={one.id} upload={one} />
            ))}
          </ul>
          {coming.some(isOver) && (
            <button type="button" className="quiet" onClick={clearUploads}>
              <Icon name="close" /> Clear what is done
            </button>
          )}
        </div>
      )}
    </section>
  );
}

function Coming({ upload }: { upload: Upload }) {
  const { document } = upload;
  const part = upload.total > 0 ? upload.done / upload.total : undefined;
  return (
    <li data-state={upload.state}>
      <span className="coming-name" dir="auto">
        {upload.name}
      </span>
      <span className="coming-state" role="status">
        {inWords(upload)}
      </span>
      {!isOver(upload) && (
        <progress aria-label={`Progress of ${upload.name}`} value={part} max={1} />
      )}
      {document && document.report.warnings.length > 0 && (
        <ul className="warnings">
          {document.report.warnings.map((one) => (
            <li key={one} dir="auto">
              {one}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function inWords(one: Upload): string {
  switch (one.state) {
    case "waiting":
      return "waits its turn";
    case "sending":
      return "is sent";
    case "queued":
      return "waits to be read";
    case "parsing":
      return one.total ? `page ${one.done} of ${one.total}` : "is read";
    case "embedding":
      return one.total ? `passage ${one.done} of ${one.total}` : "is embedded";
    case "committed":
      return one.document ? `can be asked: ${sizeInWords(one.document.report)}` : "can be asked";
    case "failed":
      return one.failure ?? "could not be added";
  }
}
