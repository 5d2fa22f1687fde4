import { CompiledQuery, type Kysely } from "kysely";
import type { Evidence, LintedMigration } from "../rules/_rule.ts";
import { type Observation, type Observations, placeOf } from "./_observations.ts";

/** What the server answers where it cannot do a change that way. */
const REFUSED: ReadonlySet<unknown> = new Set([1845, 1846]);
const SEEN: ReadonlySet<Evidence> = new Set<Evidence>(["copies", "blocks-writes", "rewrite"]);
const NOTHING: ReadonlySet<Evidence> = new Set();

/**
 * Applies migrations to a scratch database. An `alter table` is asked to be instant first, then to be in
 * place without a lock, then in place: the server refuses what it cannot do, and by that says what it
 * would do.
 */
export async function observeMysql(
  scratch: Kysely<any>,
  migrations: readonly LintedMigration[],
): Promise<Observations> {
  const observations = new Map<string, Observation>();
  for (const [migration, { statements }] of migrations.entries()) {
    for (const [statement, { sql, parameters, changes }] of statements.entries()) {
      const isAlter = changes.length > 0 && /^\s{0,999}alter\s{1,9}table\b/i.test(sql) &&
        !changes.some(({ kind }) => kind === "rename-table" || kind === "change-partitions");
      const observation = isAlter ? await tryAlter(scratch, sql) : undefined;
      if (observation !== undefined) observations.set(placeOf(migration, statement), observation);
      else await send(scratch, sql, parameters);
    }
  }
  return observations;
}

/** Tries the ways from the best on; `undefined` if it fails in each. */
async function tryAlter(scratch: Kysely<any>, sql: string): Promise<Observation | undefined> {
  const ways: readonly (readonly [suffix: string, does: ReadonlySet<Evidence>, words: string])[] = [
    ["algorithm=instant", NOTHING, "instant"],
    ["algorithm=inplace, lock=none", NOTHING, "in place, without a lock"],
    ["algorithm=inplace", new Set(["blocks-writes"]), "in place, while writes wait"],
    ["algorithm=copy", new Set(["copies", "blocks-writes"]), "by a copy of the table"],
  ];
  for (const [suffix, does, words] of ways) {
    const outcome = await send(scratch, `${sql}, ${suffix}`);
    if (outcome === "done") return { does, seen: SEEN, words: `seen: ${words}` };
    if (outcome === "failed") return undefined;
  }
  return undefined;
}

async function send(
  db: Kysely<any>,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<"done" | "refused" | "failed"> {
  try {
    await db.executeQuery(CompiledQuery.raw(sql, [...parameters]));
    return "done";
  } catch (error) {
    const { errno } = error as { errno?: unknown };
    return REFUSED.has(errno) ? "refused" : "failed";
  }
}
