/**
 * Loaded in front of every test file on Deno, which tells neither why a test was skipped nor of
 * promises that were rejected outside of tests: puts {@link ./deno_stand_in.ts} in the place of
 * `node:test`.
 *
 * @module
 */
import { registerHooks } from "node:module";
import { note } from "./deno_notes.ts";

const standIn = new URL("./deno_stand_in.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    return specifier === "node:test" && context.parentURL !== standIn
      ? { url: standIn, format: "module", shortCircuit: true }
      : next(specifier, context);
  },
});

globalThis.addEventListener("unhandledrejection", ({ reason }) => {
  note({ rejection: reason instanceof Error ? reason.stack ?? String(reason) : String(reason) });
});
