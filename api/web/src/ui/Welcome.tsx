/** The page before a first question: what can be asked, or how to begin. */

import type { Collection } from "../contract";
import { path } from "../service/http";
import { useCall } from "../service/useCall";
import { askAt } from "../state/conversation";
import { preferences } from "../state/preferences";
import { useStore } from "../state/store";
import { signIn, view } from "../state/views";
import { counted } from "../text/wording";
import { asking } from "./Thread";

export function Welcome() {
  const collection = useStore(preferences, (now) => now.collection);
  const seen = useStore(view, (now) => now === "conversation"); // it is asked again after the documents were shown
  const held = useCall<{ collections: Collection[] }>(seen ? "v1/collections" : null);
  const here = held.value?.collections.find((one) => one.name === collection);
  const offered = useCall<{ questions: string[] }>(
    here ? path`v1/collections/${collection}/suggestions` : null,
  );
  return (
    <div className="welcome">
      <p className="motto" aria-hidden="true">
        ¶
      </p>
      <h1>Ask your documents; get chapter and verse.</h1>
      {held.failure ? (
        <div className="failure" role="alert">
          <h2 className="label">{held.failure.title}</h2>
          <p>{held.failure.message}</p>
          <p className="choices">
            {held.failure.status === 401 ? (
              <button type="button" className="primary" onClick={signIn}>
                Enter a key
              </button>
            ) : (
              <button type="button" className="primary" onClick={held.reload}>
                Try again
              </button>
            )}
          </p>
        </div>
      ) : !held.value ? (
        <p className="searched" aria-busy="true">
          Opening the documents…
        </p>
      ) : here ? (
        <p className="lead">
          Every statement is backed by its words in{" "}
          <strong>{counted(here.documents, "document")}</strong>, quoted to the letter. Where they
          do not say, neither does the answer.
        </p>
      ) : (
        <div className="lead">
          <p>
            There are no documents in <bdi className="collection">{collection}</bdi> yet.
          </p>
          <button type="button" className="primary" onClick={() => view.set(() => "documents")}>
            Add documents
          </button>
        </div>
      )}
      {offered.value?.questions.length ? (
        <section className="suggestions" aria-label="Questions to begin with">
          <h2 className="label">To begin with</h2>
          <ul>
            {offered.value.questions.map((question) => (
              <li key={question}>
                <button type="button" dir="auto" onClick={() => void askAt(asking(question))}>
                  {question}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}
