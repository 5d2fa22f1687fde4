import { detectDialect, type Dialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { readSchema, type SchemaTable } from "@kysera/migrations/schema";
import { CompiledQuery, type Kysely } from "kysely";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, integer, text } from "../../contract/_options.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { findingText } from "../../doctor/_finding_text.ts";
import { advise } from "../../query/_advise.ts";
import { tableNamed } from "../../sql/_conditions.ts";
import type { Plan, Read } from "../../query/_plan.ts";
import { mysqlPlan } from "../../query/plans/_mysql.ts";
import { postgresPlan } from "../../query/plans/_postgres.ts";
import { sqlitePlan } from "../../query/plans/_sqlite.ts";
import { rolledBack } from "../../query/_rolled_back.ts";
import { readSizes } from "../../query/_sizes.ts";
import { sumUpTimes, type Times } from "../../times/_sum_up_times.ts";
import { STATEMENT_OPTIONS, statementOf } from "./_statement_of.ts";

/** `kysera query analyze`. */
export const command: Command = defineCommand({
  description:
    "Reads the plan of a statement, and says what makes it slow, or wrong, and what mends it. The " +
    "statement is sent as it is, past the plugins. With --analyze and --benchmark it runs, in " +
    "transactions that are rolled back. Exits with 3 if there is a warning.",
  options: {
    ...STATEMENT_OPTIONS,
    analyze: flag("-a, --analyze", "run it, and look at what happened; PostgreSQL"),
    benchmark: integer("-b, --benchmark <n>", "run it so many times, and say how long it took", {
      least: 1,
    }),
    indexes: flag("-i, --indexes", "list the indexes of its tables"),
    suggestions: flag("--no-suggestions", "show how tables are read, and nothing else"),
    schema: text("-s, --schema <name>", "names without a schema mean this one"),
  },
  examples: [
    [`kysera query analyze -q "select * from users where email = 'a'"`, "find what it lacks"],
    ["kysera query analyze -f slow.sql --analyze --benchmark 20", "run it, and measure it"],
  ],
  async run({ context, options }) {
    const { db } = await context.open({ missing: "refuse", schema: options.schema });
    const dialect = detectDialect(db);
    const statement = await statementOf(context, options, dialect);
    const raw: Kysely<any> = getRawDb(db).withoutPlugins();
    const plan = await readPlan(raw, dialect, statement, options.analyze);
    const { tables } = await readSchema(raw);
    const used = plan.reads.map((read) => ({ read, table: tableOf(read, statement, tables) }));
    const names = [
      ...new Set(used.flatMap(({ table }) => table === undefined ? [] : [table.name])),
    ];
    const sizes = await readSizes(raw, dialect, names);
    const findings = options.suggestions
      ? advise({ statement, plan, tables, sizeOf: (name) => sizes.get(name), db: raw })
      : [];
    const times = options.benchmark === undefined
      ? undefined
      : await measure(raw, statement, options.benchmark, context.signal);
    const reads = used.map(({ read, table }) => ({
      table: table?.name ?? null,
      alias: read.alias,
      how: read.how,
      index: read.index ?? null,
      rows: table === undefined ? null : sizes.get(table.name) ?? null,
    }));
    const indexes = tables.filter(({ name }) => names.includes(name)).map(indexesOf);
    return {
      data: {
        statement,
        reads,
        findings,
        ...options.indexes ? { indexes } : {},
        ...times === undefined ? {} : { times },
      },
      text: [
        ...reads.map(readText),
        ...options.indexes
          ? indexes.map(({ table, indexes: list }) =>
            `Indexes of ${table}: ${list.length === 0 ? "none" : list.join("; ")}`
          )
          : [],
        ...times === undefined ? [] : [
          `${options.benchmark} runs: ${times.least} ms at least, ${times.median} ms in the middle, ${times.most} ms at most`,
        ],
        ...findings.length === 0
          ? options.suggestions ? ["Nothing was found"] : []
          : ["", findings.map((finding) => findingText(finding, context.colors)).join("\n\n")],
      ].join("\n"),
      exitCode: findings.some(({ severity }) => severity === "warning")
        ? ExitCodes.FINDINGS
        : ExitCodes.OK,
    };
  },
});

async function readPlan(
  db: Kysely<any>,
  dialect: Dialect,
  statement: string,
  isRun: boolean,
): Promise<Plan> {
  const explain = async (on: Kysely<any>, prefix: string) =>
    (await on.executeQuery<Record<string, unknown>>(CompiledQuery.raw(`${prefix} ${statement}`)))
      .rows;
  if (isRun && dialect !== "postgres") {
    throw usageError("--analyze is for PostgreSQL", { hint: "Measure it by --benchmark." });
  }
  switch (dialect) {
    case "postgres":
      return postgresPlan(
        isRun
          ? await rolledBack(db, (trx) => explain(trx, "explain (analyze, format json)"))
          : await explain(db, "explain (format json)"),
      );
    case "mysql":
      return mysqlPlan(await explain(db, "explain"));
    case "sqlite":
      return sqlitePlan(await explain(db, "explain query plan"));
    case "mssql":
      throw refusal("Plans of SQL Server cannot be read");
  }
}

function tableOf(
  { alias, table }: Read,
  statement: string,
  tables: readonly SchemaTable[],
): SchemaTable | undefined {
  return table === undefined
    ? tableNamed(alias, statement, tables)
    : tables.find(({ name }) => name === table);
}

/** Runs a statement several times; what it changes is rolled back each time. */
async function measure(
  db: Kysely<any>,
  statement: string,
  count: number,
  signal: AbortSignal,
): Promise<Times> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    times.push(
      await rolledBack(db, async (trx) => {
        const start = performance.now();
        await trx.executeQuery(CompiledQuery.raw(statement));
        return performance.now() - start;
      }),
    );
  }
  return sumUpTimes(times);
}

function indexesOf({ name, primaryKey, uniques, indexes }: SchemaTable): {
  readonly table: string;
  readonly indexes: readonly string[];
} {
  return {
    table: name,
    indexes: [
      ...primaryKey === null ? [] : [`primary key (${primaryKey.columns.join(", ")})`],
      ...uniques.map(({ columns }) => `unique (${columns.join(", ")})`),
      ...indexes.map(({ name: index, parts }) =>
        `${index} (${parts.map(({ column, expression }) => column ?? expression).join(", ")})`
      ),
    ],
  };
}

function readText(
  { table, alias, how, index, rows }: {
    readonly table: string | null;
    readonly alias: string;
    readonly how: string;
    readonly index: string | null;
    readonly rows: number | null;
  },
): string {
  const name = table === null || table === alias ? alias : `${table} as ${alias}`;
  const size = rows === null ? "" : ` of about ${rows} rows`;
  if (how === "scan") return `${name}: all${size}${index === null ? "" : `, by ${index}`}`;
  if (how === "automatic") return `${name}: by an index that is built for the statement`;
  return `${name}: ${index === null ? "by its key" : `by ${index}`}`;
}
