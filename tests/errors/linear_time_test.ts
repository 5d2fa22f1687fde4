/**
 * Text that may hold a value is read in linear time: 100 kB of each character or word that an
 * expression could go back over, in each place. What is quadratic takes minutes here.
 */
import { type Dialect, DIALECTS, parseDatabaseError } from "@kysera/core";
import {
  buildConnectionUrl,
  getCapabilities,
  parseConnectionUrl,
  validateIdentifier,
} from "@kysera/dialects";
import { fingerprint, minifySQL, summarize } from "@kysera/debug";
import { addSqlComment } from "@kysera/debug/otel";
import { isTransientError } from "@kysera/infra";
import { createRepository } from "@kysera/repository";
import {
  CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { statementKindOfSql } from "../../dialects/sqlite/_statement_kind.ts";
import { isPlainRead } from "../../infra/replicas/_is_plain_read.ts";

const LENGTH = 100_000;
/** A machine that has other things to do still reads 100 kB in a small part of it. */
const MOST = 10_000;

const WORST = [
  ..."\"'`()[]{}.,;:-_$?%\\/*#@ \t\n0a\u0301",
  "/**/",
  "/*",
  "*/",
  "--\n",
  "$a$",
  "$$",
  "$a$$b",
  "''",
  '""',
  "a ",
  "a(",
  "?a",
  "for key '",
  "(`a`.`a`",
  'table "',
  "Key (",
  "CONSTRAINT `",
  "a as ",
  "replace ",
];

const texts = WORST.map((word) => [word, word.repeat(Math.ceil(LENGTH / word.length))] as const);

/** Error codes that have their messages or details read for names. */
const CODES: Readonly<Record<Dialect, readonly object[]>> = {
  postgres: ["23505", "23503", "23502", "23514", "23P01", "22P02", "42P01"].map((code) => ({
    code,
  })),
  mysql: [[1062, "23000"], [1452, "23000"], [1451, "23000"], [1048, "23000"], [4025, "23000"], [
    3819,
    "HY000",
  ], [1146, "42S02"]].map(([errno, sqlState]) => ({ errno, sqlState, code: "ER" })),
  sqlite: [2067, 1299, 275, 787, 5].map((errcode) => ({ code: "ERR_SQLITE_ERROR", errcode })),
  mssql: [2627, 2601, 547, 515].map((number) => ({ number, code: "EREQUEST" })),
};

const db = new Kysely<any>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  minifySQL,
  "fingerprint() of raw SQL": (text) => fingerprint(CompiledQuery.raw(text)),
  "summarize() of raw SQL": (text) => summarize(CompiledQuery.raw(text)),
  "addSqlComment()": (text) => addSqlComment(`select${text}1`, { a: text.slice(0, 1_000) }),
  "statementKindOfSql()": (text) =>
    [text, `${text}(`, `-${text}`, `/*${text}`].map(statementKindOfSql),
  "isPlainRead()": (text) =>
    isPlainRead(
      db.selectFrom("t").select(({ eb }) => eb.val(text).as("a")).where(
        () =>
          ({
            toOperationNode: () => ({ kind: "RawNode", sqlFragments: [text], parameters: [] }),
          }) as any,
      ).toOperationNode(),
      new Set(),
    ),
  "parseConnectionUrl()": (text) =>
    ["postgres://", "postgres://h:", "postgres://u:p@h/", "sqlite:", "postgres://h/d?", ""].map((
      start,
    ) => ignoring(() => parseConnectionUrl(start + text))),
  "buildConnectionUrl()": (text) =>
    ignoring(() =>
      buildConnectionUrl("postgres", { database: text, user: text, password: text, host: text })
    ),
  "getCapabilities()": (text) => ignoring(() => getCapabilities("postgres", { version: text })),
  "validateIdentifier()": (text) => validateIdentifier(text),
  "a condition of a repository": (text) => {
    const repo = createRepository(db, { tableName: "t" });
    return Promise.all([
      repo.find({ where: { a: text, b: { contains: text }, c: { like: text } } }),
      repo.update(text, { a: text }, { version: text } as any).catch(() => {}),
      repo.find({ orderBy: text, select: [text] } as any).catch(() => {}),
    ]);
  },
};

function ignoring(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

for (const [name, read] of Object.entries(READERS)) {
  it(`${name} is linear`, async () => {
    for (const [word, text] of texts) {
      const started = performance.now();
      await read(text);
      const took = performance.now() - started;
      assert.ok(took < MOST, `${JSON.stringify(word)} took ${took} ms`);
    }
  });
}

for (const dialect of DIALECTS) {
  it(`parseDatabaseError() is linear: ${dialect}`, () => {
    for (const [word, text] of texts) {
      const started = performance.now();
      for (const known of CODES[dialect]) {
        for (
          const message of [
            text,
            `Key (a)=(${text}`,
            `Duplicate entry '${text}' for key 'k'`,
            `"${text}`,
          ]
        ) {
          for (
            const detail of [
              text,
              `Key (p)=(${text}) is not present in table "p".`,
              `Key (${text}`,
              `${text} "p`,
            ]
          ) {
            const thrown = Object.assign(new Error(message), {
              ...known,
              detail,
              severity: "ERROR",
            });
            parseDatabaseError(thrown, dialect);
          }
        }
      }
      isTransientError(Object.assign(new Error(text), { ...CODES[dialect][0], detail: text }));
      const took = performance.now() - started;
      assert.ok(took < MOST, `${JSON.stringify(word)} took ${took} ms`);
    }
  });
}

it("parseDatabaseError() of PostgreSQL finds the referenced table behind any value", () => {
  const of = (value: string, name: string, table = "c"): unknown =>
    parseDatabaseError(Object.assign(new Error(`insert on table "x" violates`), {
      code: "23503",
      severity: "ERROR",
      detail: `Key (p)=(${value}) is not present in table ${name}.`,
      table,
    }));
  for (const value of ['"'.repeat(64_000), 'is not present in table "a".', '")"', ""]) {
    for (
      const [quoted, plain] of [['"p"', "p"], ['"a b"', "a b"], ['"we""ird"', 'we"ird'], [
        '"""x"""',
        '"x"',
      ]] as const
    ) {
      assert.equal((of(value, quoted) as any).referencedTable, plain);
    }
  }
  // Where the referring table is named again, the message names the other first.
  assert.equal((of("1", '"c"') as any).referencedTable, "x");
});
