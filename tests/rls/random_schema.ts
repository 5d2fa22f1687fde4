/**
 * Tables that are drawn at random, with their policies, and a model of what a caller may do with them.
 *
 * An oracle proves what its schema contains: here the kinds of the key, of the tenant's column and of
 * the owner's are drawn, the names, what else the table has, and who may change and remove rows.
 */
import fc from "fast-check";
import { type RawBuilder, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";

/** What values a column may have, and which of them are one to the database. */
export interface Kind {
  readonly name: string;
  /** The type, by dialect; absent where the dialect has none such. */
  readonly type: Partial<Record<TestDialect["dialect"], string>>;
  readonly values: readonly (string | number)[];
  /** What a value is compared by. Default: its text. */
  readonly fold?: (value: string) => string;
  /** Whether a driver gives it back as it was written: then functions of the row may compare it. */
  readonly exact: boolean;
}

const every = (type: string): Kind["type"] => ({ sqlite: type, postgres: type, mysql: type });

/** Kinds of columns, each with values that a careless comparison takes for each other. */
export const KINDS: readonly Kind[] = [
  { name: "integer", type: every("integer"), values: [0, 1, 2, -1], exact: true },
  {
    name: "bigint beyond what a double holds",
    type: every("bigint"),
    values: ["9007199254740993", "9007199254740992", "9007199254740994", "1"],
    exact: false,
  },
  {
    name: "text",
    type: { sqlite: "text", postgres: "text", mysql: "varchar(40) collate utf8mb4_bin" },
    values: ["a", "A", "á", "a'b", "1", "01"],
    exact: true,
  },
  {
    name: "text without letter case",
    type: { sqlite: "text collate nocase", mysql: "varchar(40) collate utf8mb4_general_ci" },
    values: ["a", "A", "b", "B"],
    fold: (value) => value.toLowerCase(),
    exact: false,
  },
  {
    name: "padded text",
    type: { postgres: "char(6)", mysql: "char(6) collate utf8mb4_bin" },
    values: ["a", "ab", "A", "1"],
    fold: (value) => value.trimEnd(),
    exact: false,
  },
  {
    name: "decimal",
    type: { postgres: "numeric(12, 2)", mysql: "decimal(12, 2)" },
    values: ["1.50", "1.51", "0.00", "-1.50"],
    exact: false,
  },
  {
    name: "uuid",
    type: { sqlite: "text", postgres: "uuid", mysql: "uuid" },
    values: [
      "00000000-0000-4000-8000-000000000001",
      "00000000-0000-4000-8000-00000000000a",
      "a0000000-0000-4000-8000-000000000001",
    ],
    exact: true,
  },
];

/** A table, its policies, and its rows. */
export interface Drawn {
  readonly table: string;
  readonly columns: { readonly tenant: string; readonly owner: string; readonly note: string };
  readonly key: readonly { readonly name: string; readonly kind: Kind }[];
  readonly tenant: Kind;
  readonly owner: Kind;
  /** What else the table has. */
  readonly extras: readonly Extra[];
  /** Who may change a row: all of the tenant, its owner by SQL, or by a function of the row. */
  readonly update: Who;
  readonly remove: Who;
  readonly plugins: readonly ("audit" | "timestamps" | "soft delete")[];
  readonly rows: readonly Row[];
  readonly steps: readonly Step[];
}

type Extra =
  | "unique"
  | "generated"
  | "trigger"
  | "reference"
  | "index"
  | "view"
  | "partitions"
  | "schema";
type Who = "tenant" | "owner" | "function";

/** A row, by what its columns are for. */
export interface Row {
  readonly key: readonly (string | number)[];
  readonly tenant: string | number | null;
  readonly owner: string | number | null;
  readonly note: string;
}

/** Something that a caller does. */
export type Step =
  & { readonly caller: { readonly tenant: string | number; readonly owner: string | number } }
  & (
    | { readonly does: "read" | "read the view"; readonly note: string | undefined }
    | { readonly does: "update"; readonly note: string; readonly to: string }
    | { readonly does: "move"; readonly note: string; readonly tenant: string | number }
    | { readonly does: "delete"; readonly note: string }
    | { readonly does: "insert"; readonly row: Row }
    | {
      readonly does: "find by key" | "update by key" | "delete by key";
      readonly key: readonly (string | number)[];
    }
  );

const NAMES = ["posts", "order", "Mixed Case", "ünï_tab", 'with"quote', "with`quote", "select"];
const COLUMNS = ["tenant", "Tenant Id", "group", 'tenant"s', "ténant"];
const NOTES = ["x", "y", "z"];
const COMMON: readonly Extra[] = ["unique", "generated", "trigger", "reference", "index", "view"];
/** What a table of a dialect may have. A schema of MySQL is a database of its own. */
const EXTRAS: Readonly<Record<TestDialect["dialect"], Extra[]>> = {
  sqlite: [...COMMON, "schema"],
  postgres: [...COMMON, "schema", "partitions"],
  mysql: [...COMMON],
};
/** The schema that a table may be in, beside the one that names are looked up in. */
export const OTHER_SCHEMA = "drawn_other";

/** Draws tables that a dialect can have. */
export function drawnTable({ dialect }: TestDialect): fc.Arbitrary<Drawn> {
  const kinds = KINDS.filter(({ type }) => type[dialect] !== undefined);
  const kind = fc.constantFrom(...kinds);
  return fc.record({
    table: fc.constantFrom(...NAMES),
    tenantName: fc.constantFrom(...COLUMNS),
    keys: fc.array(kind, { minLength: 1, maxLength: 2 }),
    tenant: kind,
    owner: kind,
    extras: fc.subarray<Extra>(EXTRAS[dialect]),
    update: fc.constantFrom<Who>("tenant", "owner", "function"),
    remove: fc.constantFrom<Who>("tenant", "owner", "function"),
    plugins: fc.subarray<Drawn["plugins"][number]>(["audit", "timestamps", "soft delete"]),
  }).chain(({ tenantName, keys, ...drawn }) => {
    const key = keys.map((kind, i) => ({ name: `k${i}`, kind }));
    const exact = (who: Who): Who => who === "function" && !drawn.owner.exact ? "owner" : who;
    const keyOf = fc.tuple(...keys.map(({ values }) => fc.constantFrom(...values)));
    const row: fc.Arbitrary<Row> = fc.record({
      key: keyOf,
      tenant: fc.option(fc.constantFrom(...drawn.tenant.values), { freq: 8 }),
      owner: fc.option(fc.constantFrom(...drawn.owner.values), { freq: 8 }),
      note: fc.constantFrom(...NOTES),
    });
    const caller = fc.record({
      tenant: fc.constantFrom(...drawn.tenant.values),
      owner: fc.constantFrom(...drawn.owner.values),
    });
    const note = fc.constantFrom(...NOTES);
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({
        does: fc.constantFrom("read" as const, "read the view" as const),
        note: fc.option(note, { nil: undefined }),
        caller,
      }),
      fc.record({ does: fc.constant("update" as const), note, to: note, caller }),
      fc.record({
        does: fc.constant("move" as const),
        note,
        tenant: fc.constantFrom(...drawn.tenant.values),
        caller,
      }),
      fc.record({ does: fc.constant("delete" as const), note, caller }),
      fc.record({ does: fc.constant("insert" as const), row, caller }),
      fc.record({
        does: fc.constantFrom("find by key", "update by key", "delete by key"),
        key: keyOf,
        caller,
      }),
    );
    return fc.record({
      rows: fc.uniqueArray(row, {
        maxLength: 8,
        selector: ({ key: values }) => JSON.stringify(values.map((v, i) => folded(keys[i]!, v))),
      }),
      steps: fc.array(step, { minLength: 1, maxLength: 8 }),
    }).map((rest): Drawn => ({
      ...drawn,
      extras: possible(drawn.extras),
      key,
      columns: { tenant: tenantName, owner: "owner", note: "note" },
      update: exact(drawn.update),
      remove: exact(drawn.remove),
      ...rest,
    }));
  });
}

