import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Patient } from "../_check.ts";
import { isBefore } from "../_versions.ts";
import { ADVISORIES } from "./_kysely.ts";
import { OLDEST, oldServer, troubledServer, TROUBLES } from "./_server.ts";

/** What is known of a server, and nothing else. */
function patient(name: string, version: string, journalMode?: string): Patient {
  // The checks of servers look at nothing else.
  return { schema: { server: { name, version } }, facts: { journalMode } } as Patient;
}

describe("isBefore()", () => {
  it("compares the numbers of versions", () => {
    assert.ok(isBefore("14.3", "14.4"));
    assert.ok(isBefore("9.9", "10"));
    assert.ok(isBefore("10.11.19-MariaDB-0+deb12u1", "10.11.20"));
    assert.ok(!isBefore("15.0", "15"));
    assert.ok(!isBefore("0.29.0-rc.1", "0.29.0"));
  });
});

describe("the checks of servers", () => {
  const troubles = (...of: Parameters<typeof patient>) =>
    troubledServer.find(patient(...of)).map(({ message }) => message).join("\n");

  it("know the versions that have trouble, and those that do not any more", () => {
    assert.match(troubles("PostgreSQL", "14.3"), /created concurrently/);
    assert.match(troubles("PostgreSQL", "15.8"), /CVE-2024-10976/);
    assert.doesNotMatch(troubles("PostgreSQL", "15.8"), /CVE-2023-39418/);
    assert.match(troubles("PostgreSQL", "17.1"), /extensions/);
    assert.equal(troubles("PostgreSQL", "15.18"), "");
    assert.equal(troubles("PostgreSQL", "18.1"), "");
    assert.match(troubles("MySQL", "8.4.1"), /10,000 tables/);
    assert.equal(troubles("MySQL", "8.4.6"), "");
    assert.match(troubles("MariaDB", "10.6.9-MariaDB"), /recover/);
    assert.equal(troubles("MariaDB", "10.11.19-MariaDB"), "");
    assert.match(troubles("SQLite", "3.45.1", "wal"), /WAL/);
    assert.equal(troubles("SQLite", "3.45.1", "delete"), "");
    assert.equal(troubles("SQLite", "3.53.2", "wal"), "");
  });

  it("name a version that has no such trouble", () => {
    for (const { server, ranges, what } of TROUBLES) {
      for (const [since, fixed] of ranges) {
        assert.ok(isBefore(since, fixed), what);
        assert.ok(!troubles(server, fixed, "wal").includes(what));
      }
    }
  });

  it("say where all of it is published", () => {
    const sources = [...TROUBLES, ...ADVISORIES, ...Object.values(OLDEST)].map(({ source }) =>
      source
    );
    for (const source of sources) assert.match(source, /^https:\/\/[^ ]+$/);
    assert.match(troubledServer.find(patient("MySQL", "8.4.1"))[0]!.fix, /: https:.*PS-9306$/);
    assert.match(oldServer.find(patient("MySQL", "8.0.40"))[0]!.fix, /8\.4 or later: https:/);
  });

  it("know the servers that are not maintained", () => {
    assert.equal(oldServer.find(patient("PostgreSQL", "14.24")).length, 1);
    assert.equal(oldServer.find(patient("PostgreSQL", "15.0")).length, 0);
    assert.equal(oldServer.find(patient("MariaDB", "10.6.29-MariaDB")).length, 1);
    assert.equal(oldServer.find(patient("Other", "1.0")).length, 0);
  });
});
