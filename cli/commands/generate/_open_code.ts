import { didYouMean } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { readSchema, type SchemaSnapshot } from "@kysera/migrations/schema";
import { existsSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { usageError } from "../../contract/_cli_error.ts";
import { flag, list, type Option, text } from "../../contract/_options.ts";
import type { Context } from "../../program/_context.ts";
import type { CodeRelation } from "../../templates/code/_code_relation.ts";
import { type CodeOptions, readRelations } from "../../templates/code/_read_relations.ts";
import { emitTypes, HEAD } from "../../types/_emit_types.ts";
import { assertColumns } from "./_assert_columns.ts";
import { scalarOptions, TYPE_OPTIONS } from "./_type_options.ts";
import type { CodeFile } from "./_written_files.ts";

/** The argument that names a table. */
export const TABLE_ARGUMENT = {
  name: "table",
  description: "the table or view; every one if it is left out",
  isOptional: true,
} as const;

/** The options that say which tables are meant, and how their columns are typed. */
export const CODE_OPTIONS: {
  readonly table: Option<readonly string[]>;
  readonly schema: Option<string | undefined>;
  readonly camelCase: Option<boolean>;
  readonly dateParser: Option<string>;
  readonly numericParser: Option<string>;
  readonly filled: Option<readonly string[]>;
} = {
  table: list("-t, --table <names>", "only these tables and views"),
  schema: text("-s, --schema <name>", "the schema that they are in"),
  ...TYPE_OPTIONS,
};

/** The option that names the file of types. */
export const TYPES_OPTION: Option<string> = text(
  "--types <file>",
  "the file of `generate types`; it is written if it is not there",
  { default: "./src/types.ts" },
);

/** The options that say which columns plugins set. */
export const PLUGIN_OPTIONS: {
  readonly timestamps: Option<boolean>;
  readonly softDelete: Option<boolean>;
} = {
  timestamps: flag("--no-timestamps", "let rows be given created_at and updated_at"),
  softDelete: flag("--soft-delete", "let rows not be given deleted_at"),
};

/** The values of {@linkcode CODE_OPTIONS}. */
export interface CodeValues {
  readonly table: readonly string[];
  readonly schema: string | undefined;
  readonly camelCase: boolean;
  readonly dateParser: string;
  readonly numericParser: string;
  readonly filled: readonly string[];
}

/** The tables that code is written for. */
export interface OpenedCode {
  readonly snapshot: SchemaSnapshot;
  /** Those that are meant. */
  readonly relations: readonly CodeRelation[];
  /** All that there are. */
  readonly all: readonly CodeRelation[];
  readonly options: CodeOptions;
  /** The names of the columns that plugins set. */
  readonly setByPlugins: readonly string[];
  /** The file of types, as the database has it. */
  typesFile(path: string): CodeFile;
}

/** Reads the schema, and finds the tables that are meant. */
export async function openCode(
  context: Context,
  name: string | undefined,
  values: CodeValues,
  setBy: { readonly timestamps: boolean; readonly softDelete: boolean },
): Promise<OpenedCode> {
  const { db, target } = await context.open({ missing: "refuse" });
  const schemas = values.schema === undefined ? {} : { schemas: [values.schema] };
  const snapshot = await readSchema(getRawDb(db).withoutPlugins(), schemas);
  const setByPlugins = [
    ...setBy.timestamps ? ["created_at", "updated_at", "createdAt", "updatedAt"] : [],
    ...setBy.softDelete ? ["deleted_at", "deletedAt"] : [],
  ];
  const scalars = scalarOptions(values, target.kind);
  const { camelCase, filled } = values;
  assertColumns(snapshot, filled);
  const options: CodeOptions = { ...scalars, camelCase, filled, setByPlugins };
  const { relations: all, unusable } = readRelations(snapshot, options);
  const wanted = [...name === undefined ? [] : [name], ...values.table];
  for (const each of wanted) {
    const reason = unusable.find((other) => other.name === each)?.reason;
    if (reason !== undefined) throw usageError(`Cannot write code for "${each}": ${reason}`);
    if (all.some((relation) => relation.name === each)) continue;
    const near = didYouMean(each, all.map((relation) => relation.name));
    throw usageError(`There is no table "${each}"${near}`);
  }
  if (wanted.length === 0) {
    for (const { name, reason } of unusable) context.warn(`"${name}" is left out: ${reason}`);
  }
  const relations = wanted.length === 0
    ? all
    : all.filter((relation) => wanted.includes(relation.name));
  if (relations.length === 0) throw usageError("The database has no tables to write code for");
  return {
    snapshot,
    relations,
    all,
    options,
    setByPlugins,
    typesFile: (path) => {
      const types = emitTypes(snapshot, {
        ...scalars,
        camelCase,
        filled,
        runtimeEnums: false,
        partitions: false,
      });
      warnOfOldTypes(context, path, types);
      return { path: resolve(context.host.cwd, path), text: types, isNeeded: true };
    },
  };
}

/** What was written by hand is nobody's business. */
function warnOfOldTypes(context: Context, path: string, types: string): void {
  const file = resolve(context.host.cwd, path);
  if (!existsSync(file)) return;
  const before = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
  if (before === types || !before.startsWith(HEAD)) return;
  context.warn(
    `${path} is not what the database has, with these options: run \`kysera generate types -o ${path}\` ` +
      "with them.",
  );
}

/** Returns how a file imports another one. */
export function importOf(from: string, to: string): string {
  const path = relative(dirname(from), to).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}
