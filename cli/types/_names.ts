import { CamelCasePlugin } from "kysely";

/** Gives each thing of a file a name that nothing else in it has. */
export class NameGiver {
  readonly #taken: Set<string>;

  /** @param taken the names that are taken from the start */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** Returns a name for a thing that the database calls something else. */
  give(...words: readonly string[]): string {
    const wanted = pascalCase(words.join("_"));
    let name = wanted;
    for (let number = 2; this.#taken.has(name); number++) name = `${wanted}${number}`;
    this.#taken.add(name);
    return name;
  }
}

/** Returns a name as TypeScript has those of types: `userRoles` and `user_roles` are `UserRoles`. */
export function pascalCase(text: string): string {
  const name = text
    // Not every digit may stand in a name: `m²` is none.
    .split(/[^\p{ID_Continue}]+|[_·]+/u)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
  return /^\p{ID_Start}/u.test(name) ? name : `_${name}`;
}

/** Returns a name as a property is written. */
export function propertyName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);
}

class OpenCamelCasePlugin extends CamelCasePlugin {
  toCamelCase(name: string): string {
    return this.camelCase(name);
  }
}

/** Returns a name as Kysely's `CamelCasePlugin` has it. */
export function camelCase(name: string): string {
  return plugin.toCamelCase(name);
}

const plugin = new OpenCamelCasePlugin();
