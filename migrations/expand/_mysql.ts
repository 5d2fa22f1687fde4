import { type Kysely, type RawBuilder, sql } from "kysely";
import type { ExpandDialect } from "./_dialect.ts";
import {
  bareName,
  missing,
  refuse,
  type Replacement,
  rowRef,
  syncName,
  withoutParameters,
} from "./_replacement.ts";

export const mysql: ExpandDialect = {
  async briefly(db, { lockTimeout }, body) {
    const { rows: [before] } = await sql<{ seconds: number | string }>`
      select @@session.lock_wait_timeout as seconds`.execute(db);
    const set = (seconds: number) =>
      sql`set session lock_wait_timeout = ${sql.lit(seconds)}`.execute(db);
    await set(Math.max(1, Math.ceil(lockTimeout / 1000)));
    try {
      await body(db);
    } finally {
      // The connection goes back to the pool.
      await set(Number(before!.seconds));
    }
  },
  async prepare(db, replacement) {
    const { table, old, oldType, oldNotNull } = replacement;
    const { isNullable, hasDefault } = await oldColumn(db, replacement);
    if (!isNullable && hasDefault) return;
    // When the triggers are dropped, and the column is still there, writers of the new column go on.
    if (oldNotNull && oldType !== undefined) {
      // Again if it takes NULL already: whoever goes on after a failure sends the same statements.
      await db.schema.alterTable(table).modifyColumn(old, oldType).execute();
    } else if (!isNullable) {
      throw refuse(
        `column "${old}" of "${table}" is NOT NULL, and has to take NULL for as long as both columns ` +
          `are there: give { name: "${old}", type: .., notNull: true } in the option "from"`,
      );
    }
  },
  async restore(db, replacement) {
    const { table, old, oldType, oldNotNull } = replacement;
    if (!oldNotNull || oldType === undefined) return;
    const { isNullable } = await oldColumn(db, replacement);
    if (!isNullable) return;
    await db.schema.alterTable(table).modifyColumn(old, oldType, (column) => column.notNull())
      .execute();
  },
  // It takes NULL for as long as both columns are there.
  setOldNotNull: () => Promise.resolve(),
  async createTriggers(db, replacement) {
    // With the other one first, what is inserted in between could be changed without the new column.
    for (const event of ["update", "insert"] as const) {
      const statement = triggerOf(replacement, event);
      withoutParameters(db, statement);
      await statement.execute(db);
    }
  },
  async dropTriggers(db, replacement) {
    for (const event of ["insert", "update"] as const) {
      await sql`drop trigger ${nameOf(replacement, event)}`.execute(db);
    }
  },
  isSame: (one, other) => sql`(cast(${one} as binary) <=> cast(${other} as binary))`,
  setNotNull: (db, replacement) =>
    mysql.briefly(db, replacement, (each) =>
      each.schema.alterTable(replacement.table)
        .modifyColumn(replacement.now, replacement.nowType, (column) => column.notNull())
        .execute()),
  dropNotNull: (db, { table, now, nowType }) =>
    db.schema.alterTable(table).modifyColumn(now, nowType).execute(),
};

async function oldColumn(
  db: Kysely<any>,
  replacement: Replacement,
): Promise<{ readonly isNullable: boolean; readonly hasDefault: boolean }> {
  const { rows: [column] } = await sql<{ nullable: string; initial: unknown }>`
    select is_nullable as nullable, column_default as initial from information_schema.columns
    where table_schema = coalesce(${replacement.schema ?? null}, database())
      and table_name = ${bareName(replacement)} and column_name = ${replacement.old}`.execute(db);
  if (column === undefined) throw missing(replacement);
  return { isNullable: column.nullable === "YES", hasDefault: column.initial !== null };
}

function nameOf(replacement: Replacement, event: "insert" | "update"): RawBuilder<unknown> {
  const name = syncName(replacement, event);
  return replacement.schema === undefined ? sql.id(name) : sql.id(replacement.schema, name);
}

function triggerOf(replacement: Replacement, event: "insert" | "update"): RawBuilder<unknown> {
  const { forward, backward } = replacement;
  const [oldBefore, nowBefore] = [
    rowRef("old", replacement.old),
    rowRef("old", replacement.now),
  ];
  const [old, now] = [rowRef("new", replacement.old), rowRef("new", replacement.now)];
  // Byte by byte: most collations take upper and lower case for the same.
  const differs = (one: unknown, other: unknown) =>
    sql`not (cast(${one} as binary) <=> cast(${other} as binary))`;
  // Where one is what the other one becomes, both are right, though not both ways.
  const inconsistent = sql`${differs(now, forward(old))} and ${differs(old, backward(now))}`;
  const writeOld = sql`if ${inconsistent} then set ${old} = ${backward(now)}; end if;`;
  const writeNow = sql`if ${inconsistent} then set ${now} = ${forward(old)}; end if;`;
  const body = event === "insert"
    ? sql`if ${now} is not null then ${writeOld} else set ${now} = ${forward(old)}; end if;`
    : sql`if ${differs(now, nowBefore)} then ${writeOld}
      elseif ${differs(old, oldBefore)} then ${writeNow}
      end if;`;
  const when = event === "insert" ? sql`before insert` : sql`before update`;
  return sql`create trigger ${nameOf(replacement, event)} ${when} on ${sql.table(replacement.table)}
    for each row begin ${body} end`;
}
