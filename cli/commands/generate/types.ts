import { readSchema, type ReadSchemaOptions, type SchemaSnapshot } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { matcherOf } from "../../files/_matcher.ts";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, integer, list, text } from "../../contract/_options.ts";
import { emitTypes } from "../../types/_emit_types.ts";
import { assertColumns } from "./_assert_columns.ts";
import { scalarOptions, TYPE_OPTIONS } from "./_type_options.ts";
import { watchTypes } from "./_watch_types.ts";

/** `kysera generate types`. */
export const command: Command = defineCommand({
  description:
    "Columns of views may be NULL unless the database says otherwise. Without --output the types are\n" +
    "printed.",
  options: {
    output: text("-o, --output <file>", "write them into this file"),
    outFile: text("--out-file <file>", "the same as --output"),
    verify: flag("--verify", "exit with 3 if the file is not up to date, and write nothing"),
    watch: flag("-w, --watch", "write them whenever the schema changes, until interrupted"),
    interval: integer("--interval <ms>", "how long between two looks at the schema, for --watch", {
      least: 1,
      default: 1000,
    }),
    schema: list("-s, --schema <names>", "read these schemas; names in the first have no prefix"),
    includePattern: text("--include-pattern <glob>", "only tables and views of such a name"),
    excludePattern: text("--exclude-pattern <glob>", "no tables and views of such a name"),
    ...TYPE_OPTIONS,
    runtimeEnums: flag("--runtime-enums", "write enumerations as objects, too"),
    partitions: flag("--partitions", "write partitions of tables, too"),
  },
  examples: [
    ["kysera generate types -o src/db.ts", "write the types"],
    ["kysera generate types -o src/db.ts --verify", "find in CI that they are not up to date"],
    ["kysera generate types -o src/db.ts --watch", "keep them up to date while you migrate"],
  ],
  async run({ context, options }) {
    const output = options.output ?? options.outFile;
    if (options.verify && output === undefined) {
      throw usageError("--verify compares with a file: name it with --output");
    }
    if (options.watch && (options.verify || output === undefined)) {
      throw usageError("--watch writes a file: name it with --output, and leave --verify out");
    }
    const { db, target } = await context.open({ missing: "refuse" });
    if (options.watch && target.kind === "pglite") {
      throw usageError("--watch cannot be used on PGlite, which one program opens at a time");
    }
    const read = async (database: Kysely<any>): Promise<string> =>
      typesOf(await readSchema(database, schemasOf(options.schema)), target.kind, options);
    if (options.watch) {
      const file = resolve(context.host.cwd, output!);
      return await watchTypes(context, {
        db,
        path: target.path,
        interval: options.interval,
        write: async (database) => {
          const types = await read(database);
          if (textOf(file) === types) return undefined;
          await writeWholeFile(file, types);
          const shown = relative(context.host.cwd, file);
          return context.shared.json ? JSON.stringify({ file, changed: true }) : `Wrote ${shown}`;
        },
      });
    }
    const types = await read(db);
    if (output === undefined) return { data: { types }, text: types };
    const file = resolve(context.host.cwd, output);
    const before = textOf(file);
    const shown = relative(context.host.cwd, file);
    const isSame = before === types;
    if (options.verify) {
      if (isSame) return { data: { file, upToDate: true }, text: `${shown} is up to date` };
      const { createTwoFilesPatch } = await import("diff");
      const diff = createTwoFilesPatch(shown, "the database", before ?? "", types);
      context.say(`${shown} is not up to date: run the command without --verify`);
      return { data: { file, upToDate: false, diff }, text: diff, exitCode: ExitCodes.FINDINGS };
    }
    if (!isSame) await writeWholeFile(file, types);
    return {
      data: { file, changed: !isSame },
      text: isSame ? `${shown} is up to date` : `Wrote ${shown}`,
    };
  },
});

/** The options that the types depend on. */
interface TypesValues {
  readonly includePattern: string | undefined;
  readonly excludePattern: string | undefined;
  readonly camelCase: boolean;
  readonly dateParser: string;
  readonly numericParser: string;
  readonly runtimeEnums: boolean;
  readonly partitions: boolean;
  readonly filled: readonly string[];
}

function typesOf(schema: SchemaSnapshot, kind: string, options: TypesValues): string {
  assertColumns(schema, options.filled);
  const isShown = matcherOf(options.includePattern, options.excludePattern);
  return emitTypes({
    ...schema,
    tables: schema.tables.filter(({ name }) => isShown(name)),
    views: schema.views.filter(({ name }) => isShown(name)),
  }, {
    ...scalarOptions(options, kind),
    camelCase: options.camelCase,
    runtimeEnums: options.runtimeEnums,
    partitions: options.partitions,
    filled: options.filled,
  });
}

function schemasOf(names: readonly string[]): ReadSchemaOptions {
  return names.length === 0 ? {} : { schemas: names };
}

/** The text of a file, if there is one. Whoever checks files out on Windows has other ends of lines. */
function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n") : undefined;
}
