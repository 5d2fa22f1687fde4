import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { ConnectionMutex } from "./_mutex.ts";

describe("ConnectionMutex", () => {
  it("lets one holder in at a time, in the order they came", async () => {
    const mutex = new ConnectionMutex();
    const events: string[] = [];
    await Promise.all(["a", "b", "c"].map(async (name) => {
      await mutex.lock();
      events.push(`${name} in`);
      await Promise.resolve();
      events.push(`${name} out`);
      mutex.unlock();
    }));
    assert.deepEqual(events, ["a in", "a out", "b in", "b out", "c in", "c out"]);
  });

  it("can be locked again after everybody has left", async () => {
    const mutex = new ConnectionMutex();
    for (let i = 0; i < 3; i++) {
      await mutex.lock();
      mutex.unlock();
    }
  });
});
