import { type ExplainableQuery, explainQuery, getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { readSchema } from "@kysera/migrations/schema";
import { explainPolicy } from "@kysera/rls";
import { isIndexed } from "../../doctor/_check.ts";
import { hasRewriting } from "../../policies/_has_rewriting.ts";
import { AS_OPTION, openExecutor } from "../../program/_open_executor.ts";
import { isCode } from "../../console/_run_line.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { text } from "../../contract/_options.ts";

/** `kysera policies explain`. */
export const command: Command = defineCommand({
  description:
    "Nothing is run. The executor is the one that `database.kysely` of the configuration creates. Exits\n" +
    "with 3 if the query is refused.",
  options: {
    query: text("-q, --query <code>", 'a query of Kysely: db.selectFrom("users").selectAll()'),
    table: text("-t, --table <name>", "or a table, all of whose rows are asked for"),
    as: AS_OPTION,
  },
  examples: [
    [`kysera policies explain -t posts --as '{"userId":7}'`, "see which posts a user is shown"],
    [`kysera policies explain -q 'db.deleteFrom("posts")'`, "see what is deleted"],
  ],
  async run({ context, options }) {
    const { query, table } = options;
    if ((query === undefined) === (table === undefined)) {
      throw usageError("Give either --query or --table");
    }
    if (query !== undefined && !isCode(query)) {
      throw usageError("--query has to be a query of Kysely", {
        hint: 'Write it as in a program: db.selectFrom("users").selectAll()',
      });
    }
    const executor = await openExecutor(context, options.as);
    const built = table === undefined
      // It is the user's own line, in the user's own process.
      ? new Function("db", "sql", `return (${query});`)(executor, sql)
      : executor.selectFrom(table).selectAll();
    if (typeof built?.toOperationNode !== "function" || typeof built.withPlugin !== "function") {
      throw usageError("--query gives no builder of a query: leave execute() out");
    }
    const { before, after, refused, references } = explainQuery(executor, built);
    const indexes = await adviceOf(executor, built);
    const { bold, red } = context.colors;
    const rules = references.flatMap((reference) =>
      reference.rules.map(({ plugin, hook, says }) =>
        `  ${reference.table}${
          reference.alias === reference.table ? "" : ` as ${reference.alias}`
        }: ${plugin}, ${hook}${says.length === 0 ? "" : `: ${says.join("; ")}`}`
      )
    );
    return {
      data: {
        before,
        after: after ?? null,
        refused: refused?.message ?? null,
        references,
        indexes,
      },
      text: [
        bold("Written"),
        `  ${before}`,
        bold("Runs"),
        `  ${after ?? red(`refused: ${refused?.message}`)}`,
        ...rules.length === 0 ? [] : [bold("Rules"), ...rules],
        ...indexes.length === 0 ? [] : [
          bold("Indexes"),
          ...indexes.map(({ sql, isThere }) =>
            isThere ? `  there is one for: ${sql}` : `  ${sql};`
          ),
        ],
      ].join("\n"),
      exitCode: refused === undefined ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});

/** An index that helps to find the rows of the principal. */
interface IndexAdvice {
  readonly table: string;
  readonly columns: readonly string[];
  readonly sql: string;
  /** Whether the database has one that begins with the columns. */
  readonly isThere: boolean;
}

/** The indexes that the policies of a query ask for. */
async function adviceOf(executor: Kysely<any>, query: ExplainableQuery): Promise<IndexAdvice[]> {
  if (!hasRewriting(executor)) return [];
  const wanted = explainPolicy(executor, query).references.flatMap(({ table, index }) =>
    index === undefined ? [] : [{ table, ...index }]
  );
  if (wanted.length === 0) return [];
  const { tables } = await readSchema(getRawDb<any>(executor).withoutPlugins());
  const seen = new Set<string>();
  return wanted.filter(({ sql }) => !seen.has(sql) && seen.add(sql)).map((each) => {
    const found = tables.find(({ name }) => name === each.table);
    return { ...each, isThere: found !== undefined && isIndexed(found, each.columns) };
  });
}
