/**
 * Plants the name of a guarded table, as a node and as text, in every property of every kind of
 * operation node that Kysely has, wherever such a node can stand: what comes out holds the filter,
 * or is refused.
 */
import { createExecutorSync, ExecutorError } from "@kysera/executor";
import type { Plugin } from "@kysera/executor";
import { CompiledQuery, createQueryId, type Kysely, type RootOperationNode } from "kysely";
import process from "node:process";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dummy, type DummyName } from "./dummy.ts";
import { readDeclarations } from "./nodes/declared.ts";
import { type Host, hostsByKind } from "./nodes/hosts.ts";
import { type Plant, plantsFor } from "./nodes/plants.ts";
import { positions, whatIs } from "./nodes/positions.ts";
import { type Loose, planted, raw, sampleOf } from "./nodes/samples.ts";
import { onEveryDialect } from "../support/matrix.ts";
import { fuzzPart, fuzzRuns } from "../support/random.ts";

const declarations = readDeclarations();
const hosts = hostsByKind(declarations);
const names: readonly DummyName[] = ["postgres", "mysql", "sqlite", "mssql"];

/** The version whose kinds and properties were looked at. */
const REVIEWED = "0.29.9";

const guard: Plugin = {
  name: "guard",
  version: "1.0.0",
  appliesTo: ({ name }) => name.toLowerCase() === "secret",
  filter: (reference) => reference.column<boolean>("f"),
};

/** Compiles a tree as Kysely does that of a builder. */
function compile(db: Kysely<any>, tree: Loose): CompiledQuery {
  const executor = db.getExecutor();
  const id = createQueryId();
  // The fuzzer makes trees that no builder would.
  const root = tree as unknown as RootOperationNode;
  return executor.compileQuery(executor.transformQuery(root, id), id);
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

describe("the list of what Kysely's operation nodes hold", () => {
  it("has every kind and property that Kysely has", () => {
    assert.deepEqual([...declarations.nodes.keys()].sort(), declarations.kinds);
    const unseen = [...declarations.nodes].flatMap(([kind, properties]) =>
      properties.filter(({ name }) => whatIs(kind, name) === undefined)
        .map(({ name }) => `${kind}.${name}`)
    );
    assert.deepEqual(
      unseen,
      [],
      "look up in Kysely's compilers what these are, and add them to tests/executor/nodes",
    );
    for (const kind of declarations.kinds) assert.ok(kind in positions, kind);
  });

  it("has none that Kysely does not have", { skip: declarations.version !== REVIEWED }, () => {
    const gone = Object.entries(positions).flatMap(([kind, lists]) =>
      Object.values(lists).flat()
        .filter((name) => !declarations.nodes.get(kind)?.some((each) => each.name === name))
        .map((name) => `${kind}.${name}`)
    );
    assert.deepEqual(gone, []);
    assert.deepEqual(Object.keys(positions).sort(), declarations.kinds);
    assert.equal(declarations.kinds.length, 100);
    assert.equal([...declarations.nodes.values()].flat().length, 315);
  });

  it("says rightly what is written", () => {
    for (const [kind, properties] of fuzzPart(declarations.nodes)) {
      for (const { name, list } of properties) {
        const written = new Set<string>();
        for (const host of hosts.get(kind)!) {
          for (const each of names) {
            // SQL Server takes no quotes there; Kysely looks at each letter instead.
            if (each === "mssql" && host.name === "CollateNode.collation") continue;
            for (const plant of [raw("marker"), "marker"]) {
              const tree = host.put(planted(kind, name, list ? [plant] : plant));
              const compiled = attempt(() => compile(dummy(each), tree));
              if (!("value" in compiled)) continue;
              const { sql, parameters } = compiled.value;
              if (withoutQuoted(sql).includes("marker")) {
                written.add(plant === "marker" ? "text" : "node");
              } else if (sql.includes("marker") || parameters.includes("marker")) {
                written.add("quoted");
              }
            }
          }
        }
        const what = whatIs(kind, name)!;
        const expected = what === "relation" ? ["node"] : what === "flag" ? [] : [what];
        assert.deepEqual([...written], expected, `${kind}.${name}`);
      }
    }
  });
});

/** SQL without what stands in quotes. */
function withoutQuoted(sql: string): string {
  return sql.replace(
    /'(?:[^'\\]|\\.|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[(?:[^\]]|\]\])*\]/g,
    "?",
  );
}

