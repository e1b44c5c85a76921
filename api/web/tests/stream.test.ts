import { expect, it } from "vitest";
import { events } from "../src/service/asking";

const SENT = [
  ": ping\n\n",
  'event: search_results\ndata: {"id":"a","passages":[]}\nid: a.1\n\n',
  'event: statement\r\ndata: {"text":"Größe 😀 <b>",\r\ndata: "citations":[1]}\r\nid: a.2\r\n\r\n',
  'event: done\ndata: {"id":"a"}\nid: a.3\n\n',
].join("");

async function read(pieces: Uint8Array[]) {
  const body = new ReadableStream<Uint8Array>({
    start(control) {
      for (const one of pieces) control.enqueue(one);
      control.close();
    },
  });
  const found = [];
  for await (const one of events(body)) found.push(one);
  return found;
}

it("reads the same events wherever the stream is cut", async () => {
  const bytes = new TextEncoder().encode(SENT);
  const whole = await read([bytes]);
  expect(whole.map((one) => one.event)).toEqual(["search_results", "statement", "done"]);
  expect(whole[1]?.data).toEqual({ text: "Größe 😀 <b>", citations: [1] });
  for (let at = 1; at < bytes.length; at += 1) {
    expect(await read([bytes.slice(0, at), bytes.slice(at)])).toEqual(whole);
  }
});

it("makes no event of what was cut off", async () => {
  const bytes = new TextEncoder().encode(SENT.slice(0, SENT.lastIndexOf("event: done") + 20));
  expect((await read([bytes])).map((one) => one.event)).toEqual(["search_results", "statement"]);
});
