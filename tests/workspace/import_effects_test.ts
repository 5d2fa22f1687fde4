import assert from "node:assert/strict";
import { relative } from "node:path";
import { describe, it } from "node:test";
import { parseSource, sourceFiles } from "../../scripts/source.ts";
import { members, ROOT } from "../../scripts/workspace.ts";
import { importEffectsIn } from "./_import_effects.ts";

/** A program runs when it is called. */
const PROGRAMS = ["@kysera/cli"];

describe("when it is imported", () => {
  for (const member of members().filter(({ name }) => !PROGRAMS.includes(name))) {
    it(`${member.name} does nothing`, () => {
      const files = sourceFiles(member);
      assert.ok(files.length > 0);
      const found = files.flatMap((file) =>
        importEffectsIn(parseSource(file)).map((effect) => `${relative(ROOT, file)}:${effect}`)
      );
      assert.deepEqual(found, []);
    });
  }
});

describe("importEffectsIn()", () => {
  const found = [
    "const nonce = crypto.randomUUID();",
    "export const started: number = Date.now();",
    "const started = new Date();",
    "const draw = { value: Math.random() };",
    "let timer = setTimeout(() => {}, 1);",
    "setInterval(tick, 1000);",
    'const text = await fetch("https://example.org");',
    "await ready;",
    "const id = (() => crypto.randomUUID())();",
    "class Clock { static start = performance.now(); }",
    "class Clock { static { queueMicrotask(tick); } }",
    "register();",
    'import "./side_effect.ts";',
    "const home = process.env.HOME;",
  ];
  for (const text of found) {
    it(`finds: ${text}`, () => {
      assert.equal(importEffectsIn(parseSource("a.ts", text)).length, 1);
    });
  }

  const passed = [
    "const make = () => crypto.randomUUID();",
    "function now(): number { return Date.now(); }",
    "class Clock { start = performance.now(); now() { return Date.now(); } }",
    "const names = new Set(['a'].map((name) => name.trim()));",
    "const epoch = new Date(0);",
    "interface Options { crypto: Crypto; fetch: typeof fetch }",
    "export const LIMITS: Map<string, number> = new Map(); export { LIMITS as limits };",
    "class Failure extends Error { static { this.prototype.name = 'Failure'; } }",
    'import { a } from "./a.ts"; export * from "./b.ts";',
    "const SYSTEM = { random: Math.random, now: Date.now };",
    "const has = typeof process !== 'undefined';",
  ];
  for (const text of passed) {
    it(`lets pass: ${text}`, () => {
      assert.deepEqual(importEffectsIn(parseSource("a.ts", text)), []);
    });
  }
});
