/** What modules ask of a page when they are loaded. */

Object.assign(globalThis, { document: { baseURI: "http://127.0.0.1:8000/" } });
