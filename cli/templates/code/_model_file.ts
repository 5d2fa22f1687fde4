import { docComment } from "../../types/_doc_comment.ts";
import type { CodeRelation } from "./_code_relation.ts";
import { commentText } from "./_schema_file.ts";

/** How the types of a table are written. */
export interface ModelFileOptions {
  /** How the file of types is imported: `../types.ts`. */
  readonly typesImport: string;
  /** Columns that plugins set. */
  readonly setByPlugins: readonly string[];
}

/** Returns the file with the types of a table: of a row, of a new one, and of changes. */
export function modelFile(
  relation: CodeRelation,
  { typesImport, setByPlugins }: ModelFileOptions,
): string {
  const { typeName, property, isView, columns, name, comment } = relation;
  const about = `"${commentText(name)}"`;
  const table = `DB[${JSON.stringify(property)}]`;
  const names = isView ? ["Selectable"] : ["Insertable", "Selectable", "Updateable"];
  const left = columns.filter((column) => column.isOptional && setByPlugins.includes(column.name))
    .map((column) => JSON.stringify(column.property));
  const without = (type: string): string =>
    left.length === 0 ? type : `Omit<${type}, ${left.join(" | ")}>`;
  const of = (type: string): string => `${type}<${table}>`;
  const parts = [
    `import type { ${names.join(", ")} } from "kysely";\n` +
    `import type { DB } from ${JSON.stringify(typesImport)};`,
    `${
      docComment(`A row of ${about}.${comment ? `\n\n${comment}` : ""}`, "")
    }export type ${typeName} = ${of("Selectable")};`,
  ];
  if (!isView) {
    parts.push(
      `/** What a new row of ${about} is made of. */\n` +
        `export type New${typeName} = ${without(of("Insertable"))};`,
      `/** What may be changed of a row of ${about}. */\n` +
        `export type ${typeName}Changes = ${without(of("Updateable"))};`,
    );
  }
  return `${parts.join("\n\n")}\n`;
}
