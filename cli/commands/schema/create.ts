import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { openSchemas, schemaName } from "./_open_schemas.ts";

/** `kysera schema create`. */
export const command: Command = defineCommand({
  arguments: [{ name: "name", description: "its name", isOptional: true }],
  options: {
    tenant: text("--tenant <id>", "name it tenant_<id>"),
    ifNotExists: flag("--if-not-exists", "leave one that is there as it is"),
  },
  examples: [
    ["kysera schema create reports", "create one"],
    ["kysera schema create --tenant 7", "create that of a tenant"],
  ],
  async run({ context, args: [given], options }) {
    const name = schemaName(given, options.tenant);
    const { db } = await openSchemas(context);
    const create = db.schema.createSchema(name);
    await (options.ifNotExists ? create.ifNotExists() : create).execute();
    return { data: { name }, text: `Created the schema "${name}"` };
  },
});
