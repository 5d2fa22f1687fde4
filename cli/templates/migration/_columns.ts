import { usageError } from "../../contract/_cli_error.ts";

/** A column of a template. */
export interface TemplateColumn {
  readonly name: string;
  /** A data type of Kysely. */
  readonly type: string;
  readonly isNullable: boolean;
  readonly isUnique: boolean;
  readonly references: string | undefined;
}

const SIMPLE = [
  ...["bigint", "bigserial", "binary", "blob", "boolean", "bytea", "date", "datetime", "decimal"],
  ...["double precision", "float4", "float8", "int2", "int4", "int8", "integer", "json", "jsonb"],
  ...["numeric", "real", "serial", "smallint", "text", "time", "timestamp", "timestamptz", "uuid"],
  ...["char", "varbinary", "varchar"],
];
/** Those that are named where another one is written. */
const USUAL = [
  ...["text", "varchar(255)", "integer", "bigint", "boolean", "numeric(10, 2)", "date"],
  ...["timestamptz", "uuid", "jsonb"],
];
const SIZED =
  /^(?:var)?(?:char|binary)\(\d{1,9}\)$|^(?:decimal|numeric)\(\d{1,4}, ?\d{1,4}\)$|^(?:datetime|time|timestamp|timestamptz)\(\d\)$/;

/**
 * Reads a list of columns: `email:varchar(255):unique, age:integer?`.
 *
 * @throws {CliError} if it cannot be read
 */
export function columnsOf(list: string): TemplateColumn[] {
  return divide(list, ",").map((text) => {
    const [name = "", written = "text", ...rest] = divide(text, ":");
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw usageError(`--columns: "${text.trim()}" does not begin with the name of a column`);
    }
    const isNullable = written.endsWith("?");
    // Kysely takes a space behind the comma for granted.
    const type = (isNullable ? written.slice(0, -1) : written).replace(/, ?/, ", ");
    if (!SIMPLE.includes(type) && !SIZED.test(type)) {
      throw usageError(`--columns: "${name}" has the type "${type}", which Kysely does not know`, {
        hint: `Types are ${USUAL.join(", ")} and the others of Kysely.`,
      });
    }
    const references = rest.map((each) => /^references\((\w+\.\w+)\)$/.exec(each)?.[1]).find(
      Boolean,
    );
    const others = rest.filter((each) => each !== "unique" && !each.startsWith("references("));
    if (others.length > 0 || (rest.some((each) => each.startsWith("references(")) && !references)) {
      throw usageError(`--columns: "${text.trim()}" says something that is not known`, {
        hint: "Behind the type there can be `:unique` and `:references(table.column)`.",
      });
    }
    return { name, type, isNullable, isUnique: rest.includes("unique"), references };
  });
}

/** Divides a text, but not within parentheses. */
function divide(text: string, separator: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "(") depth++;
    if (letter === ")") depth--;
    if (letter === separator && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
