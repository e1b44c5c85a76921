import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const OUT = "../static";
const PDF = "node_modules/pdfjs-dist";
const { version } = JSON.parse(readFileSync(`${PDF}/package.json`, "utf8")) as { version: string };
const PARTS = `assets/pdf-${version}`;

/**
 * What pdf.js fetches while it draws: character maps, standard fonts, and decoders that need no
 * WebAssembly; and the licence of the font, which no script imports.
 */
function copiedParts(): Plugin {
  return {
    name: "copied-parts",
    closeBundle() {
      cpSync("node_modules/@fontsource-variable/literata/LICENSE", `${OUT}/literata-licence.txt`);
      for (const part of ["cmaps", "standard_fonts"]) {
        cpSync(`${PDF}/${part}`, `${OUT}/${PARTS}/${part}`, { recursive: true });
      }
      for (const part of [
        "jbig2_nowasm_fallback.js",
        "openjpeg_nowasm_fallback.js",
        "LICENSE_JBIG2",
        "LICENSE_OPENJPEG",
        "LICENSE_PDFJS_JBIG2",
        "LICENSE_PDFJS_OPENJPEG",
      ]) {
        cpSync(`${PDF}/wasm/${part}`, `${OUT}/${PARTS}/wasm/${part}`);
      }
    },
  };
}

/** The digest of all that this is built from, by which a test without Node tells that it is up to date. */
function sourcesDigest(): Plugin {
  const sources = ["index.html", "package-lock.json", "vite.config.ts"];
  for (const folder of ["public", "src"]) {
    for (const one of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (one.isFile()) sources.push(`${one.parentPath}/${one.name}`);
    }
  }
  return {
    name: "sources-digest",
    closeBundle() {
      const digest = createHash("sha256");
      for (const path of sources.sort()) {
        digest.update(`${path}\0`).update(readFileSync(path)).update("\0");
      }
      writeFileSync(`${OUT}/sources.sha256`, `${digest.digest("hex")}\n`);
    },
  };
}

// Every address in what is built is relative, so that it works below any prefix of a proxy.
export default defineConfig({
  base: "./",
  define: { __PDF_PARTS__: JSON.stringify(`${PARTS}/`) },
  plugins: [react(), copiedParts(), sourcesDigest()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the policy lets nothing be loaded from data: addresses
    modulePreload: { polyfill: false },
    license: { fileName: "licences.md" },
    chunkSizeWarningLimit: 1500,
  },
});
