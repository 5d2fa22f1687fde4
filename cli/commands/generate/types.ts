import { readSchema } from "@kysera/migrations/schema";
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { matcherOf } from "../../files/_matcher.ts";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { emitTypes } from "../../types/_emit_types.ts";
import { scalarOptions, TYPE_OPTIONS } from "./_type_options.ts";

/** `kysera generate types`. */
export const command: Command = defineCommand({
  description:
    "Columns of views may be NULL unless the database says otherwise. Without --output the types are\n" +
    "printed.",
  options: {
    output: text("-o, --output <file>", "write them into this file"),
    outFile: text("--out-file <file>", "the same as --output"),
    verify: flag("--verify", "exit with 3 if the file is not up to date, and write nothing"),
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
  ],
  async run({ context, options }) {
    const output = options.output ?? options.outFile;
    if (options.verify && output === undefined) {
      throw usageError("--verify compares with a file: name it with --output");
    }
    const { db, target } = await context.open({ missing: "refuse" });
    const schemas = options.schema.length === 0 ? {} : { schemas: options.schema };
    const schema = await readSchema(db, schemas);
    const isShown = matcherOf(options.includePattern, options.excludePattern);
    const types = emitTypes({
      ...schema,
      tables: schema.tables.filter(({ name }) => isShown(name)),
      views: schema.views.filter(({ name }) => isShown(name)),
    }, {
      ...scalarOptions(options, target.kind),
      camelCase: options.camelCase,
      runtimeEnums: options.runtimeEnums,
      partitions: options.partitions,
    });
    if (output === undefined) return { data: { types }, text: types };
    const file = resolve(context.host.cwd, output);
    const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    const shown = relative(context.host.cwd, file);
    // Whoever checks files out on Windows has other ends of lines.
    const isSame = before?.replaceAll("\r\n", "\n") === types;
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
