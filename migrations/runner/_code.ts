import { BadRequestError } from "@kysera/core";
import type { MigrationList } from "../migration.ts";
import { type ResolvedMigration, resolveMigrations } from "../run/_resolved.ts";

/** The migrations of a runner, which are the same each time it looks at them. */
export class Code {
  readonly #list: MigrationList;
  #first: Promise<ResolvedMigration[]> | undefined;

  constructor(list: MigrationList) {
    this.#list = list;
  }

  /** Returns the migrations; a provider has to give the same ones each time. */
  async resolve(): Promise<ResolvedMigration[]> {
    const before = this.#first;
    const code = resolveMigrations(this.#list);
    if (before === undefined) {
      this.#first = code;
      try {
        return await code;
      } catch (error) {
        this.#first = undefined;
        throw error;
      }
    }
    const [old, now] = await Promise.all([before, code]);
    const length = Math.max(old.length, now.length);
    for (let i = 0; i < length; i++) {
      if (old[i]?.name === now[i]?.name && old[i]?.source === now[i]?.source) continue;
      const what = old[i]?.name === now[i]?.name
        ? `"${old[i]!.name}" has another text`
        : `from "${old[i]?.name ?? "none"}" to "${now[i]?.name ?? "none"}"`;
      throw new BadRequestError(
        `Cannot run migrations: they have changed since this runner looked at them first, ${what}; ` +
          "create a new runner",
      );
    }
    return old;
  }
}
