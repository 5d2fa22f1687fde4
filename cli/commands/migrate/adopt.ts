import type { AdoptOptions } from "@kysera/migrations";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate adopt`. */
export const command: Command = defineCommand({
  description:
    "What another tool has applied counts as applied from then on. Its table is only read, and the\n" +
    "migrations have to be there by their names.",
  options: {
    from: text("--from <tool>", "the tool; by default the one whose table is there", {
      choices: ["kysely", "kysera", "kysera-cli", "prisma", "drizzle", "flyway"],
    }),
    table: text("--table <name>", "its table, if that has not the usual name"),
    tableSchema: text("--table-schema <name>", "the schema of its table"),
    journal: text("--journal <file>", "Drizzle's meta/_journal.json"),
    unknown: text("--unknown <what>", "what to do with migrations that are not in the folder", {
      choices: ["record", "leave"],
      default: "record",
    }),
    dryRun: flag("--dry-run", "show what would be recorded, and record nothing"),
    ...HISTORY_OPTIONS,
  },
  examples: [
    ["kysera migrate adopt --from prisma --dry-run", "see what would be taken over"],
    ["kysera migrate adopt --from drizzle --journal drizzle/meta/_journal.json", "take it over"],
  ],
  async run({ context, options }) {
    const { from, table, tableSchema, journal, unknown, dryRun } = options;
    const { runner } = await openRunner(context, { ...options, writes: true });
    const result = await context.finishFirst(async () =>
      await runner.adopt({
        // The parser allows no others.
        from: from as AdoptOptions["from"],
        unknown: unknown as AdoptOptions["unknown"],
        table,
        tableSchema,
        journal: journal === undefined
          ? undefined
          : await readJournal(resolve(context.host.cwd, journal)),
        dryRun,
      })
    );
    for (const { migrationName, message } of result.notes) {
      context.warn(`"${migrationName}": ${message}`);
    }
    const { adopted, known } = result;
    const verb = dryRun ? "Would take over" : "Took over";
    return {
      data: result,
      text: adopted.length === 0
        ? `Nothing to take over from ${result.table}; ${known.length} are recorded already`
        : `${verb} ${adopted.length} of ${result.table}:\n${
          adopted.map((name) => `  ${name}`).join("\n")
        }`,
    };
  },
});

async function readJournal(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw usageError(`--journal: "${file}" cannot be read as JSON`, { cause });
  }
}
