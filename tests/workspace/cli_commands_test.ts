import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { optionName, shortFlag } from "../../cli/contract/_options.ts";
import { SHARED_OPTIONS } from "../../cli/program/_shared_options.ts";
import { ROOT } from "../../scripts/workspace.ts";
import { cliTables, everyCommand } from "./_cli_tables.ts";

describe("the commands of the program", () => {
  it("are in its README, with their options", async () => {
    const readme = readFileSync(join(ROOT, "cli/README.md"), "utf8");
    for (const [name, expected] of Object.entries(await cliTables())) {
      const [, found] = readme.split(`<!-- ${name} -->\n`);
      assert.equal(found?.split("\n<!-- end -->")[0]?.trim(), expected, name);
    }
  });

  it("know their options by the names of the flags", async () => {
    for (const commands of (await everyCommand()).values()) {
      for (const { name, options } of commands) {
        const all = { ...SHARED_OPTIONS, ...options };
        for (const [key, { flags }] of Object.entries(all)) {
          assert.equal(key, optionName(flags), `${name} ${flags}`);
        }
        const shorts = Object.values(options).flatMap(({ flags }) => shortFlag(flags) ?? []);
        assert.equal(new Set(shorts).size, shorts.length, `${name} has a short flag twice`);
      }
    }
  });

  it("have examples that begin with their own names", async () => {
    for (const [group, commands] of await everyCommand()) {
      for (const { name, entry } of commands) {
        const { command } = await entry.load();
        assert.ok(command.examples.length > 0, name);
        for (const [line] of command.examples) {
          const isOwn = line.startsWith(`kysera ${name}`) ||
            (entry.aliases ?? []).some((alias) => line.startsWith(`kysera ${group} ${alias}`));
          assert.ok(isOwn, `${name}: ${line}`);
        }
      }
    }
  });
});
