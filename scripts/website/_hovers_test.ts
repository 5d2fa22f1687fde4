import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { samplesOf } from "../../tests/workspace/_samples.ts";
import { ROOT } from "../workspace.ts";
import { hoversOf } from "./_hovers.ts";

it("hoversOf() says the types of names that samples before have made", () => {
  const file = "website/quick-start.md";
  const hovers = hoversOf([file]);
  const { code } = samplesOf(readFileSync(join(ROOT, file), "utf8"))
    .find(({ code }) => code.includes("await softDelete(executor"))!;
  const said = hovers[code]!.map(({ start, end, text }) => [code.slice(start, end), text] as const);
  const of = (name: string) => said.find(([each]) => each === name)?.[1];
  assert.equal(
    of("executor"),
    "const executor: KyseraExecutor<Database, readonly [SoftDeletePlugin]>",
  );
  assert.match(of("softDelete")!, /Promise<number>$/);
  assert.match(of("posts")!, /title: string;\s+name: string;\s+\}>$/);
  assert.equal(of("console"), undefined);
});
