import { describe, it } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { buildConnectionUrl, type ConnectionConfig, parseConnectionUrl } from "@kysera/dialects";

describe("buildConnectionUrl()", () => {
  it("gives back what parseConnectionUrl() takes apart", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((s) => !s.includes("\0"));
    const config = fc.record({
      host: fc.oneof(fc.domain(), fc.ipV6(), fc.ipV4(), fc.constant("/var/run/postgresql")),
      port: fc.integer({ min: 1, max: 65535 }),
      database: text,
      user: text,
      password: text,
      options: fc.dictionary(text.map((name) => `o${name}`), text, {
        minKeys: 1,
        noNullPrototype: true,
      }),
    }, { requiredKeys: ["host", "database", "user"], noNullPrototype: true });
    fc.assert(fc.property(
      config,
      fc.constantFrom("postgres" as const, "mysql" as const, "mssql" as const),
      (config, dialect) => {
        const url = buildConnectionUrl(dialect, config);
        assert.deepEqual(parseConnectionUrl(url), { dialect, ...config });
      },
    ));
  });

  it("gives back the paths of files that parseConnectionUrl() takes apart", () => {
    const path = fc.string({ unit: "grapheme", minLength: 1 }).filter((s) => !s.includes("\0"));
    fc.assert(fc.property(path, (database) => {
      const url = buildConnectionUrl("sqlite", { database });
      assert.deepEqual(parseConnectionUrl(url), { dialect: "sqlite", database });
    }));
    for (const database of [":memory:", "/var/app.db", "a b.db", "C:\\data\\app.db", "../x#y?z"]) {
      const url = buildConnectionUrl("sqlite", { database });
      assert.deepEqual(parseConnectionUrl(url), { dialect: "sqlite", database });
    }
  });

  it("uses localhost where no host is given", () => {
    assert.equal(buildConnectionUrl("mysql", { database: "d" }), "mysql://localhost/d");
  });

  it("writes ssl as the database calls it", () => {
    const build = (dialect: "postgres" | "mysql" | "mssql", ssl: boolean) =>
      buildConnectionUrl(dialect, { host: "h", database: "d", ssl });
    assert.equal(build("postgres", true), "postgres://h/d?sslmode=require");
    assert.equal(build("postgres", false), "postgres://h/d?sslmode=disable");
    assert.equal(build("mysql", true), "mysql://h/d?ssl-mode=REQUIRED");
    assert.equal(build("mysql", false), "mysql://h/d?ssl-mode=DISABLED");
    assert.equal(build("mssql", true), "mssql://h/d?encrypt=true");
    assert.equal(
      buildConnectionUrl("postgres", {
        database: "d",
        ssl: true,
        options: { sslmode: "verify-full" },
      }),
      "postgres://localhost/d?sslmode=verify-full",
    );
  });

  it("refuses parts that are missing, not valid, or contradict each other", () => {
    const password = "hunter2";
    const refused: ["postgres" | "sqlite", ConnectionConfig, RegExp][] = [
      ["postgres", { database: "d", password }, /it has a password and no user/],
      ["postgres", { database: "d", port: 0 }, /its port is not a number/],
      ["postgres", { database: "d", port: 1.5 }, /its port is not a number/],
      ["postgres", { database: "d", dialect: "mysql" }, /the configuration is one of "mysql"/],
      [
        "postgres",
        { database: "d", ssl: true, options: { sslmode: "disable" } },
        /"ssl" and its options contradict each other/,
      ],
      ["sqlite", { database: "" }, /it needs a path in "database"/],
      ["sqlite", { database: "a.db", user: "u", password }, /a file has no host, port, user/],
      ["sqlite", { database: "a.db", ssl: true }, /a file has no encryption/],
    ];
    for (const [dialect, config, message] of refused) {
      assert.throws(() => buildConnectionUrl(dialect, config), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    }
  });
});
