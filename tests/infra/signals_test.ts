/** A signal of the operating system, sent to this very process. */
import { registerShutdownHandlers } from "@kysera/infra/signals";
import assert from "node:assert/strict";
import process from "node:process";
import { it } from "node:test";

const skip = process.platform === "win32" ? "there are no such signals on Windows" : false;

it("registerShutdownHandlers() has a signal begin the shutdown", { skip }, async () => {
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => begin = resolve);
  const codes: number[] = [];
  let ended!: () => void;
  const end = new Promise<void>((resolve) => ended = resolve);
  const before = process.listenerCount("SIGHUP");
  registerShutdownHandlers({
    shutdown: () => {
      begin();
      return Promise.resolve();
    },
  }, {
    from: process,
    signals: ["SIGHUP"],
    exit(code) {
      codes.push(code);
      ended();
    },
  });
  // Listening to signals alone keeps no program alive everywhere.
  const alive = setInterval(() => {}, 1_000);
  process.kill(process.pid, "SIGHUP");
  await begun;
  await end;
  clearInterval(alive);
  assert.deepEqual(codes, [0]);
  assert.equal(process.listenerCount("SIGHUP"), before);
});
