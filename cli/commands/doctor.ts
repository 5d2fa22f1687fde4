import { didYouMean } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { readSchema } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { CHECKS } from "../doctor/_all_checks.ts";
import { readFacts } from "../doctor/_read_facts.ts";
import { usageError } from "../contract/_cli_error.ts";
import { type Command, defineCommand } from "../program/_command.ts";
import { ExitCodes } from "../contract/_exit_codes.ts";
import { flag, list, text } from "../contract/_options.ts";
import type { Colors } from "../terminal/_colors.ts";
import type { Found, Severity } from "../doctor/_check.ts";

/** Something that was found, with the check that found it. */
interface Finding extends Found {
  readonly check: string;
  readonly severity: Severity;
  readonly reason: string;
}

/** `kysera doctor`. */
export const command: Command = defineCommand({
  description: `Checks: ${CHECKS.map(({ id }) => id).join(", ")}.\n` +
    "The database is only read. Exits with 3 if there is an error or a warning.",
  options: {
    ignore: list("--ignore <checks>", "leave these checks out"),
    errorsOnly: flag("--errors-only", "exit with 3 for errors alone"),
    deletedAt: text("--deleted-at <column>", "the column that marks rows as deleted", {
      default: "deleted_at",
    }),
    schema: text("-s, --schema <name>", "look at this schema"),
  },
  examples: [
    ["kysera doctor", "look for trouble"],
    ["kysera doctor --ignore small-primary-key,old-server", "leave some of it out"],
  ],
  async run({ context, options }) {
    const { ignore, schema: name } = options;
    const ids = CHECKS.map(({ id }) => id);
    const unknown = ignore.find((id) => !ids.includes(id));
    if (unknown !== undefined) {
      throw usageError(`There is no check "${unknown}"${didYouMean(unknown, ids)}`);
    }
    const { db } = await context.open({ missing: "refuse", schema: name });
    const raw: Kysely<any> = getRawDb(db).withoutPlugins();
    const schema = await readSchema(raw);
    const facts = await readFacts(raw, schema, options.deletedAt);
    const findings: Finding[] = CHECKS.filter(({ id }) => !ignore.includes(id)).flatMap((check) =>
      check.find({ schema, db: raw, facts }).map((found) => ({
        check: check.id,
        severity: check.severity,
        reason: check.reason,
        ...found,
      }))
    );
    const isBad = findings.some(({ severity }) =>
      severity === "error" || (severity === "warning" && !options.errorsOnly)
    );
    return {
      data: { server: schema.server, findings },
      text: findings.length === 0
        ? "Nothing was found"
        : findings.map((finding) => findingText(finding, context.colors)).join("\n\n"),
      exitCode: isBad ? ExitCodes.FINDINGS : ExitCodes.OK,
    };
  },
});

function findingText(
  { check, severity, message, reason, fix }: Finding,
  { red, yellow, cyan, bold, dim }: Colors,
): string {
  const paint = { error: red, warning: yellow, info: cyan }[severity];
  return `${paint(severity)} ${message} ${dim(`(${check})`)}\n  ${reason}\n  ${
    bold("Instead:")
  } ${fix}`;
}
