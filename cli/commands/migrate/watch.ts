import { folderOfMigrations } from "@kysera/migrations/files";
import { lintMigrations, type LintReport } from "@kysera/migrations/lint";
import type { MigrationProvider } from "@kysera/migrations";
import type { Kysely } from "kysely";
import { resolve } from "node:path";
import { loadFresh } from "../../config/_load_module.ts";
import { SCRATCH_OPTION, scratchOf } from "../../connect/_scratch.ts";
import { messageOf } from "../../contract/_message_of.ts";
import { text } from "../../contract/_options.ts";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";
import { emitTypes } from "../../types/_emit_types.ts";
import { type Rehearsal, Rehearsals, type Rehearsed } from "../../watch/_rehearse.ts";
import { HISTORY_OPTIONS, type OpenedRunner, openRunner } from "./_open_runner.ts";
import { type Round, roundText } from "./_round_text.ts";

/** How many of the migrations that are not applied are tried at first. */
const FIRST = 3;

/** `kysera migrate watch`. */
export const command: Command = defineCommand({
  description:
    "On each save the migrations run on a scratch database: what was saved up, down and up again. Shown\n" +
    "are what it changes in the schema and in the types, and what the linter says of it. The database is\n" +
    "only read. It begins with the last that are not applied, and ends when it is interrupted. With --json each\n" +
    "round is a line of JSON.",
  options: {
    output: text("-o, --output <file>", "write the types into this file, on each save"),
    scratch: SCRATCH_OPTION,
    ...HISTORY_OPTIONS,
  },
  examples: [
    ["kysera migrate watch", "write a migration, and see what it does"],
    ["kysera migrate watch -o src/db.ts", "keep the types up to date with it"],
  ],
  async run({ context, options }) {
    const opened = await openRunner(context, { ...options, writes: false, lock: false });
    const { root } = await context.settings();
    const scratch = await scratchOf(opened.connection, root, options.scratch);
    const { changedFiles } = await import("../../watch/_changed_files.ts");
    const output = options.output === undefined
      ? undefined
      : resolve(context.host.cwd, options.output);
    const pending = (await opened.runner.status()).pending.slice(-FIRST);
    context.say(`Watching ${opened.directory}; Ctrl-C ends it`);
    // The scratch database is dropped before an interruption ends the process.
    await context.finishFirst(() =>
      scratch(async (db) => {
        const rehearsals = new Rehearsals(db);
        // What was saved and could not be tried is tried again.
        const saved = new Set<string>();
        for await (const files of changedFiles(opened.directory, context.signal)) {
          const start = performance.now();
          for (const file of files) saved.add(file);
          const isShown = saved.size === 0
            ? (name: string) => pending.includes(name)
            : (name: string) =>
              [...saved].some((file) => file === name || file.startsWith(`${name}.`));
          const round = await roundOf(context, { opened, rehearsals, isShown, output });
          if (round.failure === undefined && round.migrations.every(isGood)) saved.clear();
          await print(context, { ...round, milliseconds: performance.now() - start });
        }
      })
    );
    context.signal.throwIfAborted();
    return { data: undefined };
  },
});

interface RoundRequest {
  readonly opened: OpenedRunner;
  readonly rehearsals: Rehearsals;
  readonly isShown: (name: string) => boolean;
  readonly output: string | undefined;
}

/** Whether a migration could be applied. */
function isGood({ times }: Rehearsed): boolean {
  return times.up !== undefined;
}

/** Runs a round; what fails is shown, and mended with the next save. */
async function roundOf(
  context: Context,
  { opened: { connection, directory }, rehearsals, isShown, output }: RoundRequest,
): Promise<Omit<Round, "milliseconds">> {
  try {
    const { placeholders } = (await context.settings()).migrations;
    const migrations = folderOfMigrations(directory, {
      load: loadFresh,
      lock: false,
      placeholders,
    });
    const rehearsal = await rehearsals.run(migrations, isShown);
    const types = await typesOf(rehearsal, connection.target.kind === "pglite");
    if (output !== undefined && types?.after !== undefined) {
      await writeWholeFile(output, types.after);
    }
    const { findings } = await lint(context, connection.db, migrations);
    return {
      ...rehearsal,
      types: types?.lines ?? [],
      findings: findings.filter(({ migration }) => isShown(migration)),
    };
  } catch (error) {
    return { migrations: [], types: [], findings: [], failure: messageOf(error) };
  }
}

async function typesOf(
  { before, after }: Rehearsal,
  isPglite: boolean,
): Promise<{ readonly lines: readonly string[]; readonly after: string } | undefined> {
  if (before === undefined || after === undefined) return undefined;
  const options = {
    dateParser: "timestamp",
    numericParser: "string",
    isPglite,
    camelCase: false,
    runtimeEnums: false,
    partitions: false,
    filled: [],
  } as const;
  const { diffLines } = await import("diff");
  const types = emitTypes(after, options);
  const lines = diffLines(emitTypes(before, options), types).flatMap(
    ({ added, removed, value }) => {
      if (!added && !removed) return [];
      return value.trimEnd().split("\n").filter((line) => line.trim() !== "")
        .map((line) => `${added ? "+" : "-"} ${line}`);
    },
  );
  return { lines, after: types };
}

async function lint(
  context: Context,
  db: Kysely<any>,
  migrations: MigrationProvider,
): Promise<LintReport> {
  const { lint: settings, migrations: { tableName, schema } } = await context.settings();
  return await lintMigrations(db, migrations, { ...settings, runner: { tableName, schema } });
}

async function print(context: Context, round: Round): Promise<void> {
  const { before: _, after: __, ...shown } = round as Round & Partial<Rehearsal>;
  const line = context.shared.json ? JSON.stringify(shown) : roundText(shown, context.colors);
  await context.host.stdout.write(`${line}\n`);
}
