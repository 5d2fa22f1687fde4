import { verifyAuditLog } from "@kysera/audit";
import { refusal } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { AUDIT_OPTIONS, openAudit } from "./_open_audit.ts";

/** `kysera audit verify`. */
export const command: Command = defineCommand({
  description:
    "Exits with 3 if something was done. A chain with a secret needs the executor that has it: create it\n" +
    "by `database.kysely` in the configuration.",
  options: { ...AUDIT_OPTIONS },
  examples: [["kysera audit verify", "find entries that were edited or removed"]],
  async run({ context, options }) {
    const { executor, hasChain, auditTable } = await openAudit(context, options);
    if (!hasChain) {
      throw refusal(`"${auditTable}" has no chain of hashes`, {
        hint: "The option `hashChain` of `auditPlugin` begins one.",
      });
    }
    const verdict = await verifyAuditLog(executor);
    return {
      data: verdict,
      text: verdict.valid
        ? `${verdict.entries} entries, and nothing was done to them`
        : verdict.problems.map(({ id, problem }) => `${id ?? "The end"}: ${problem}`).join("\n"),
      exitCode: verdict.valid ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});