interface Position {
  readonly kind: string;
  readonly property: string;
  readonly host: Host;
  readonly plant: Plant;
  readonly tree: Loose;
}

const SOME_RELATIONS: ReadonlySet<string> = new Set(["FROM", "a left join", "UPDATE", "IN"]);

/** Everything that is planted, everywhere. */
function* everything(plants: readonly Plant[]): Generator<Position> {
  for (const [kind, properties] of declarations.nodes) {
    for (const { name: property, list } of properties) {
      for (const host of hosts.get(kind)!) {
        for (const plant of plants) {
          // What reads the table wherever it stands need not be tried wherever relations stand.
          const isName = plant.sort === "name" || plant.sort === "names";
          if (!isName && host.relation && !SOME_RELATIONS.has(host.name)) continue;
          for (const value of list ? listsOf(kind, property, plant.plant) : [plant.plant]) {
            const tree = host.put(planted(kind, property, value));
            yield { kind, property, host, plant, tree };
          }
        }
      }
    }
  }
}

/** Lists with a plant: alone, and behind what belongs there. */
function listsOf(kind: string, property: string, plant: unknown): readonly unknown[] {
  const own = (sampleOf(kind) as Readonly<Record<string, unknown>>)[property];
  return [[plant], ...(Array.isArray(own) && own.length > 0 ? [[...own, plant]] : [])];
}

/** Kinds that are written as what stands in them, with nothing but brackets round it. */
const TRANSPARENT: ReadonlySet<string> = new Set([
  "AliasNode.node",
  "ColumnNode.column",
  "ListNode.items",
  "ParensNode.node",
  "ReferenceNode.column",
  "SchemableIdentifierNode.identifier",
  "SelectionNode.selection",
  "TableNode.table",
]);

/** Whether a name that is planted there is that of a relation, whatever the database. */
function namesRelation({ kind, property, host }: Position): boolean {
  if (whatIs(kind, property) === "relation") return true;
  return host.relation && host.name !== "IN" && TRANSPARENT.has(`${kind}.${property}`);
}

