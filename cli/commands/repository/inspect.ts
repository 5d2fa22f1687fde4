import { getPlugins } from "@kysera/executor";
import { readSchema } from "@kysera/migrations/schema";
import { getRawDb } from "@kysera/executor";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { fieldsOf } from "../../repositories/_fields.ts";
import type { FoundRepository } from "../../repositories/_load_repositories.ts";
import { methodsOf } from "../../repositories/_methods.ts";
import { physicalNames } from "../../repositories/_physical_names.ts";
import { NONE, REPOSITORY_OPTIONS, withRepositories } from "./_open_repositories.ts";

/** `kysera repository inspect`. */
export const command: Command = defineCommand({
  arguments: [{
    name: "name",
    description: "the repository, by its name or its table",
    isOptional: true,
  }],
  options: {
    showDatabase: flag("--show-database", "show the columns of the table as well"),
    ...REPOSITORY_OPTIONS,
  },
  examples: [
    ["kysera repository inspect users", "see its key, schemas, codecs and plugins"],
    ["kysera repository inspect usersOf --show-database", "see the columns of its table, too"],
  ],
  async run({ context, args: [name], options }) {
    return await withRepositories(context, { ...options, name }, async (found, db) => {
      const snapshot = options.showDatabase
        ? await readSchema(getRawDb(db).withoutPlugins())
        : undefined;
      const plugins = getPlugins(db).map((plugin) => plugin.name);
      const repositories = await Promise.all(found.map(async (each) => {
        const { table } = physicalNames(db, each.table, []);
        const columns = snapshot?.tables.find((of) => of.name === table)?.columns
          .map((column) => ({ name: column.name, type: column.type.text }));
        return {
          name: each.name,
          file: each.file,
          table: each.table,
          primaryKey: each.primaryKey,
          ...await madeOf(each),
          plugins,
          methods: methodsOf(each, db),
          ...columns === undefined ? {} : { columns },
        };
      }));
      const { bold } = context.colors;
      return {
        data: { repositories },
        text: repositories.length === 0 ? NONE : repositories.map((each) =>
          [
            `${bold(each.name)} (${each.file})`,
            `  Table    ${each.table}, by ${each.primaryKey.join(", ")}`,
            ...each.versionColumn === null ? [] : [`  Version  ${each.versionColumn}`],
            ...Object.entries(each.schemas).map(([which, { fields }]) =>
              `  Schema   ${which}: ${fields.join(", ")}`
            ),
            ...each.codecs.length === 0 ? [] : [`  Codecs   ${each.codecs.join(", ")}`],
            ...plugins.length === 0 ? [] : [`  Plugins  ${plugins.join(", ")}`],
            `  Methods  ${each.methods.length}: see \`kysera repository methods -r ${each.name}\``,
            ...(each.columns ?? []).map((column) => `  Column   ${column.name} ${column.type}`),
          ].join("\n")
        ).join("\n\n"),
      };
    });
  },
});

interface Parts {
  readonly versionColumn: string | null;
  readonly codecs: readonly string[];
  /** By what they are for. */
  readonly schemas: Readonly<
    Record<string, { readonly fields: readonly string[]; readonly required: readonly string[] }>
  >;
}

async function madeOf({ description }: FoundRepository): Promise<Parts> {
  if (description === undefined) return { versionColumn: null, codecs: [], schemas: {} };
  const schemas: Record<string, Parts["schemas"][string]> = {};
  for (const [which, schema] of Object.entries(description.schemas)) {
    if (schema === undefined) continue;
    const { all, required } = await fieldsOf(schema);
    schemas[which] = { fields: [...all], required: [...required] };
  }
  const { versionColumn = null, codecs } = description;
  return { versionColumn, codecs: [...codecs.keys()], schemas };
}
