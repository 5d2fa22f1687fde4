import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { openSchemas } from "./_open_schemas.ts";

/** `kysera schema list`. */
export const command: Command = defineCommand({
  options: { tenant: flag("--tenant", "only those of tenants: tenant_..") },
  examples: [["kysera schema list --tenant", "list the tenants"]],
  async run({ context, options }) {
    const names = await (await openSchemas(context)).list();
    const schemas = names.filter((name) => !options.tenant || name.startsWith("tenant_"));
    return { data: { schemas }, text: schemas.join("\n") };
  },
});
