import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Every import of a file of the application, both as paths from its folder. */
function imports(): { from: string; to: string }[] {
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => /^(features|platform)\/.*\.ts$/.test(file) && !file.endsWith("_test.ts"));
  return files.flatMap((from) => {
    const text = readFileSync(join(ROOT, from), "utf8");
    return [...text.matchAll(/ from "(\.[^"]+)"/g)].map(([, target]) => ({
      from,
      to: relative(ROOT, join(ROOT, dirname(from), target!)).replaceAll("\\", "/"),
    }));
  });
}

const featureOf = (file: string) => /^features\/([^/]+)/.exec(file)?.[1];

describe("the features", () => {
  it("use no routes and pages of each other", () => {
    const found = imports().filter(({ from, to }) =>
      /\/(route|pages)\.ts$/.test(to) && featureOf(from) !== featureOf(to)
    );
    // The pages of all features are put together in one place.
    assert.deepEqual([...new Set(found.map(({ from }) => from))], ["features/pages/route.ts"]);
  });

  it("are known to the platform where all of them meet", () => {
    const found = imports().filter(({ from, to }) =>
      from.startsWith("platform/") && to.startsWith("features/")
    );
    assert.deepEqual([...new Set(found.map(({ from }) => from))].sort(), [
      "platform/schema.ts",
      "platform/shop.ts",
    ]);
  });
});
