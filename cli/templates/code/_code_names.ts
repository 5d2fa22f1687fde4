import { pluralize, singularize } from "inflection";
import { pascalCase } from "../../types/_names.ts";

/** The names that a table has in code. */
export interface CodeNames {
  readonly typeName: string;
  readonly fileName: string;
}

/** What generated files import or use by itself. */
const TAKEN = [
  ...["DB", "Date", "Insertable", "JsonValue", "Kysely", "Object", "Promise", "Record"],
  ...["Selectable", "String", "Number", "Boolean", "Symbol", "Array", "Error", "Uint8Array"],
  ...["Updateable", "Omit", "Map", "Set", "Function"],
];

/** Names that Windows has no files of. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * Returns the names of tables, each of which is its own: those of all tables have to be asked for at
 * once, so that they do not depend on which of them code is written for.
 */
export function codeNames(tables: readonly string[]): Map<string, CodeNames> {
  const types = new Set(TAKEN);
  const files = new Set<string>();
  const names = new Map<string, CodeNames>();
  // Tables that are called as their files come before those that are not.
  const isPlain = (table: string) => fileName(table) === table;
  const ordered = [...tables.filter(isPlain), ...tables.filter((table) => !isPlain(table))];
  for (const table of ordered) {
    const many = pascalCase(table);
    const candidates = [pascalCase(singular(table)), many];
    names.set(table, {
      typeName: firstFree(
        candidates,
        (name) => [name, `New${name}`, `${name}Changes`].every((each) => !types.has(each)),
      ),
      fileName: firstFree([fileName(table)], (name) => !files.has(name)),
    });
    const { typeName, fileName: file } = names.get(table)!;
    for (const each of [typeName, `New${typeName}`, `${typeName}Changes`]) types.add(each);
    files.add(file);
  }
  return names;
}

/** Of words that the library does not know both ways, the plural stays. */
function singular(table: string): string {
  const [, before, word] = /^(.*?)(\p{L}*)$/su.exec(table)!;
  // Of camel case the last word counts: `userRoles`.
  const [, start, last] = /^(.*?)(\p{Lu}?[^\p{Lu}]*)$/su.exec(word!)!;
  const one = singularize(last!);
  return one !== "" && pluralize(one) === last ? `${before}${start}${one}` : table;
}

function fileName(table: string): string {
  const name = table.normalize("NFC").toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M}-]+/gu, "_");
  const whole = name.replace(/^[_-]+|[_-]+$/g, "") || "table";
  // Runners take a file of such a name for a test.
  return DEVICES.test(whole) || /(?:^|[_-])(?:test|spec)$/.test(whole) ? `${whole}_table` : whole;
}

function firstFree(candidates: readonly string[], isFree: (name: string) => boolean): string {
  const free = candidates.find(isFree);
  if (free !== undefined) return free;
  const last = candidates.at(-1)!;
  for (let number = 2;; number++) if (isFree(`${last}${number}`)) return `${last}${number}`;
}
