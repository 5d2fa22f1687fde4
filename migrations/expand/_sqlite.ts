import { type RawBuilder, sql } from "kysely";
import type { ExpandDialect } from "./_dialect.ts";
import { inTransaction } from "./_in_transaction.ts";
import {
  bareName,
  missing,
  refuse,
  type Replacement,
  rowRef,
  syncName,
  withoutParameters,
} from "./_replacement.ts";

/** The triggers, by what is added to their names. */
const TRIGGERS = ["filled", "given", "changed", "followed"] as const;

export const sqlite: ExpandDialect = {
  // Whoever writes has the whole file, and for how long others wait says the connection.
  briefly: (db, _replacement, body) => inTransaction(db, body),
  async prepare(db, replacement) {
    const { table, old, now, notNull } = replacement;
    if (notNull) {
      throw refuse(
        `SQLite cannot have a column that is there refuse NULL: leave out "notNull" of "${now}", or ` +
          "create the table anew",
      );
    }
    const { rows: [column] } = await sql<{ required: number | bigint; initial: unknown }>`
      select "notnull" as required, dflt_value as initial
      from pragma_table_info(${bareName(replacement)}, ${replacement.schema ?? "main"})
      where name = ${old} collate nocase`.execute(db);
    if (column === undefined) throw missing(replacement);
    if (Number(column.required) === 0 || column.initial !== null) return;
    throw refuse(
      `column "${old}" of "${table}" is NOT NULL without a default, and a trigger of SQLite fills it ` +
        "too late, when the write is refused already; create the table anew without that first",
    );
  },
  restore: () => Promise.resolve(),
  async createTriggers(db, replacement) {
    for (const statement of triggersOf(replacement)) {
      withoutParameters(db, statement);
      await statement.execute(db);
    }
  },
  async dropTriggers(db, replacement) {
    for (const which of TRIGGERS) {
      await sql`drop trigger ${nameOf(replacement, which)}`.execute(db);
    }
  },
  isSame: (one, other) => sql`(${one} collate binary is ${other})`,
  setOldNotNull: () => Promise.resolve(),
  // It is refused before.
  setNotNull: () => Promise.resolve(),
  dropNotNull: () => Promise.resolve(),
};

function nameOf(replacement: Replacement, which: string): RawBuilder<unknown> {
  const name = `${syncName(replacement, "")}_${which}`;
  return replacement.schema === undefined ? sql.id(name) : sql.id(replacement.schema, name);
}

/** Triggers cannot change the row before it is written, so they write it once more. */
function triggersOf(replacement: Replacement): RawBuilder<unknown>[] {
  const { forward, backward, key } = replacement;
  const [oldBefore, nowBefore] = [
    rowRef("old", replacement.old),
    rowRef("old", replacement.now),
  ];
  const [old, now] = [rowRef("new", replacement.old), rowRef("new", replacement.now)];
  // Byte by byte, whatever the collation of the column is.
  const differs = (one: unknown, other: unknown) => sql`${one} collate binary is not ${other}`;
  // Where one is what the other one becomes, both are right, though not both ways.
  const inconsistent = sql`${differs(now, forward(old))} and ${differs(old, backward(now))}`;
  const bare = bareName(replacement);
  const row = sql.join(
    key.map((column) => sql`${sql.id(column)} is ${rowRef("new", column)}`),
    sql` and `,
  );
  const trigger = (
    which: typeof TRIGGERS[number],
    event: RawBuilder<unknown>,
    when: RawBuilder<unknown>,
    set: RawBuilder<unknown>,
  ) =>
    sql`create trigger ${nameOf(replacement, which)} after ${event} on ${sql.id(bare)}
      for each row when ${when}
      begin update ${sql.id(bare)} set ${set} where ${row}; end`;
  const [oldName, nowName] = [sql.id(replacement.old), sql.id(replacement.now)];
  const writeOld = sql`${oldName} = ${backward(now)}`;
  const writeNow = sql`${nowName} = ${forward(old)}`;
  return [
    trigger("filled", sql`insert`, sql`${now} is null and ${old} is not null`, writeNow),
    trigger("given", sql`insert`, sql`${now} is not null and ${inconsistent}`, writeOld),
    trigger(
      "changed",
      sql`update of ${nowName}`,
      sql`${differs(now, nowBefore)} and ${inconsistent}`,
      writeOld,
    ),
    trigger(
      "followed",
      sql`update of ${oldName}`,
      sql`${differs(old, oldBefore)} and not (${differs(now, nowBefore)}) and ${inconsistent}`,
      writeNow,
    ),
  ];
}
