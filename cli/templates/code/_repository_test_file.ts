import { propertyName } from "../../types/_names.ts";
import type { CodeColumn, CodeRelation } from "./_code_relation.ts";
import { importText, objectText, quoted } from "./_layout.ts";
import { repositoryNames } from "./_repository_file.ts";
import { memberText, type SampleContext, type SampleRow, sampleRow } from "./_sample_row.ts";
import { isComparable, sampleValue } from "./_sample_value.ts";
import { commentText } from "./_schema_file.ts";

/** How the test of a repository is written. */
export interface RepositoryTestOptions extends SampleContext {
  /** How the file of the repository is imported. */
  readonly repositoryImport: string;
  readonly typesImport: string;
  /** How the file is imported that opens the database of the tests. */
  readonly databaseImport: string;
  readonly isValidated: boolean;
  readonly withPagination: boolean;
  readonly withSoftDelete: boolean;
}

/** The test of a repository, and what is missing in it. */
export interface RepositoryTest {
  readonly text: string;
  /** Why no row is added; absent where one is. */
  readonly problem: string | undefined;
}

/** How deep the statements of a test are indented. */
const INSIDE = "      ";

/** Returns the file that tests the repository of a table. */
export function repositoryTestFile(
  relation: CodeRelation,
  options: RepositoryTestOptions,
): RepositoryTest {
  const names = repositoryNames(relation);
  const isWhole = relation.isWritable && relation.key.length > 0;
  const row = relation.isWritable ? sampleRow(relation, options) : undefined;
  const problem = typeof row === "string" ? row : undefined;
  const sample = typeof row === "object" ? row : undefined;
  const tests = sample === undefined
    ? [readTest(names.repository), ...problem === undefined ? [] : [skippedTest(problem)]]
    : isWhole
    ? wholeTests(relation, sample, options)
    : [keylessTest(relation, sample)];
  const adder = sample !== undefined && isWhole ? adderText(relation, sample) : "";
  const code = `${tests.join("\n")}});\n${adder}`;
  const imported = [names.page, names.repository, names.restore].filter((name) =>
    code.includes(`${name}(`)
  );
  const text = `${
    code.includes("createRepository(")
      ? 'import { createRepository } from "@kysera/repository";\n'
      : ""
  }import { testInTransaction } from "@kysera/testing";
import type { Kysely } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
${importText(imported.sort(), options.repositoryImport)}
import type { DB } from ${JSON.stringify(options.typesImport)};
import { openTestDatabase } from ${JSON.stringify(options.databaseImport)};

describe(${JSON.stringify(names.repository)}, () => {
  let db: Kysely<DB>;
  before(async () => {
    db = await openTestDatabase();
  });
  after(() => db.destroy());

${code}`;
  return { text, problem };
}

function readTest(repository: string): string {
  return testText("reads rows", [
    `const rows = ${repository}(trx);`,
    "const found = await rows.find({ limit: 5 });",
    "assert.equal(found.length, Math.min(5, await rows.count()));",
  ]);
}

function skippedTest(problem: string): string {
  return `  it("stores rows", {\n    skip:\n      ${quoted(problem)},\n  }, () => {});\n`;
}

function keylessTest(relation: CodeRelation, row: SampleRow): string {
  const { repository } = repositoryNames(relation);
  const input = objectText(row.entries, { indent: INSIDE, before: 34, after: 3 });
  return testText("stores rows", [
    ...checkLines(relation),
    ...parentLines(row, INSIDE),
    `const rows = ${repository}(trx);`,
    "const count = await rows.count();",
    `await rows.createMany([${input}], {`,
    "  skipDuplicates: true,",
    "});",
    "assert.equal(await rows.count(), count + 1);",
  ]);
}

