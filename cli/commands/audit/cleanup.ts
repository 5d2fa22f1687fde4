import type { Kysely } from "kysely";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, integer, text } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { duration } from "../../times/_times.ts";
import { AUDIT_OPTIONS, openAudit } from "./_open_audit.ts";

/** `kysera audit cleanup`. */
export const command: Command = defineCommand({
  description:
    "It has to be confirmed. A log with a chain of hashes is refused: without its first entries it could\n" +
    "not be verified.",
  options: {
    olderThan: duration("--older-than <duration>", "entries that are older: 90d"),
    table: text("-t, --table <name>", "only of this table"),
    dryRun: flag("--dry-run", "count them, and remove none"),
    batchSize: integer("--batch-size <n>", "how many are removed at once", {
      least: 1,
      default: 1000,
    }),
    ...AUDIT_OPTIONS,
    ...CONFIRM_OPTIONS,
  },
  examples: [["kysera audit cleanup --older-than 365d --dry-run", "see how many there are"]],
  async run({ context, options }) {
    const { olderThan, table, dryRun, batchSize } = options;
    if (olderThan === undefined) throw usageError("Say which: --older-than 90d");
    const { raw, auditTable, hasChain } = await openAudit(context, options);
    if (hasChain) {
      throw refusal(`"${auditTable}" has a chain of hashes, which would be broken`);
    }
    const before = new Date(Date.now() - olderThan).toISOString();
    const old = (db: Kysely<any>) => {
      const query = db.selectFrom(auditTable).where("changed_at", "<", before);
      return table === undefined ? query : query.where("table_name", "=", table);
    };
    if (dryRun) {
      const row = await old(raw).select(({ fn }) => fn.countAll().as("count"))
        .executeTakeFirstOrThrow();
      const count = Number(row.count);
      return { data: { before, count, dryRun }, text: `Would remove ${count} entries` };
    }
    await confirmDestruction(context, options, { what: "This removes entries of the audit log" });
    let removed = 0;
    await context.finishFirst(async () => {
      for (;;) {
        context.signal.throwIfAborted();
        const rows = await old(raw).select("id").orderBy("id").limit(batchSize).execute();
        if (rows.length === 0) return;
        await raw.deleteFrom(auditTable).where("id", "in", rows.map(({ id }) => id)).execute();
        removed += rows.length;
        context.say(`Removed ${removed}`);
      }
    });
    return { data: { before, removed, dryRun }, text: `Removed ${removed} entries` };
  },
});
