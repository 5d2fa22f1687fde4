import { detectDialect } from "@kysera/core";
import { getRawDb, parseTableName } from "@kysera/executor";
import { type Scratch, scratchSchema } from "@kysera/migrations/schema";
import type { PolicySource } from "@kysera/rls";
import type { Kysely } from "kysely";
import { openDatabase } from "../../connect/_open_database.ts";
import { scratchOf } from "../../connect/_scratch.ts";
import { targetOf } from "../../connect/_target.ts";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, integer, list, text } from "../../contract/_options.ts";
import { checkPolicies, type CheckReport } from "../../policies/check/_check_policies.ts";
import type { Difference } from "../../policies/check/_compare_sides.ts";
import { nativeOptionsOf, onlySourceOf } from "../../policies/_native_options.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";
import { openExecutor, PRINCIPALS_OPTION, principalsOf } from "../../program/_open_executor.ts";
import type { Colors } from "../../terminal/_colors.ts";

/** `kysera policies check`. */
export const command: Command = defineCommand({
  description:
    "The schema is copied into a scratch schema of the database, or into a scratch database of the " +
    "server of --scratch-url, and filled with random rows, which each principal reads and writes: once " +
    "by rewritten queries, once by the policies of PostgreSQL. Rows of the database are not read. Exits " +
    "with 3 where the two differ.",
  options: {
    as: PRINCIPALS_OPTION,
    table: list("-t, --table <names>", "only these tables"),
    deployed: flag(
      "--deployed",
      "compare the policies that the database has, not those of the code",
    ),
    role: text("--role <name>", "with --deployed, the role that programs connect as"),
    setting: text("--setting <name>", "the setting that holds the context", {
      default: "rls.context",
    }),
    rows: integer("--rows <n>", "how many rows each table gets", { least: 1, default: 12 }),
    seed: integer("--seed <n>", "draws the same rows again"),
    scratchUrl: text("--scratch-url <url>", "a server for the scratch database: pglite:memory://"),
  },
  examples: [
    ["kysera policies check", "compare the policies with what `to-postgres` would write"],
    ["kysera policies check --deployed --role web", "find out whether the database is up to date"],
    ["kysera policies check --scratch-url pglite:memory://", "leave the server alone"],
  ],
  async run({ context, options }) {
    const { table, deployed, role, setting, rows } = options;
    if (role !== undefined && !deployed) throw usageError("--role is for --deployed");
    const principals = await principalsOf(context, options.as);
    const executor = await openExecutor(context, undefined);
    if (detectDialect(executor) !== "postgres") {
      throw refusal("Only PostgreSQL has policies of its own, and the database is another one");
    }
    const source = onlySourceOf(executor);
    const scratch = await scratchFor(context, executor, source, options.scratchUrl);
    warnOfRules(context, source);
    const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
    const report = await context.finishFirst(async () =>
      await checkPolicies({
        ...{ executor, source, scratch, principals, rows, seed, role, setting },
        tables: table,
        isDeployed: deployed,
        native: { ...await nativeOptionsOf(executor, source, []), columns: {}, setting },
        onStep: (step) => context.say(step),
        signal: context.signal,
      })
    );
    for (const each of report.tables) {
      if (each.rows === 0) context.warn(`${each.table}: no row satisfies its constraints`);
    }
    for (const each of report.unprotected) {
      context.warn(`${each}: row-level security is off in the database; see policies to-postgres`);
    }
    return {
      data: { ...report, seed },
      text: reportText(report, seed, context.colors),
      exitCode: report.differences.length === 0 ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});

async function scratchFor(
  context: Context,
  executor: Kysely<any>,
  { schema }: PolicySource,
  url: string | undefined,
): Promise<Scratch> {
  if (url !== undefined) {
    const { root } = await context.settings();
    const target = targetOf({ connection: url }, root);
    if (target.kind !== "postgres" && target.kind !== "pglite") {
      throw usageError("--scratch-url has to name a server of PostgreSQL, or pglite:memory://");
    }
    const connection = await openDatabase(target, root, { missing: "empty" });
    context.onEnd(() => connection.close());
    return await scratchOf(connection, root, "database");
  }
  const elsewhere = Object.keys(schema).find((name) => parseTableName(name).schema !== undefined);
  if (elsewhere !== undefined) {
    throw refusal(
      `The policies name a schema, as of "${elsewhere}": it leads out of a scratch schema`,
      {
        hint: "Name a server for a scratch database: --scratch-url pglite:memory://.",
      },
    );
  }
  return scratchSchema(getRawDb<any>(executor));
}

function warnOfRules(context: Context, { schema }: PolicySource): void {
  const tables = Object.keys(schema).filter((name) =>
    Object.keys(schema[name]?.columns ?? {}).length > 0
  );
  if (tables.length > 0) {
    context.warn(`Rules of columns are not compared: ${tables.join(", ")}`);
  }
}

function reportText(
  { tables, compared, allowed, apart, differences }: CheckReport,
  seed: number,
  { bold, green, dim }: Colors,
): string {
  const what = `${compared} statements on ${tables.length} tables, ${allowed} of them allowed` +
    (apart === 0 ? "" : `; constraints stopped ${apart} others`);
  const seeded = dim(`(--seed ${seed} draws the same rows)`);
  if (differences.length === 0) return `${green("The two agree")} on ${what} ${seeded}`;
  const groups = new Map<string, Difference[]>();
  for (const difference of differences) {
    const { principal, operation, table } = difference;
    const title = `${principal} ${operation} ${table}`;
    groups.set(title, [...groups.get(title) ?? [], difference]);
  }
  return [
    `The two differ in ${differences.length} of ${what} ${seeded}`,
    ...[...groups].map(([title, found]) =>
      [
        bold(title),
        ...found.slice(0, 3).map(({ tried, rewriting, native }) =>
          `  ${tried}: the rewriting says ${rewriting}, PostgreSQL ${native}`
        ),
        ...found.length > 3 ? [dim(`  .. and ${found.length - 3} more`)] : [],
      ].join("\n")
    ),
  ].join("\n\n");
}
