import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { assertSchema, openSchemas } from "./_open_schemas.ts";

/** `kysera schema drop`. */
export const command: Command = defineCommand({
  description: "It has to be confirmed.",
  arguments: [{ name: "name", description: "the schema" }],
  options: {
    cascade: flag("--cascade", "drop what is in it, on PostgreSQL; on MySQL that is so anyway"),
    ifExists: flag("--if-exists", "do nothing where there is none"),
    ...CONFIRM_OPTIONS,
  },
  examples: [["kysera schema drop tenant_7 --cascade", "drop it with all that is in it"]],
  async run({ context, args, options }) {
    const name = args[0]!;
    const schemas = await openSchemas(context);
    if (options.ifExists && !(await schemas.list()).includes(name)) {
      return { data: { name, dropped: false }, text: `There is no schema "${name}"` };
    }
    await assertSchema(schemas, name);
    await confirmDestruction(context, options, { what: `This drops the schema "${name}"` });
    const drop = schemas.db.schema.dropSchema(name);
    const isCascading = options.cascade && schemas.dialect === "postgres";
    await (isCascading ? drop.cascade() : drop).execute();
    return { data: { name, dropped: true }, text: `Dropped the schema "${name}"` };
  },
});
