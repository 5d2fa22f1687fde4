import { describe, it } from "node:test";
import assert from "node:assert/strict";
import process from "node:process";
import { runWatched } from "./run.ts";

function watch(code: string) {
  return runWatched([process.execPath, "eval", code], {
    limitMs: 1_500,
    isProgress: (line) => line.startsWith("ok"),
  });
}

describe("runWatched()", () => {
  it("leaves a program alone that makes progress", async () => {
    const { code, output, hung } = await watch(`
      for (let i = 0; i < 10; i++) {
        await Deno.stdout.write(new TextEncoder().encode("ok"));
        console.log();
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      Deno.exit(3);
    `);
    assert.deepEqual({ code, hung }, { code: 3, hung: false });
    assert.equal(output.match(/ok/g)?.length, 10);
  });

  it("ends a program that goes on without any", async () => {
    const { hung, output } = await watch(`setInterval(() => console.log("busy"), 100)`);
    assert.equal(hung, true);
    assert.match(output, /busy/);
  });

  it("kills a program that cannot be interrupted, and what it has started", async () => {
    const { hung, output, seconds } = await watch(`
      Deno.addSignalListener("SIGINT", () => {});
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", "setInterval(() => {}, 1000)"],
      }).spawn();
      console.log("started " + child.pid);
      await child.status;
      setInterval(() => {}, 1000);
    `);
    assert.equal(hung, true);
    assert.ok(seconds < 30, `${seconds} s`);
    const pid = Number(/started (\d+)/.exec(output)![1]);
    assert.throws(() => process.kill(pid, 0));
  });
});
