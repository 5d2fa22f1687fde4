import { CliError, usageError } from "../contract/_cli_error.ts";
import { flag, integer, text } from "../contract/_options.ts";
import { importDriver } from "../connect/_import_driver.ts";
import { type Command, defineCommand } from "../program/_command.ts";
import type { Context } from "../program/_context.ts";
import { AS_OPTION, boundTo, boundToPrincipal } from "../program/_open_executor.ts";
import { reserveOutput } from "../mcp/_protocol_output.ts";

/** `kysera mcp`. */
export const command: Command = defineCommand({
  description:
    "A server of the Model Context Protocol, by the standard input and output, for an assistant to start.\n" +
    "Its tools list and describe tables, query rows and explain queries. The plugins of `database.kysely`\n" +
    "hold for whom --as or `mcp.principal` names, which the assistant cannot change. The database is read\n" +
    "only, unless --allow-writes is given.",
  options: {
    as: AS_OPTION,
    allowWrites: flag("--allow-writes", "let it write tables whose writes are audited"),
    unguarded: flag("--unguarded", "let it read every row, where no plugins or policies hide any"),
    maxRows: integer(
      "--max-rows <n>",
      "the most rows that a tool returns; 100, if it is not said",
      {
        least: 1,
      },
    ),
    timeout: integer("--timeout <ms>", "how long a query can take; 5000, if it is not said", {
      least: 1,
    }),
    schema: text("-s, --schema <name>", "the tables of this schema"),
  },
  examples: [
    [`kysera mcp --as '{"userId":7,"tenantId":1}'`, "serve what a user can see"],
    ["kysera mcp --url sqlite:app.db --unguarded", "serve a database of your own, as it is"],
    ["kysera mcp --allow-writes --max-rows 20", "let it write as well, 20 rows at a time"],
  ],
  async run({ context, options }) {
    if (context.shared.json) {
      throw usageError("The standard output is for the protocol: leave --json out");
    }
    // Before files of the project are loaded, which may print something.
    const output = reserveOutput();
    context.onEnd(() => output.release());
    const settings = await context.settings();
    const { db: opened } = await context.open({
      missing: "refuse",
      schema: options.schema,
      readOnly: !options.allowWrites,
      // A statement that an assistant writes may have values in it.
      onStatement: undefined,
    });
    const [{ Catalog }, { limitsOf }, { protectionOf }, { serve }] = await Promise.all([
      import("../mcp/_catalog.ts"),
      import("../mcp/_limits.ts"),
      import("../mcp/_protection.ts"),
      import("../mcp/_serve.ts"),
    ]);
    const { principal } = settings.mcp;
    const db = options.as !== undefined || principal === undefined
      ? boundTo(opened, options.as)
      : boundToPrincipal(opened, principal);
    const protection = await protectionOf(db, options.unguarded);
    const limits = limitsOf(settings);
    await serve(context, {
      allowWrites: options.allowWrites,
      output: output.stream,
      kit: {
        db,
        protection,
        catalog: new Catalog(db, protection, options.schema),
        limits: {
          maxRows: options.maxRows ?? limits.maxRows,
          timeout: options.timeout ?? limits.timeout,
        },
        parse: await parserOf(context),
      },
    });
    return { data: undefined };
  },
});

/** Returns PostgreSQL's own parser, if the project has it. */
async function parserOf(context: Context): Promise<((sql: string) => unknown) | undefined> {
  const { root } = await context.settings();
  try {
    const parser = await importDriver<{
      readonly loadModule?: () => Promise<void>;
      readonly parseSync: (sql: string) => unknown;
    }>("libpg-query", root, "PostgreSQL's parser");
    await parser.loadModule?.();
    return (sql) => parser.parseSync(sql);
  } catch (error) {
    // The program reads texts itself as well.
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
