import { detectDialect, type Dialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { CompiledQuery, type Kysely } from "kysely";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { rolledBack } from "../../query/_rolled_back.ts";
import { table } from "../../terminal/_table.ts";
import { STATEMENT_OPTIONS, statementOf } from "./_statement_of.ts";

/** `kysera query explain`. */
export const command: Command = defineCommand({
  description:
    "The statement is sent as it is, past the plugins. With --analyze it runs, in a transaction that is\n" +
    "rolled back.",
  options: {
    ...STATEMENT_OPTIONS,
    analyze: flag("-a, --analyze", "run it, and show what happened"),
    format: text("--format <type>", "how the plan is shown", {
      choices: ["text", "json", "tree", "yaml"],
      default: "text",
    }),
    buffers: flag("--buffers", "show what was read from where; PostgreSQL, with --analyze"),
    costs: flag("--no-costs", "leave the estimates out; PostgreSQL"),
    timing: flag("--no-timing", "leave the times of steps out; PostgreSQL, with --analyze"),
    summary: flag("--no-summary", "leave the times of all out; PostgreSQL, with --analyze"),
    schema: text("-s, --schema <name>", "names without a schema mean this one"),
  },
  examples: [
    ['kysera query explain -q "select * from users where id = 1"', "show its plan"],
    ["kysera query explain -f slow.sql --analyze --buffers", "run it, and show what took long"],
  ],
  async run({ context, options }) {
    if (options.buffers && !options.analyze) throw usageError("--buffers needs --analyze");
    const { db } = await context.open({ missing: "refuse", schema: options.schema });
    const dialect = detectDialect(db);
    const statement = await statementOf(context, options, dialect);
    const prefix = PREFIXES[dialect](options);
    const raw: Kysely<any> = getRawDb(db).withoutPlugins();
    const explain = async (on: Kysely<any>) =>
      (await on.executeQuery<Record<string, unknown>>(CompiledQuery.raw(`${prefix} ${statement}`)))
        .rows;
    const rows = options.analyze ? await rolledBack(raw, explain) : await explain(raw);
    return { data: { statement, plan: planData(rows) }, text: planText(rows, dialect) };
  },
});

interface ExplainOptions {
  readonly analyze: boolean;
  readonly format: string;
  readonly buffers: boolean;
  readonly costs: boolean;
  readonly timing: boolean;
  readonly summary: boolean;
}

/** What stands before the statement, by the dialect. */
const PREFIXES: Readonly<Record<Dialect, (options: ExplainOptions) => string>> = {
  postgres: ({ analyze, format, buffers, costs, timing, summary }) => {
    if (format === "tree") throw noFormat(format, "PostgreSQL");
    const times = analyze ? `, timing ${timing}, summary ${summary}` : "";
    return `explain (analyze ${analyze}, costs ${costs}, buffers ${buffers}${times}, format ${format})`;
  },
  mysql: ({ analyze, format, buffers }) => {
    if (format === "yaml" || buffers) throw noFormat(buffers ? "--buffers" : format, "MySQL");
    // MariaDB runs a statement by ANALYZE, and has no format "tree"; MySQL says what it has not.
    const kind = format === "text" ? "" : ` format = ${format}`;
    return analyze ? `analyze${kind}` : `explain${kind}`;
  },
  sqlite: ({ analyze, format, buffers }) => {
    if (analyze || buffers) throw noFormat(analyze ? "--analyze" : "--buffers", "SQLite");
    if (format === "yaml") throw noFormat(format, "SQLite");
    return "explain query plan";
  },
  mssql: () => {
    throw refusal("Plans of SQL Server cannot be shown");
  },
};

function noFormat(what: string, database: string): Error {
  return usageError(`${database} has no ${what.startsWith("--") ? what : `--format ${what}`}`);
}

/** The plan, and not the row that it comes in. */
function planData(rows: readonly Record<string, unknown>[]): unknown {
  const [first] = rows;
  const values = Object.values(first ?? {});
  if (rows.length !== 1 || values.length !== 1) return rows;
  if (typeof values[0] !== "string") return values[0];
  try {
    return JSON.parse(values[0]);
  } catch {
    return values[0];
  }
}

function planText(rows: readonly Record<string, unknown>[], dialect: Dialect): string {
  if (dialect === "sqlite") return sqliteTree(rows);
  const names = Object.keys(rows[0] ?? {});
  if (names.length !== 1) {
    return table(names, rows.map((row) => names.map((name) => row[name] as string)));
  }
  return rows.map((row) => row[names[0]!]).map((line) =>
    typeof line === "string" ? line : JSON.stringify(line, null, 2)
  ).join("\n");
}

/** SQLite tells the parent of each step. */
function sqliteTree(rows: readonly Record<string, unknown>[]): string {
  const depths = new Map<unknown, number>();
  return rows.map(({ id, parent, detail }) => {
    const depth = (depths.get(parent) ?? -1) + 1;
    depths.set(id, depth);
    return `${"  ".repeat(depth)}${detail}`;
  }).join("\n");
}