/** What a table can have at once. */
function possible(extras: readonly Extra[]): readonly Extra[] {
  // A unique key of partitions has their column; before PostgreSQL 13 they have no such triggers.
  if (extras.includes("partitions")) {
    return extras.filter((each) => each !== "unique" && each !== "trigger");
  }
  // SQLite knows no foreign keys between the databases that are attached to one another.
  return extras.includes("schema") ? extras.filter((each) => each !== "reference") : extras;
}

/** The name that a query writes for the table. */
export function tableName({ table, extras }: Drawn): string {
  return extras.includes("schema") ? `${OTHER_SCHEMA}.${table}` : table;
}

/** What a value is compared by. */
export function folded(kind: Kind, value: string | number | null): string | null {
  if (value === null) return null;
  return kind.fold === undefined ? String(value) : kind.fold(String(value));
}

/** What the database has to run for a table to be there. */
export function definition(
  drawn: Drawn,
  dialect: TestDialect["dialect"],
): RawBuilder<unknown> {
  const { columns, key, tenant, owner, extras, plugins } = drawn;
  const type = (kind: Kind) => sql.raw(kind.type[dialect]!);
  const list = [
    ...key.map(({ name, kind }) => sql`${sql.id(name)} ${type(kind)} not null`),
    sql`${sql.id(columns.tenant)} ${type(tenant)}`,
    sql`${sql.id(columns.owner)} ${type(owner)}`,
    sql`${sql.id(columns.note)} varchar(20) not null`,
    sql`touched integer not null default 0`,
  ];
  if (plugins.includes("soft delete")) list.push(sql`deleted_at varchar(40)`);
  if (plugins.includes("timestamps")) {
    list.push(sql`created_at varchar(40)`, sql`updated_at varchar(40)`);
  }
  if (extras.includes("generated")) {
    list.push(sql`doubled integer generated always as (touched * 2) stored`);
  }
  if (extras.includes("unique")) list.push(sql`code varchar(20) unique`);
  if (extras.includes("reference")) {
    list.push(sql`parent integer`, sql`foreign key (parent) references parents (id)`);
  }
  list.push(sql`primary key (${sql.join(key.map(({ name }) => sql.id(name)))})`);
  const partitions = extras.includes("partitions")
    ? sql` partition by hash (${sql.id(key[0]!.name)})`
    : sql``;
  return sql`create table ${sql.table(tableName(drawn))} (${sql.join(list)})${partitions}`;
}
