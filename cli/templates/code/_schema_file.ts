import { propertyName } from "../../types/_names.ts";
import type { CodeColumn, CodeRelation } from "./_code_relation.ts";
import { type LibraryName, libraryOf, type SchemaLibrary } from "./_schema_library.ts";
import { holds } from "./_shape.ts";

/** How the schemas of a table are written. */
export interface SchemaFileOptions {
  readonly library: LibraryName;
  /** Whether keys that are not columns are refused. */
  readonly strict: boolean;
}

/** The names of the schemas of a table. */
export function schemaNames({ typeName }: CodeRelation): {
  readonly row: string;
  readonly created: string;
  readonly changed: string;
} {
  return {
    row: `${typeName}Schema`,
    created: `New${typeName}Schema`,
    changed: `${typeName}ChangesSchema`,
  };
}

/** Returns the file with the schemas of a table: of a row, of a new one, and of changes. */
export function schemaFile(relation: CodeRelation, options: SchemaFileOptions): string {
  const library = libraryOf(options.library);
  const names = schemaNames(relation);
  const about = `"${commentText(relation.name)}"`;
  const created = relation.columns.filter(({ isInNew }) => isInNew);
  const hasJson = [...relation.columns.map(({ row }) => row), ...created.map(({ input }) => input)]
    .some((shape) => holds(shape, "json"));
  const helper = hasJson ? library.jsonHelper : undefined;
  const strict = options.strict ? library.strictObject : library.object;
  const parts = [
    [...helper?.imports ?? [], library.importLine].join("\n"),
    ...helper === undefined ? [] : [helper.text],
    `/** A row of ${about}. */\nexport const ${names.row} = ${
      objectText(library.object, relation.columns.map((column) => rowEntry(column, library)))
    };`,
  ];
  if (relation.isWritable) {
    const unchanged = created.filter(({ isInChanges }) => !isInChanges)
      .map(({ property }) => property);
    parts.push(
      `/** What a new row of ${about} is made of. */\nexport const ${names.created} = ${
        objectText(strict, created.map((column) => newEntry(column, library)))
      };`,
      `/** What may be changed of a row of ${about}. */\nexport const ${names.changed} = ${
        library.partial(names.created, unchanged)
      };`,
    );
  }
  return `${parts.join("\n\n")}\n`;
}

/** What a database calls something, in a comment. */
export function commentText(name: string): string {
  return name.replaceAll("*/", "* /").replaceAll(/[\r\n\u2028\u2029]+/g, " ");
}

function objectText(name: string, entries: readonly string[]): string {
  return entries.length === 0 ? `${name}({})` : `${name}({\n${entries.join("")}})`;
}

function rowEntry(column: CodeColumn, library: SchemaLibrary): string {
  return entry(column, library, column.row, column.isNullable ? "nullable" : undefined);
}

function newEntry(column: CodeColumn, library: SchemaLibrary): string {
  const { isNullable, isOptional } = column;
  const wrap = isNullable ? "nullish" : isOptional ? "optional" : undefined;
  return entry(column, library, column.input, wrap);
}

function entry(
  { property }: CodeColumn,
  library: SchemaLibrary,
  shape: CodeColumn["row"],
  wrap: "nullable" | "optional" | "nullish" | undefined,
): string {
  const key = keyText(property);
  const before = key.length + 4 + (wrap === undefined ? 0 : library.wrap("", wrap).length);
  const expression = library.shape(shape, "  ", before);
  return `  ${key}: ${wrap === undefined ? expression : library.wrap(expression, wrap)},\n`;
}

/** In an object, `__proto__` is not a key unless it is computed. */
function keyText(property: string): string {
  return property === "__proto__" ? '["__proto__"]' : propertyName(property);
}
