import { type Kysely, type RawBuilder, sql } from "kysely";
import type { ExpandDialect } from "./_dialect.ts";
import { inTransaction } from "./_in_transaction.ts";
import {
  bareName,
  missing,
  type Replacement,
  rowRef,
  syncName,
  withoutParameters,
} from "./_replacement.ts";

export const postgres: ExpandDialect = {
  briefly: (db, { lockTimeout }, body) =>
    inTransaction(db, async (trx) => {
      await sql`set local lock_timeout = ${sql.lit(lockTimeout)}`.execute(trx);
      await body(trx);
      // The transaction may be that of a whole run.
      await sql`set local lock_timeout to default`.execute(trx);
    }),
  // A trigger before the write fills the old column, so that it may refuse NULL.
  async prepare(db, replacement) {
    const { schema, old } = replacement;
    const { rows } = await sql`
      select from pg_catalog.pg_attribute a
      join pg_catalog.pg_class c on c.oid = a.attrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = ${
      bareName(replacement)
    } and a.attname = ${old} and not a.attisdropped and ${
      schema === undefined ? sql`pg_catalog.pg_table_is_visible(c.oid)` : sql`n.nspname = ${schema}`
    }`.execute(db);
    if (rows.length === 0) throw missing(replacement);
  },
  restore: () => Promise.resolve(),
  async createTriggers(db, replacement) {
    const [table, name] = [sql.table(replacement.table), syncName(replacement, "")];
    const fn = functionOf(replacement);
    // The text of the body is a string of its own.
    const body = withoutParameters(db, bodyOf(replacement));
    await sql`create function ${fn}() returns trigger language plpgsql as ${sql.lit(body)}`
      .execute(db);
    await sql`create trigger ${sql.id(name)} before insert or update on ${table}
      for each row execute function ${fn}()`.execute(db);
  },
  async dropTriggers(db, replacement) {
    const [table, name] = [sql.table(replacement.table), syncName(replacement, "")];
    await sql`drop trigger ${sql.id(name)} on ${table}`.execute(db);
    await sql`drop function ${functionOf(replacement)}()`.execute(db);
  },
  isSame: (one, other) => sql`${one}::text is not distinct from ${other}::text`,
  setNotNull: (db, replacement) => setNotNull(db, replacement, replacement.now),
  async setOldNotNull(db, replacement) {
    if (replacement.oldNotNull) await setNotNull(db, replacement, replacement.old);
  },
  dropNotNull: (db, { table, now }) =>
    db.schema.alterTable(table).alterColumn(now, (column) => column.dropNotNull()).execute(),
};

async function setNotNull(
  db: Kysely<any>,
  replacement: Replacement,
  column: string,
): Promise<void> {
  const [table, check] = [
    sql.table(replacement.table),
    sql.id(`${replacement.name}_not_null`),
  ];
  // With a check that is valid the table is not scanned while it is locked.
  await postgres.briefly(db, replacement, async (trx) => {
    await sql`alter table ${table} add constraint ${check}
      check (${sql.ref(column)} is not null) not valid`.execute(trx);
  });
  await sql`alter table ${table} validate constraint ${check}`.execute(db);
  await postgres.briefly(db, replacement, async (trx) => {
    await trx.schema.alterTable(replacement.table)
      .alterColumn(column, (each) => each.setNotNull()).execute();
    await sql`alter table ${table} drop constraint ${check}`.execute(trx);
  });
}

function functionOf(replacement: Replacement): RawBuilder<unknown> {
  const name = syncName(replacement, "");
  return replacement.schema === undefined ? sql.id(name) : sql.id(replacement.schema, name);
}

function bodyOf(replacement: Replacement): RawBuilder<unknown> {
  const { forward, backward } = replacement;
  const [oldBefore, nowBefore] = [
    rowRef("old", replacement.old),
    rowRef("old", replacement.now),
  ];
  const [old, now] = [rowRef("new", replacement.old), rowRef("new", replacement.now)];
  const column = (name: string) => sql`${sql.table(replacement.table)}.${sql.id(name)}%type`;
  // As text, because a type may have no comparison, or one that takes different values for the same.
  const differs = (one: RawBuilder<unknown>, other: RawBuilder<unknown>) =>
    sql`${one}::text is distinct from ${other}::text`;
  const [ahead, back] = [sql`kysera_forward`, sql`kysera_backward`];
  // Where one is what the other one becomes, both are right, though not both ways.
  const compare = (then: RawBuilder<unknown>) =>
    sql`kysera_forward := ${forward(old)};
    kysera_backward := ${backward(now)};
    if ${differs(ahead, now)} and ${differs(back, old)} then ${then}; end if;`;
  const writeOld = compare(sql`${old} := kysera_backward`);
  const writeNow = compare(sql`${now} := kysera_forward`);
  return sql`
declare
  kysera_forward ${column(replacement.now)};
  kysera_backward ${column(replacement.old)};
begin
  if tg_op = 'INSERT' then
    if ${now} is not null then
    ${writeOld}
    else
      ${now} := ${forward(old)};
    end if;
  elsif ${differs(now, nowBefore)} then
    ${writeOld}
  elsif ${differs(old, oldBefore)} then
    ${writeNow}
  end if;
  return new;
end`;
}
