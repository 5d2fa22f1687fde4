import type { Kysely } from "kysely";
import type { NamedHooks } from "../contract/_call_hook.ts";
import { checkNames } from "../contract/_check_names.ts";
import type { NameHost } from "../contract/table_scope.ts";
import type { Relations } from "./_relations.ts";

/** The check of the names in the options of an executor's plugins. */
export class NameCheck {
  readonly #host: NameHost;
  readonly #hooks: readonly NamedHooks[];
  readonly #relations: Relations;

  constructor(host: NameHost, hooks: readonly NamedHooks[], relations: Relations) {
    this.#host = host;
    this.#hooks = hooks;
    this.#relations = relations;
  }

  /** Whether some plugin has names to check. */
  get isNeeded(): boolean {
    return this.#hooks.some(({ hooks }) => hooks.optionNames !== undefined);
  }

  /**
   * Checks the names.
   *
   * @param db the database, on the connection that is to be asked
   * @throws {PluginValidationError} for a name that the database does not have
   */
  async run(db: Kysely<any>): Promise<void> {
    const relations = this.#relations;
    const check = (): Promise<void> =>
      checkNames(
        this.#host,
        this.#hooks,
        (tables) => tables === undefined ? relations.all(db) : relations.of(tables, db),
      );
    try {
      await check();
    } catch {
      // A plugin may have made the table since the catalog was read.
      relations.forget();
      await check();
    }
  }
}
