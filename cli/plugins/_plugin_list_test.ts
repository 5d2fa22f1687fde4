import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pluginNamed } from "./_known.ts";
import { PluginList } from "./_plugin_list.ts";
import { edited } from "./_source.ts";

const [AUDIT, SOFT] = [pluginNamed("audit"), pluginNamed("@kysera/soft-delete")];

function listOf(text: string): PluginList {
  return PluginList.find(text, "database.ts")!;
}

function added(text: string, options?: string): string {
  return edited(text, listOf(text).add(AUDIT, options));
}

function removed(text: string): string {
  return edited(text, listOf(text).remove(SOFT));
}

describe("the list of plugins of a file", () => {
  it("gets another one, and all else stays as it is", () => {
    for (
      const [before, after] of [
        [
          `import { Kysely } from "kysely";\ncreateExecutor(new Kysely<DB>({ dialect }), []);\n`,
          `import { Kysely } from "kysely";\nimport { auditPlugin } from "@kysera/audit";\ncreateExecutor(new Kysely<DB>({ dialect }), [auditPlugin()]);\n`,
        ],
        [
          `import a from "a"; // of a\nconst x = await createExecutor(db, [a(), ] as const);`,
          `import a from "a";\nimport { auditPlugin } from "@kysera/audit"; // of a\nconst x = await createExecutor(db, [a(), auditPlugin(), ] as const);`,
        ],
        [
          `createExecutor(db, [\n  a(), // of a\n  b({\n    c: 1,\n  }), // of b\n]);`,
          `import { auditPlugin } from "@kysera/audit";\ncreateExecutor(db, [\n  a(), // of a\n  b({\n    c: 1,\n  }), // of b\n  auditPlugin(),\n]);`,
        ],
        [
          `createExecutor(db, [\r\n\ta() // of a\r\n]);`,
          `import { auditPlugin } from "@kysera/audit";\r\ncreateExecutor(db, [\r\n\ta(), // of a\r\n\tauditPlugin()\r\n]);`,
        ],
        [
          `const plugins: Plugin[] = [a()];\nexport const auditPlugin = 1;\ncreateExecutorSync(db, plugins);`,
          `import { auditPlugin as auditPlugin_ } from "@kysera/audit";\nconst plugins: Plugin[] = [a(), auditPlugin_()];\nexport const auditPlugin = 1;\ncreateExecutorSync(db, plugins);`,
        ],
        [
          `#!/usr/bin/env node\nimport { auditPlugin as log } from "@kysera/audit";\ncreateExecutor(db, [\`\${a} // [\`]);`,
          `#!/usr/bin/env node\nimport { auditPlugin as log } from "@kysera/audit";\ncreateExecutor(db, [\`\${a} // [\`, log()]);`,
        ],
      ] as const
    ) {
      assert.equal(added(before), after);
    }
    assert.match(
      added("createExecutor(db, [])", `{ tables: ["a"] }`),
      /\[auditPlugin\(\{ tables: \["a"\] \}\)\]/,
    );
  });

  it("loses one, with the import that nothing else needs", () => {
    const head = `import { softDeletePlugin } from "@kysera/soft-delete";\n`;
    for (
      const [before, after] of [
        [`${head}createExecutor(db, [softDeletePlugin()]);`, `createExecutor(db, []);`],
        [`${head}createExecutor(db, [a(), softDeletePlugin()]);`, `createExecutor(db, [a()]);`],
        [
          `${head}createExecutor(db, [softDeletePlugin({ a: 1 }), /* of b */ b()]);`,
          `createExecutor(db, [ /* of b */ b()]);`,
        ],
        [
          `${head}createExecutor(db, [\n  a(), // of a\n  softDeletePlugin({\n    x: 1,\n  }), // it\n  // of b\n  b(),\n]);`,
          `createExecutor(db, [\n  a(), // of a\n  // of b\n  b(),\n]);`,
        ],
        [
          `${head}createExecutor(db, [\n  a(), // of a\n  softDeletePlugin()\n]);`,
          `createExecutor(db, [\n  a(), // of a\n]);`,
        ],
        [
          `import { softDeletePlugin, other } from "@kysera/soft-delete";\ncreateExecutor(db, [softDeletePlugin()]);`,
          `import { other } from "@kysera/soft-delete";\ncreateExecutor(db, []);`,
        ],
        [
          `${head}createExecutor(db, [softDeletePlugin()]);\nuse(softDeletePlugin);`,
          `${head}createExecutor(db, []);\nuse(softDeletePlugin);`,
        ],
        [
          `${head}const soft = softDeletePlugin();\ncreateExecutor(db, [a, soft]);`,
          `${head}const soft = softDeletePlugin();\ncreateExecutor(db, [a]);`,
        ],
      ] as const
    ) {
      assert.equal(removed(before), after);
    }
  });

  it("gives a plugin other options", () => {
    const file = (options: string) =>
      `import { softDeletePlugin } from "@kysera/soft-delete";\ncreateExecutor(db, [softDeletePlugin(${options})]);`;
    const set = (options: string, name: string, value: string | undefined) => {
      const list = listOf(file(options));
      const edits = list.setMember(list.callOf(SOFT)!, name, value);
      return edits === undefined ? undefined : edited(file(options), edits);
    };
    assert.equal(set("", "tables", `["a"]`), file(`{ tables: ["a"] }`));
    assert.equal(set("{}", "tables", `["a"]`), file(`{ tables: ["a"] }`));
    assert.equal(set("{ tables: [], a }", "tables", "all"), file("{ tables: all, a }"));
    assert.equal(set("{\n  a: 1, // of a\n}", "b", "2"), file("{\n  a: 1, // of a\n  b: 2,\n}"));
    assert.equal(set("{ a: 1, b: 2 }", "a", undefined), file("{ b: 2 }"));
    assert.equal(set("{ a: 1 }", "a", undefined), file("{}"));
    assert.equal(set("{ a: 1 }", "b", undefined), undefined);
    assert.equal(set("{ 'a': 1, ...more }", "a", "3"), file("{ a: 3, ...more }"));
    assert.throws(() => set("options", "a", "1"), /not an object that stands in the file/);
    const list = listOf(file("{ a: 1 }"));
    assert.equal(list.optionsOf(list.callOf(SOFT)!), "{ a: 1 }");
  });

  it("is not guessed at", () => {
    assert.equal(PluginList.find("const a = 1;", "a.ts"), undefined);
    assert.throws(
      () => PluginList.find("createExecutor(db, plugins);", "a.ts"),
      /not a list that stands/,
    );
    assert.throws(
      () => PluginList.find("createExecutor(db, make());", "a.ts"),
      /not a list that stands/,
    );
    assert.throws(
      () => PluginList.find("createExecutor(a, []); createExecutor(b, []);", "a.ts"),
      /2 executors/,
    );
    assert.throws(() => PluginList.find("createExecutor(", "a.ts"), /Cannot read "a.ts"/);
    assert.equal(
      listOf(`import { softDeletePlugin } from "other";\ncreateExecutor(db, [softDeletePlugin()]);`)
        .callOf(SOFT),
      undefined,
    );
  });
});
