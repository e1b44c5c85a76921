import { describe, expect, it } from "vitest";
import type { Answer, Citation } from "../src/contract";
import { shownBy } from "../src/state/links";
import { utf16Offsets } from "../src/text/codepoints";
import { answerAsMarkdown, escaped } from "../src/text/exporting";
import { segments } from "../src/text/segments";
import {
  counted,
  dateInWords,
  derivationInWords,
  foundInWords,
  modelInWords,
  placeInWords,
  scopeInWords,
  timeInWords,
  withoutDate,
} from "../src/text/wording";
import given from "./answer.json";

describe("offsets", () => {
  it("count code points, where JavaScript counts UTF-16 units", () => {
    const text = "a😀b𝒳c";
    expect(utf16Offsets(text, [0, 1, 2, 3, 4, 5])).toEqual([0, 1, 3, 4, 6, 7]);
    expect(text.slice(...(utf16Offsets(text, [1, 4]) as [number, number]))).toBe("😀b𝒳");
  });
  it("end where the text does", () => {
    expect(utf16Offsets("😀", [1, 5])).toEqual([2, 2]);
  });
});

describe("segments", () => {
  const text = "😀 Gates\nThe north gate.\nLocks\nA lock.";
  const slice = { text, start: 100, end: 100 + Array.from(text).length };

  it("are the text to the letter, and what is marked is what was asked for", () => {
    const landmarks = [
      { kind: "section" as const, start: 102, label: "Harbour › Gates" },
      { kind: "page" as const, start: 112, label: "p. 2" },
    ];
    const cut = segments(slice, [{ start: 108, end: 123 }], landmarks);
    expect(cut.map((one) => one.text).join("")).toBe(text);
    const marked = cut.filter((one) => one.marked).map((one) => one.text);
    expect(marked.join("")).toBe("The north gate.");
    expect(marked).toHaveLength(2); // a page begins inside of it
    expect(cut.find((one) => one.heading)?.text).toBe("Gates");
    expect(cut.find((one) => one.labels.length)?.labels[0]?.label).toBe("p. 2");
  });

  it("mark as much of a range as there is", () => {
    const cut = segments(slice, [{ start: 0, end: 107 }], []);
    expect(cut.map((one) => [one.text, one.marked])[0]).toEqual(["😀 Gates", true]);
  });

  it("take for a heading only what stands in the text", () => {
    const cut = segments(slice, [], [{ kind: "section", start: 100, label: "Elsewhere" }]);
    expect(cut.some((one) => one.heading)).toBe(false);
  });
});

describe("words", () => {
  it("tell dates as far as they are known", () => {
    expect(dateInWords("2023-07-26")).toBe("26 July 2023");
    expect(dateInWords("2024-09")).toBe("September 2024");
    expect(dateInWords("0987")).toBe("987");
    expect(dateInWords("soon")).toBe("soon");
  });
  it("tell places and times", () => {
    expect(timeInWords(3725.9)).toBe("1:02:05");
    expect(timeInWords(65)).toBe("1:05");
    const place = { ...citation(1), page: 3, page_label: "iii", time_s: 65, time_end_s: 70 };
    expect(placeInWords(place)).toEqual(["p. iii", "1:05–1:10"]);
    const inside = { page: null, time_s: null, document_title: "Notes" };
    expect(placeInWords({ ...inside, section: "Notes › Gates" })).toEqual(["§ Gates"]);
    expect(placeInWords({ ...inside, section: "Notes" })).toEqual([]);
  });
  it("say how a date is known, once", () => {
    const event = { date: "2023-07", derived_from: 1 };
    const told = (rule: string) => derivationInWords({ ...event, precision: "month", rule });
    expect(told("stated")).toBe("as the text says, known to the month");
    expect(told("weeks-after-anchor")).toMatch(
      /counted in weeks after the text's own date, known to the month$/,
    );
    expect(told("new_rule")).toMatch(/^worked out: new rule, /);
    expect(foundInWords("user")).toBe("given by a person");
    expect(foundInWords("dateline")).toBe("found by “dateline”");
    const row = { text: "July 2023: the minister", citations: [], event: null };
    expect(withoutDate(row)).toBe(row.text);
    const dated = { ...event, precision: "month" as const, rule: "stated" };
    expect(withoutDate({ ...row, event: dated })).toBe("the minister");
  });
  it("count", () => {
    expect(counted(1, "document")).toBe("1 document");
    expect(counted(1200, "document")).toBe("1,200 documents");
  });
  it("what is searched", () => {
    const [from, until] = ["2024-01-02", "2024-02-03"];
    expect(scopeInWords({})).toBe("all documents");
    expect(scopeInWords({ document_ids: ["a"] })).toBe("1 chosen document");
    expect(scopeInWords({ document_ids: ["a", "b"], published_after: from })).toBe(
      "2 chosen documents published from 2 January 2024",
    );
    expect(scopeInWords({ published_after: from, published_before: until })).toBe(
      "documents published from 2 January 2024 until 3 February 2024",
    );
    expect(scopeInWords({ published_after: from, published_before: from })).toBe(
      "documents of 2 January 2024",
    );
  });
});

