import { PostgresRLSGenerator, RLSMigrationGenerator, toPostgres } from "@kysera/rls/native";
import { createMigrationFile } from "@kysera/migrations/files";
import { basename, extname } from "node:path";
import { loadModule } from "../../config/_load_module.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { compareFile } from "../../files/_compare_file.ts";
import { nativeOptionsOf, onlySourceOf } from "../../policies/_native_options.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { openExecutor } from "../../program/_open_executor.ts";

/** `kysera policies to-postgres`. */
export const command: Command = defineCommand({
  description:
    "Nothing is run. The policies are those of the executor that `database.kysely` of the configuration " +
    "creates, on whatever database; the statements may be run again, and after a change. Without --out " +
    "and --migration they are printed.",
  options: {
    out: text("-o, --out <file>", "write them into this file"),
    verify: flag("--verify", "exit with 3 if the file is not up to date, and write nothing"),
    migration: text("-m, --migration <name>", "write them as a migration with up and down"),
    drop: flag("--drop", "the statements that take the policies away"),
    schema: text("-s, --schema <name>", "the schema of tables that are named without one"),
    role: list("--role <names>", "the roles of the database that the policies apply to"),
    setting: text("--setting <name>", "the setting that holds the context", {
      default: "rls.context",
    }),
    prefix: text("--prefix <word>", "what names of policies begin with", { default: "rls" }),
    force: flag("--no-force", "the policies do not apply to the owner of the tables"),
  },
  examples: [
    ["kysera policies to-postgres", "print the statements"],
    ["kysera policies to-postgres -m native_policies", "write a migration"],
    ["kysera policies to-postgres -o policies.sql --verify", "find in CI that the file is stale"],
  ],
  async run({ context, options }) {
    const { out, verify, migration, drop, schema, role, setting, prefix, force } = options;
    if (out !== undefined && migration !== undefined) {
      throw usageError("Give either --out or --migration");
    }
    if (drop && migration !== undefined) {
      throw usageError(
        "A migration has both, the policies and what takes them away: leave --drop out",
      );
    }
    if (verify && out === undefined) {
      throw usageError("--verify compares with a file: name it with --out");
    }
    const executor = await openExecutor(context, undefined);
    const source = onlySourceOf(executor);
    const native = {
      ...await nativeOptionsOf(executor, source, role),
      ...schema === undefined ? {} : { schemaName: schema },
      setting,
      policyPrefix: prefix,
      force,
    };
    if (migration !== undefined) {
      const file = await createMigrationFile(
        (await context.settings()).migrations.directory,
        migration,
        {
          extension: "ts",
          content: new RLSMigrationGenerator().generateMigration(source.schema, native),
          lock: false,
          load: loadModule,
        },
      );
      const name = basename(file, extname(file));
      return { data: { migration: name, file }, text: `Migration created: ${file}` };
    }
    const statements = drop
      ? new PostgresRLSGenerator().generateDropStatements(source.schema, native)
      : toPostgres(source.schema, native);
    const script = statements.map((statement) => `${statement};\n`).join("\n");
    if (out === undefined) return { data: { statements }, text: script.trimEnd() };
    return await compareFile(context, {
      path: out,
      text: script,
      source: "the policies",
      isUpdated: !verify,
      cure: "run the command without --verify",
    }, { statements });
  },
});
