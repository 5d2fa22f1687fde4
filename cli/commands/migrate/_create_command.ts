import { createMigrationFile } from "@kysera/migrations/files";
import { basename, extname } from "node:path";
import { loadModule } from "../../config/_load_module.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { createTemplate } from "../../templates/migration/_create_template.ts";
import { directoryOf } from "./_open_runner.ts";

/** Returns the command that creates a migration, by the name that it is called by. */
export function createCommand(called: string): Command {
  return defineCommand({
    description:
      "Templates: default, create-table, alter-table, add-columns, drop-columns, create-index, drop-index,\n" +
      "add-foreign-key, seed-data, and the files of `migrations.templates` in the configuration.\n" +
      "Columns: email:varchar(255):unique, age:integer?, team_id:integer:references(teams.id).",
    arguments: [{ name: "name", description: "what it does: create_users" }],
    options: {
      dir: text("-d, --dir <path>", "the folder with the migrations"),
      directory: text("--directory <path>", "the same as --dir"),
      template: text("-t, --template <type>", "what the file begins with", { default: "default" }),
      ts: flag("--no-ts", "write JavaScript"),
      sql: flag("--sql", "write a script of SQL"),
      table: text("--table <name>", "the table that it is about"),
      columns: text("--columns <list>", "the columns that it is about"),
    },
    examples: [
      [`kysera ${called} create_users`, "write an empty one"],
      [
        `kysera ${called} users -t create-table --table users --columns email:text:unique,age:integer?`,
        "write one that creates a table",
      ],
    ],
    async run({ context, args, options }) {
      const { dir, directory, template, ts, sql, table, columns } = options;
      if (dir !== undefined && directory !== undefined && dir !== directory) {
        throw usageError("--dir and --directory are the same: give one of them");
      }
      const folder = await directoryOf(context, dir ?? directory);
      const name = nameOf(args[0]!);
      const ending = sql ? "sql" : ts ? "ts" : "js";
      const content = createTemplate({
        template,
        ending,
        name,
        table,
        columns,
        kind: await kindOf(() => context.target()),
        folder: (await context.settings()).migrations.templates,
      });
      const file = await createMigrationFile(folder, name, {
        extension: ending,
        content,
        // `kysera migrate lock` begins the file; from then on it is kept.
        lock: false,
        load: loadModule,
      });
      const migration = basename(file, extname(file));
      return { data: { name: migration, file }, text: `Migration created: ${file}` };
    },
  });
}

/** Returns the name as files have it; throws if it cannot be one. */
function nameOf(text: string): string {
  const name = text.trim().replace(/[\s-]+/g, "_");
  if (/^[\p{L}\p{N}_-]+$/u.test(name)) return name;
  throw usageError(`"${text}" cannot be the name of a migration`, {
    hint: "Use letters, digits and underscores: create_users.",
  });
}

/** What kind of database is configured, if one is: a migration can be written without. */
async function kindOf(
  target: () => Promise<{ readonly kind: string }>,
): Promise<string | undefined> {
  try {
    return (await target()).kind;
  } catch {
    return undefined;
  }
}
