import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { arrowsOf, assertLayers, assertNoCircle, folderOf } from "./_layers.ts";

/** Which folder may import which, beside itself. Arrows point down. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["bin.ts", "config"],
  "bin.ts": ["commands", "program"],
  "commands": [
    ...[
      "completion",
      "config",
      "connect",
      "console",
      "contract",
      "data",
      "doctor",
      "files",
      "fixtures",
      "health",
    ],
    ...[
      "mcp",
      "plugins",
      "policies",
      "program",
      "query",
      "repositories",
      "test_database",
      "seeds",
      "sql",
      "templates",
      "terminal",
      "times",
      "types",
      "watch",
    ],
  ],
  "completion": ["contract", "program"],
  "console": ["contract", "program", "sql", "terminal"],
  "mcp": ["config", "connect", "contract", "program", "terminal"],
  "repositories": ["config", "contract", "files"],
  "fixtures": ["config", "contract", "data"],
  "test_database": ["config", "connect", "contract", "program"],
  "watch": ["connect", "contract"],
  "seeds": ["config", "contract", "data", "program"],
  "program": ["config", "connect", "contract", "terminal"],
  "connect": ["config", "contract"],
  "config": ["contract"],
  "templates": ["contract", "files", "types"],
  "terminal": ["contract"],
  "sql": ["contract"],
  "times": ["contract"],
  "files": ["contract", "program"],
  "types": [],
  "data": [],
  "doctor": ["config", "connect", "contract", "policies", "program", "sql", "terminal"],
  "health": ["contract", "times"],
  "plugins": ["connect", "contract", "files", "program", "terminal"],
  "policies": ["contract", "data", "program", "sql", "terminal"],
  "query": ["doctor", "sql"],
  "contract": [],
};

const arrows = arrowsOf("@kysera/cli");

describe("the folders of the program", () => {
  it("import only what is below them", () => {
    assertLayers(arrows, MAY_IMPORT);
  });

  it("have no circle of imports at run time, what is loaded later included", () => {
    assert.ok(assertNoCircle(arrows) > 100);
  });

  it("keep the commands apart: only helpers are shared", () => {
    const found = arrows.filter(({ from, to }) =>
      folderOf(from) === "commands" && folderOf(to) === "commands" &&
      !/\/_[\w]+\.ts$/.test(to) && !/\/_(?:group|tree)\.ts$/.test(from)
    );
    assert.deepEqual(found, []);
  });
});
