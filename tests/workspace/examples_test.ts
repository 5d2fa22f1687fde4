import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../../scripts/workspace.ts";

/** Projects of their own, which the tasks of the repository leave out. */
const EXAMPLES = ["blog-app"];

describe("the examples", () => {
  for (const example of EXAMPLES) {
    it(`${example} is formatted, without findings of the linter, and its types are right`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["task", "check"], {
        cwd: join(ROOT, "examples", example),
        encoding: "utf8",
        env: { ...process.env, NO_COLOR: "1" },
      });
      assert.equal(status, 0, stdout + stderr);
    });
  }
});