const RELATION = /(?<!as )["`[]secret["`\]](?!\s*\.)|(?<![\w"`[.])secret\b/g;
const FILTER = /\.["`[]f["`\]]/g;
/** A function that reads tables or files, of each dialect. */
const READERS: Readonly<Record<DummyName, string>> = {
  postgres: "query_to_xml",
  mysql: "load_file",
  sqlite: "load_extension",
  mssql: "openrowset",
};
const READER = new RegExp(`(?:${Object.values(READERS).join("|")})["\`\\]]?\\s*\\(`);

function isFiltered(sql: string): boolean {
  return (sql.match(RELATION)?.length ?? 0) <= (sql.match(FILTER)?.length ?? 0);
}

/** What is wrong with the SQL that a position became, as far as it can be told without a database. */
function leakOf(position: Position, sql: string, rawSql: string): boolean {
  switch (position.plant.sort) {
    case "query":
      return !isFiltered(sql);
    case "name":
      return namesRelation(position) && !isFiltered(sql);
    case "names":
      return rawSql === "deny" && namesRelation(position) && !isFiltered(sql);
    case "text":
      return rawSql === "deny" && (/secret/.test(withoutQuoted(sql)) || READER.test(sql));
  }
}

/** What came of everything that is planted. */
interface Outcome {
  readonly leaks: Leaks;
  readonly counts: { written: number; refused: number; filtered: number };
  /** The SQL that names the table without a filter, for a database to judge. */
  readonly unfiltered: ReadonlyMap<string, readonly [Position, CompiledQuery]>;
}

class Leaks {
  readonly #found = new Map<string, { count: number; readonly example: string }>();

  add({ kind, property, plant, host }: Position, example: string): void {
    const key = `${kind}.${property}: ${plant.name}`;
    const found = this.#found.get(key);
    if (found !== undefined) found.count++;
    else this.#found.set(key, { count: 1, example: `${host.name}: ${example}` });
  }

  assertNone(): void {
    const list = [...this.#found].map(([key, { count, example }]) =>
      `${key}, ${count}\n  ${example}`
    );
    assert.equal(
      list.length,
      0,
      `${list.length} leaks:\n${list.slice(0, Number(process.env.MOST ?? 40)).join("\n")}`,
    );
  }
}

const outcomes = new Map<string, Outcome>();

/** Plants everything, once for each dialect and rule: it takes a while. */
function outcomeOf(name: DummyName, rawSql: "allow" | "deny"): Outcome {
  const key = `${name} ${rawSql}`;
  const known = outcomes.get(key);
  if (known !== undefined) return known;
  // Most of what is planted is refused, and nobody looks at where.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const outcome = plantEverything(name, rawSql);
    outcomes.set(key, outcome);
    return outcome;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function plantEverything(name: DummyName, rawSql: "allow" | "deny"): Outcome {
  const bare = dummy(name);
  const executor = createExecutorSync(dummy(name), [guard], { rawSql });
  const leaks = new Leaks();
  const counts = { written: 0, refused: 0, filtered: 0 };
  const unfiltered = new Map<string, readonly [Position, CompiledQuery]>();
  for (const position of fuzzPart(everything(plantsFor(READERS[name])))) {
    const plain = attempt(() => compile(bare, position.tree));
    // Kysely cannot write every tree.
    if (!("value" in plain)) continue;
    const { sql: text } = plain.value;
    if (!text.includes("secret") && !text.includes(READERS[name])) continue;
    counts.written++;
    const got = attempt(() => compile(executor, position.tree));
    if ("error" in got) {
      if (got.error instanceof ExecutorError) counts.refused++;
      else leaks.add(position, `no refusal of ours (${got.error}): ${text}`);
      continue;
    }
    const { sql } = got.value;
    if (sql !== text) counts.filtered++;
    if (leakOf(position, sql, rawSql)) leaks.add(position, sql);
    else if (/secret/.test(sql) && !isFiltered(sql)) unfiltered.set(sql, [position, got.value]);
  }
  return { leaks, counts, unfiltered };
}

for (const name of names) {
  for (const rawSql of ["allow", "deny"] as const) {
    it(`what is planted is filtered or refused [${name}, rawSql: "${rawSql}"]`, () => {
      const { leaks, counts } = outcomeOf(name, rawSql);
      leaks.assertNone();
      assert.ok(counts.written > fuzzRuns(10_000), JSON.stringify(counts));
      const least = fuzzRuns(1_000);
      assert.ok(counts.filtered > least && counts.refused > least, JSON.stringify(counts));
    });
  }
}

/** What a database says where there is no table `secret`, and a statement reads or changes it. */
const MISSING =
  /no such table: (?:\w+\.)?secret(?![.\w])|relation "(?:\w+\.)?secret" does not exist|Table '[^']*secret' doesn't exist/i;

/** Statements that name a table and read no row of it: definitions, and the target of an INSERT. */
const NAMES_ONLY =
  /^(?:alter|drop|create (?:unique )?index|insert into (?:["`]?public["`]?\.)?["`]?secret)\b/;

onEveryDialect("what is planted and not filtered", (dialect) => {
  it("names no relation, as the database reads it", async () => {
    const { db, close } = await dialect.open({ connections: 1 });
    try {
      await db.schema.createTable("tags").addColumn("id", "integer")
        .addColumn("label", "varchar(20)").execute();
      const judge = async (sql: string, parameters: readonly unknown[]): Promise<boolean> => {
        try {
          await db.executeQuery(CompiledQuery.raw(`explain ${sql}`, [...parameters]));
          return false;
        } catch (error) {
          return MISSING.test(String(error));
        }
      };
      for (const name of ["secret", "tags"]) {
        assert.equal(await judge(`select * from ${name}`, []), name === "secret");
        assert.equal(await judge(`delete from ${name}`, []), name === "secret");
      }
      for (const rawSql of ["allow", "deny"] as const) {
        const { unfiltered } = outcomeOf(dialect.dialect, rawSql);
        assert.ok(unfiltered.size > fuzzRuns(500), String(unfiltered.size));
        const leaks = new Leaks();
        for (const [sql, [position, { parameters }]] of unfiltered) {
          // Under "allow" the text of raw SQL is the caller's own affair.
          const own = rawSql === "allow" && ["text", "names"].includes(position.plant.sort);
          if (own || NAMES_ONLY.test(sql)) continue;
          if (await judge(sql, parameters)) leaks.add(position, sql);
        }
        leaks.assertNone();
      }
    } finally {
      await close();
    }
  });
});