describe("what became of a language model", () => {
  const answer = given as Answer;
  const own = ", so these are the documents’ own sentences";
  it("is told where it did not write the whole answer, and whose sentences stand there", () => {
    const failed = { ...answer, degraded: true };
    expect(modelInWords({ ...failed, composer: "chat" }, false)).toBe(
      "the language model broke off",
    );
    expect(modelInWords({ ...failed, composer: "extractive" }, false)).toBe(
      `the language model could not be used${own}`,
    );
    expect(modelInWords({ ...answer, composer: "extractive" }, true)).toBe(
      `the language model found no answer${own}`,
    );
    const abstention = {
      reason: "",
      searched: { collection: "", documents: 1, passages: 1 },
      closest: [],
    };
    expect(modelInWords({ ...failed, composer: "extractive", abstention }, false)).toBe(
      "the language model could not be used",
    );
    expect(modelInWords({ ...answer, composer: "chat" }, false)).toBeUndefined();
  });
});

describe("addresses", () => {
  it("name a place of a document, and nothing else", () => {
    expect(shownBy("#source=d%2F1&version=sha256%3Aab&start=3&end=12")).toEqual({
      kind: "document",
      documentId: "d/1",
      version: "sha256:ab",
      at: { start: 3, end: 12 },
    });
    for (const none of ["start=3", "start=-1&end=2", "start=9&end=2", "start=1e3&end=2000"])
      expect(shownBy(`#source=d&${none}`)).toEqual({ kind: "document", documentId: "d", at: null });
    for (const other of ["", "#", "#main", "#start=1&end=2"]) expect(shownBy(other)).toBeNull();
  });
});

describe("Markdown", () => {
  it("holds statements, quotes and places", () => {
    const answer = {
      question: "Who?",
      statements: [{ text: "It was *Ann*.", citations: [1], event: null }],
      citations: [{ ...citation(1), quote: "It was *Ann*.\nIndeed.", page: 2 }],
      conflicts: [],
      missing: ["when"],
      abstention: null,
    } as unknown as Answer;
    const written = answerAsMarkdown(answer);
    expect(written).toContain("It was \\*Ann\\*. [1]");
    expect(written).toContain("1. Records, p. 2, characters 0–5, 29 July 2023");
    expect(written).toContain("    > It was \\*Ann\\*.\n    > Indeed.");
    expect(written).toContain("- when");
  });
  it("keeps every citation of an answer as the service gives it", () => {
    const answer = given as Answer;
    const footnotes = answerAsMarkdown(answer)
      .split("Sources:\n\n")[1]
      ?.split(/\n\n(?=\d+\. )/);
    expect(footnotes).toHaveLength(answer.citations.length);
    for (const [place, one] of answer.citations.entries()) {
      const [head, quote] = (footnotes?.[place] ?? "").trimEnd().split("\n\n");
      expect(head).toMatch(new RegExp(`^${one.marker}\\. `));
      expect(plain(head ?? "")).toContain(one.document_title);
      expect(head).toContain(`characters ${one.start}–${one.end}`);
      expect(plain(quote ?? "").replaceAll(/^ {4}> /gm, "")).toBe(one.quote);
    }
  });
  it("makes no link, image or HTML of the words of a document", () => {
    for (const hostile of [
      "![x](https://elsewhere.example)",
      "<img src=x>",
      "https://elsewhere.example",
      "www.elsewhere.example",
      "[x]: javascript:1",
    ]) {
      expect(escaped(hostile)).not.toMatch(/(?<!\\)[<[\]!]|(?<!\\):\/\/|www\.(?!\\)/);
    }
    expect(escaped("1. a - b\n- c")).toBe("1\\. a - b\n\\- c");
  });
});

/** What Markdown shows of escaped words. */
function plain(written: string): string {
  return written.replaceAll(/\\(?=[^\w\s])/g, "");
}

function citation(marker: number): Citation {
  return {
    marker,
    document_title: "Records",
    published: "2023-07-29",
    quote: "Words",
    start: 0,
    end: 5,
    page: null,
    time_s: null,
  } as Citation;
}
