import { diffSchemas, readSchema } from "@kysera/migrations/schema";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { assertSchema, openSchemas } from "./_open_schemas.ts";

/** `kysera schema compare`. */
export const command: Command = defineCommand({
  description: "Exits with 3 if they differ.",
  arguments: [
    { name: "schema1", description: "one of them" },
    { name: "schema2", description: "the other one" },
  ],
  options: {},
  examples: [["kysera schema compare tenant_1 tenant_2", "find a tenant that is behind"]],
  async run({ context, args }) {
    const [one, other] = args as [string, string];
    const schemas = await openSchemas(context);
    for (const name of [one, other]) await assertSchema(schemas, name);
    const changes = diffSchemas(
      await readSchema(schemas.db, { schemas: [one] }),
      await readSchema(schemas.db, { schemas: [other] }),
    );
    return {
      data: { schemas: [one, other], equal: changes.length === 0, changes },
      text: changes.length === 0
        ? `"${one}" and "${other}" are equal`
        : changes.map((change) => change.text).join("\n"),
      exitCode: changes.length === 0 ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});
