import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { bundleWorker } from "./worker/bundle.ts";
import type { TestResult } from "./worker/test_stand_in.ts";

const { text, skip } = await bundleWorker(new URL("./worker/durable_object.ts", import.meta.url));
const results = skip === undefined ? await run(text!) : [];

describe("durableObjectDialect(), inside of a Durable Object", { skip: skip ?? false }, () => {
  it("runs the tests", () => assert.ok(results.length > 20, `${results.length} ran`));

  for (const { name, skip, error } of results) {
    // What runs the tests puts " > " between names of its own.
    it(name.replaceAll(" > ", ": "), { skip: skip ?? false }, () => assert.equal(error, undefined));
  }
});

async function run(script: string): Promise<readonly TestResult[]> {
  const { Miniflare } = await import("miniflare");
  const miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: "2026-01-01",
    compatibilityFlags: ["nodejs_compat"],
    durableObjects: { STORE: { className: "Store", useSQLite: true } },
  });
  try {
    const response = await miniflare.dispatchFetch("http://worker/");
    assert.equal(response.status, 200, await response.clone().text());
    return await response.json() as TestResult[];
  } finally {
    await miniflare.dispose();
  }
}