function wholeTests(
  relation: CodeRelation,
  row: SampleRow,
  options: RepositoryTestOptions,
): string[] {
  const { typeName, key } = relation;
  const { repository, page, restore } = repositoryNames(relation);
  const id = key.length === 1 ? `row${memberText(key[0]!)}` : "id";
  const start = [
    `const row = await add${typeName}(trx);`,
    ...key.length === 1
      ? []
      : [`const id = ${
        objectText(key.map((name) => `${propertyName(name)}: row${memberText(name)}`), {
          indent: INSIDE,
          before: 17,
        })
      };`],
    `const rows = ${repository}(trx);`,
  ];
  const changed = changeOf(relation, row, options);
  const refused = options.isValidated ? refusedOf(relation) : undefined;
  return [
    testText("stores rows", [...start, `assert.deepEqual(await rows.findById(${id}), row);`]),
    ...changed === undefined ? [] : [testText("changes rows", [
      ...start,
      `const changed = await rows.update(${id}, ${
        objectText([`${propertyName(changed.property)}: ${changed.value}`], {
          indent: INSIDE,
          before: 42 + id.length,
          after: 2,
        })
      });`,
      `assert.equal(changed${memberText(changed.property)}, ${changed.value});`,
    ])],
    testText("deletes rows", [
      ...start,
      `assert.equal(await rows.delete(${id}), true);`,
      `assert.equal(await rows.findById(${id}), null);`,
    ]),
    ...options.withSoftDelete
      ? [testText("restores rows", [
        ...start,
        `await rows.delete(${id});`,
        `assert.equal(await ${restore}(trx, ${id}), 1);`,
        `assert.notEqual(await rows.findById(${id}), null);`,
      ])]
      : [],
    ...refused === undefined ? [] : [testText("refuses what its schema refuses", [
      `const wrong = { ${propertyName(refused.property)}: {} } as never;`,
      `await assert.rejects(${repository}(trx).create(wrong), {`,
      '  name: "ValidationError",',
      "});",
    ])],
    ...options.withPagination
      ? [testText("reads pages", [
        `await add${typeName}(trx);`,
        `const { data } = await ${page}(trx, { limit: 1 });`,
        "assert.equal(data.length, 1);",
      ])]
      : [],
  ];
}

/** A column that can be changed, and what to. */
function changeOf(
  relation: CodeRelation,
  { given }: SampleRow,
  { isSqlite }: RepositoryTestOptions,
): { readonly property: string; readonly value: string } | undefined {
  const refers = new Set(relation.foreignKeys.flatMap(({ columns }) => columns));
  for (const column of relation.columns) {
    if (!column.isInChanges || column.isUnique || refers.has(column.name)) continue;
    if (!isComparable(column)) continue;
    const value = (number: 1 | 2) => sampleValue(column, { number, isCoded: true, isSqlite });
    const second = value(2);
    if (second === undefined || (given.includes(column.name) && second === value(1))) continue;
    return { property: column.property, value: second };
  }
  return undefined;
}

/** A column for which no object is a value. */
function refusedOf({ columns }: CodeRelation): CodeColumn | undefined {
  return columns.find(({ isInNew, input }) =>
    isInNew && !["any", "unknown", "json"].includes(input.kind)
  );
}

/** The function that adds a row. */
function adderText(relation: CodeRelation, row: SampleRow): string {
  const { typeName } = relation;
  const { repository } = repositoryNames(relation);
  const before = `  return await ${repository}(trx).create(`;
  const input = objectText(row.entries, { indent: "  ", before: before.length, after: 2 });
  const lines = [...checkLines(relation), ...parentLines(row, "  ")];
  return `
/** Adds a row, and those that it refers to. */
async function add${typeName}(trx: Kysely<DB>) {
${lines.map((line) => `  ${line}\n`).join("")}${before}${input});
}
`;
}

/** What was not understood of the checks, for whoever has to choose another row. */
function checkLines({ otherChecks }: CodeRelation): string[] {
  return otherChecks.map((check) => `// The database checks: ${commentText(check)}`);
}

function parentLines({ parents }: SampleRow, indent: string): string[] {
  return parents.flatMap(({ variable, config, entries }) => {
    const made = objectText(config, { indent, before: indent.length + 50, after: 2 });
    const start = `const ${variable} = await ${variable}s.create(`;
    const row = objectText(entries, { indent, before: indent.length + start.length, after: 2 });
    return [`const ${variable}s = createRepository(trx, ${made});`, `${start}${row});`];
  });
}

function testText(name: string, lines: readonly string[]): string {
  const body = lines.map((line) => `${INSIDE}${line}\n`).join("");
  return `  it(${
    JSON.stringify(name)
  }, () =>\n    testInTransaction(db, async (trx) => {\n${body}    }));\n`;
}
