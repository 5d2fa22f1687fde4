import { didYouMean } from "@kysera/core";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { usageError } from "../../contract/_cli_error.ts";
import { columnsOf } from "./_columns.ts";
import { BODIES, type Body, type BodyRequest } from "./_bodies.ts";

/** What a migration is written from. */
export interface TemplateRequest {
  readonly template: string;
  readonly ending: "ts" | "js" | "sql";
  /** The name without what it begins with. */
  readonly name: string;
  readonly table: string | undefined;
  readonly columns: string | undefined;
  /** What kind of database it is for, if that is known. */
  readonly kind: string | undefined;
  /** The folder with templates of the project. */
  readonly folder: string | undefined;
}

/**
 * Returns the text of a new migration.
 *
 * @throws {CliError} if there is no such template, or it needs to be told a table or columns
 */
export function createTemplate(request: TemplateRequest): string {
  const { template, ending, name, table, kind, folder } = request;
  const own = folder === undefined ? undefined : ownTemplate(folder, template, ending);
  if (own !== undefined) {
    const text = readFileSync(own, "utf8");
    return text.replaceAll("{{name}}", name).replaceAll("{{table}}", table ?? name);
  }
  const body = Object.hasOwn(BODIES, template) ? BODIES[template] : undefined;
  if (body === undefined) {
    const names = [...Object.keys(BODIES), ...folder === undefined ? [] : ownNames(folder)];
    throw usageError(`There is no template "${template}"${didYouMean(template, names)}`, {
      hint: `The templates are ${names.join(", ")}.`,
    });
  }
  if (ending === "sql") return sqlOf(template);
  const columns = request.columns === undefined ? [] : columnsOf(request.columns);
  const data: BodyRequest = { table: needed(template, body, table), columns, kind };
  if (body.needsColumns && columns.length === 0) {
    throw usageError(`The template "${template}" needs columns`, {
      hint: "Name them: --columns email,age:integer?",
    });
  }
  const { up, down, imports = [] } = body.write(data);
  return moduleOf(up, down, imports, ending);
}

function needed(template: string, body: Body, table: string | undefined): string {
  if (table === undefined && body.needsTable) {
    throw usageError(`The template "${template}" needs a table`, {
      hint: "Name it: --table users",
    });
  }
  if (table !== undefined && !/^[\w.]+$/.test(table)) {
    throw usageError(`"${table}" cannot be the name of a table`);
  }
  return table ?? "";
}

function ownTemplate(folder: string, template: string, ending: string): string | undefined {
  const file = join(folder, `${template}.${ending}`);
  return /^[\w-]+$/.test(template) && existsSync(file) ? file : undefined;
}

function ownNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => file.slice(0, file.length - extname(file).length));
}

function sqlOf(template: string): string {
  if (template === "default") return "-- Write the change here.\n\n-- down\n\n-- Undo it here.\n";
  throw usageError(`The template "${template}" is written in code: leave --sql out`);
}

function moduleOf(
  up: readonly string[],
  down: readonly string[],
  imports: readonly string[],
  ending: "ts" | "js",
): string {
  const isTyped = ending === "ts";
  const names = [...isTyped ? ["type Kysely"] : [], ...imports];
  const head = names.length === 0
    ? ""
    : names.length === 1 && isTyped
    ? 'import type { Kysely } from "kysely";\n\n'
    : `import { ${names.join(", ")} } from "kysely";\n\n`;
  const signature = (name: string): string =>
    isTyped
      ? `export async function ${name}(db: Kysely<any>): Promise<void> {`
      : `export async function ${name}(db) {`;
  const write = (name: string, lines: readonly string[]): string =>
    `${signature(name)}\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
  return `${head}${write("up", up)}\n${write("down", down)}`;
}
