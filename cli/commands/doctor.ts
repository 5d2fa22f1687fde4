import { didYouMean } from "@kysera/core";
import { getRawDb, PluginValidationError } from "@kysera/executor";
import { readSchema } from "@kysera/migrations/schema";
import { RLSError } from "@kysera/rls";
import type { Kysely } from "kysely";
import { relative } from "node:path";
import type { Connection } from "../connect/_connection.ts";
import { usageError } from "../contract/_cli_error.ts";
import { ExitCodes } from "../contract/_exit_codes.ts";
import { flag, list, text, texts } from "../contract/_options.ts";
import { CHECKS } from "../doctor/_all_checks.ts";
import type { Finding } from "../doctor/_check.ts";
import { findingText } from "../doctor/_finding_text.ts";
import { toSarif } from "../doctor/_to_sarif.ts";
import { readProgramFacts } from "../doctor/facts/_program.ts";
import { readServerFacts } from "../doctor/facts/_read_facts.ts";
import { type Command, defineCommand } from "../program/_command.ts";
import type { Context } from "../program/_context.ts";

/** What is wrong where the executor cannot be created: nothing else can be looked at then. */
const REFUSED_EXECUTOR = "refused-executor";

const IDS: readonly string[] = [...CHECKS.map(({ id }) => id), REFUSED_EXECUTOR];

/** `kysera doctor`. */
export const command: Command = defineCommand({
  description: `Checks: ${IDS.join(", ")}.\n` +
    "The database is only read. What plugins do is read of the executor that `database.kysely` of the " +
    "configuration creates; `doctor` there has tenant columns, keysets and keys. Exits with 3 if there is " +
    "an error or a warning.",
  options: {
    ignore: list("--ignore <checks>", "leave these checks out"),
    errorsOnly: flag("--errors-only", "exit with 3 for errors alone"),
    format: text("--format <format>", "how findings are printed", {
      choices: ["text", "sarif"],
      default: "text",
    }),
    sarif: flag("--sarif", "the same as --format sarif"),
    deletedAt: text("--deleted-at <column>", "the column that marks rows as deleted", {
      default: "deleted_at",
    }),
    tenantColumns: list("--tenant-columns <names>", "the columns that say whose tenant's a row is"),
    keyset: texts("--keyset <table=columns>", "columns that pages are sorted by: posts=-at,id"),
    schema: text("-s, --schema <name>", "look at this schema"),
  },
  examples: [
    ["kysera doctor", "look for trouble"],
    ["kysera doctor --ignore small-primary-key,old-server", "leave some of it out"],
    ["kysera doctor --keyset posts=-created_at,id", "look for the index of a list of pages"],
    ["kysera doctor --sarif > doctor.sarif", "for code scanning"],
  ],
  async run({ context, options }) {
    const { schema: name } = options;
    const settings = await context.settings();
    const ignored = [...settings.doctor.ignore ?? [], ...options.ignore];
    const unknown = ignored.find((id) => !IDS.includes(id));
    if (unknown !== undefined) {
      throw usageError(`There is no check "${unknown}"${didYouMean(unknown, IDS)}`);
    }
    const keysets = Object.fromEntries(options.keyset.map(readKeyset));
    const opened = await openOrFind(context, name);
    const found = "db" in opened
      ? await findingsOf(context, opened, { ...options, keysets })
      : { server: null, findings: [opened] };
    const findings = found.findings.filter(({ check }) => !ignored.includes(check));
    const isBad = findings.some(({ severity }) =>
      severity === "error" || (severity === "warning" && !options.errorsOnly)
    );
    const isSarif = options.sarif || options.format === "sarif";
    return {
      data: { server: found.server, findings },
      text: isSarif
        ? toSarif(findings, {
          file: settings.file === undefined
            ? undefined
            : relative(context.host.cwd, settings.file).replaceAll("\\", "/"),
          database: (await context.target()).label,
        })
        : findings.length === 0
        ? "Nothing was found"
        : findings.map((finding) => findingText(finding, context.colors)).join("\n\n"),
      exitCode: isBad ? ExitCodes.FINDINGS : ExitCodes.OK,
    };
  },
});

/** Opens the database; an executor that cannot be created is the finding. */
async function openOrFind(
  context: Context,
  schema: string | undefined,
): Promise<Connection | Finding> {
  try {
    return await context.open({ missing: "refuse", schema });
  } catch (error) {
    if (!(error instanceof PluginValidationError || error instanceof RLSError)) throw error;
    return {
      check: REFUSED_EXECUTOR,
      severity: "error",
      table: undefined,
      message: error.message,
      reason:
        "What the plugins are told of the database is not what it has; nothing else was checked.",
      fix: "Change the options of the plugin, or the database by a migration.",
    };
  }
}

async function findingsOf(
  context: Context,
  { db, target }: Connection,
  options: {
    readonly deletedAt: string;
    readonly tenantColumns: readonly string[];
    readonly keysets: Readonly<Record<string, readonly string[]>>;
  },
) {
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  const schema = await readSchema(raw);
  const facts = {
    ...await readServerFacts(raw, schema),
    ...await readProgramFacts(db, schema, await context.settings(), target, options),
  };
  const findings = CHECKS.flatMap((check) =>
    check.find({ schema, db: raw, facts }).map((found): Finding => ({
      check: check.id,
      severity: check.severity,
      reason: check.reason,
      ...found,
    }))
  );
  return { server: schema.server, findings };
}

function readKeyset(text: string): [string, readonly string[]] {
  const [table = "", columns = ""] = text.split("=", 2);
  const names = columns.split(",").map((column) => column.trim()).filter((column) => column !== "");
  if (table !== "" && names.length > 0) return [table, names];
  throw usageError(`--keyset: "${text}" names no columns`, { hint: "Write posts=-created_at,id." });
}
