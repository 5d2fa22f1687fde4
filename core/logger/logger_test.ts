import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  consoleLogger,
  createLevelLogger,
  createPrefixedLogger,
  type KyseraLogger,
  type LogLevel,
  silentLogger,
} from "@kysera/core";

const methods = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** A logger that keeps what it is given; `only` leaves out the optional methods. */
function recorder(only: readonly (typeof methods)[number][] = methods) {
  const lines: unknown[][] = [];
  const logger = Object.fromEntries(
    only.map((name) => [name, (...line: unknown[]) => void lines.push([name, ...line])]),
  );
  return { lines, logger: logger as unknown as KyseraLogger };
}

/** What a logger writes to the console. */
function onConsole(logger: Required<KyseraLogger>): unknown[][] {
  const lines: unknown[][] = [];
  const names = ["debug", "info", "warn", "error"] as const;
  const before = names.map((name) => console[name]);
  for (const name of names) {
    console[name] = (...line: unknown[]) => void lines.push([name, ...line]);
  }
  try {
    for (const method of methods) logger[method]("m", 1);
  } finally {
    names.forEach((name, index) => console[name] = before[index]!);
  }
  return lines;
}

describe("consoleLogger", () => {
  it("writes each level to the console", () => {
    assert.deepEqual(
      onConsole(consoleLogger).map((line) => line[0]),
      ["debug", "debug", "info", "warn", "error", "error"],
    );
    assert.deepEqual(onConsole(consoleLogger)[0], ["debug", "m", 1]);
  });
});

describe("silentLogger", () => {
  it("writes nothing", () => {
    assert.deepEqual(onConsole(silentLogger), []);
  });
});

describe("createPrefixedLogger()", () => {
  it("puts the prefix before each message, and passes on the details", () => {
    const { lines, logger } = recorder();
    const prefixed = createPrefixedLogger("audit", logger);
    for (const method of methods) prefixed[method]("m", 1, 2);
    assert.deepEqual(lines, methods.map((name) => [name, "[audit] m", 1, 2]));
  });

  it("uses debug and error where the base has no trace and fatal", () => {
    const { lines, logger } = recorder(["debug", "info", "warn", "error"]);
    const prefixed = createPrefixedLogger("p", logger);
    prefixed.trace("t");
    prefixed.fatal("f");
    assert.deepEqual(lines, [["debug", "[p] t"], ["error", "[p] f"]]);
  });

  it("keeps the base as this", () => {
    class Logger {
      lines: string[] = [];
      debug(message: string) {
        this.lines.push(message);
      }
      info = this.debug;
      warn = this.debug;
      error = this.debug;
    }
    const base = new Logger();
    createPrefixedLogger("p", base).info("m");
    assert.deepEqual(base.lines, ["[p] m"]);
  });

  it("writes to the console by default", () => {
    assert.deepEqual(onConsole(createPrefixedLogger("p"))[2], ["info", "[p] m", 1]);
  });
});

describe("createLevelLogger()", () => {
  for (const [index, level] of [...methods, "silent" as const].entries()) {
    it(`writes ${level} and above`, () => {
      const { lines, logger } = recorder();
      const filtered = createLevelLogger(level, logger);
      for (const method of methods) filtered[method]("m");
      assert.deepEqual(lines.map((line) => line[0]), methods.slice(index));
    });
  }

  it("refuses a level that does not exist", () => {
    assert.throws(
      () => createLevelLogger("loud" as LogLevel),
      /^TypeError: Cannot create logger: level "loud" is none of trace, debug/,
    );
  });
});
