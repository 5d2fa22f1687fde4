/** What the cases of raw SQL have in common. */
import { type Kysely, sql } from "kysely";
import type { BypassCase, Lacks, Probe } from "../case.ts";

/** Text that names the table somehow, where the builder takes an expression. */
export function reads(
  name: string,
  run: (db: Kysely<any>, probe: Probe) => Promise<unknown>,
  more: Partial<BypassCase> = {},
): BypassCase {
  return { name, raw: true, run: (probe) => run(probe.db, probe), ...more };
}

/** SQL that gives the name of a hidden user. */
export const HIDDEN = "select max(name) from users where deleted_at is not null";

/** An expression in the select list that gives the name of the hidden user. */
export function expression(name: string, text: string, lacks?: Lacks): BypassCase {
  return reads(
    `in an expression: ${name}`,
    (db) => db.selectFrom("tags").select(sql.raw(text).as("x")).execute(),
    {
      ...(lacks === undefined ? {} : { lacks }),
      truth: ({ db }) => db.selectFrom("tags").select(sql`null`.as("x")).execute(),
      must: ["R"],
    },
  );
}
