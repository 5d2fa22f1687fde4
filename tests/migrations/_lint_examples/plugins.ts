import type { LintOptions } from "@kysera/migrations/lint";
import { sql } from "kysely";
import { type Example, key } from "./example.ts";

const asRls = (more: object): LintOptions => ({
  plugins: {
    rls: { schema: { notes: { policies: [{ condition: { tenant_id: 1 } }] } }, ...more },
  },
});
const rls = asRls({});
const softDelete: LintOptions = { plugins: { softDelete: { tables: ["users", "notes"] } } };
const audit: LintOptions = {
  plugins: { audit: { tables: ["notes"], maskColumns: ["masked_token"] } },
};

/** Rules of our plugins. */
export const PLUGINS: readonly Example[] = [
  {
    rule: "unique-with-soft-delete",
    dialect: "postgres",
    options: softDelete,
    bad: [
      `create table notes (${key}, slug text unique, deleted_at timestamptz)`,
      "create unique index u on users (email)",
      (db) => db.schema.createIndex("u").on("users").column("email").unique().execute(),
    ],
    good: [
      "create unique index u on users (email) where deleted_at is null",
      (db) =>
        db.schema.createIndex("u").on("users").column("email").unique()
          .where(sql.ref("deleted_at"), "is", null).execute(),
      "create unique index u on teams (tenant_id)",
    ],
  },
  {
    rule: "unique-with-soft-delete",
    dialect: "mysql",
    options: { plugins: { softDelete: {} } },
    bad: ["create unique index u on users (email)"],
    good: [
      "create unique index u on users (email, is_active)",
      "create unique index u on teams (id)",
    ],
  },
  {
    rule: "fk-cascade-soft-delete",
    dialect: "postgres",
    options: softDelete,
    bad: [
      `create table t (${key}, user_id bigint references users on delete cascade)`,
      (db) =>
        db.schema.alterTable("teams")
          .addForeignKeyConstraint("f", ["id"], "users", ["id"], (c) => c.onDelete("cascade"))
          .execute(),
    ],
    good: [
      `create table t (${key}, team_id bigint references teams on delete cascade, user_id bigint references users)`,
    ],
  },
  {
    rule: "audited-table-without-key",
    dialect: "mysql",
    options: audit,
    bad: [
      "create table notes (a int)",
      (db) => db.schema.createTable("notes").addColumn("a", "integer").execute(),
    ],
    good: [`create table notes (${key})`, "create table others (a int)"],
  },
  {
    rule: "audited-column-secret",
    dialect: "postgres",
    options: audit,
    bad: [
      `create table notes (${key}, api_key text)`,
      "alter table notes add password_hash text",
      (db) => db.schema.alterTable("notes").addColumn("secret", "text").execute(),
    ],
    good: [
      `create table notes (${key}, masked_token text, body text)`,
      "alter table users add password text",
    ],
  },
  {
    rule: "keyset-index-missing",
    dialect: "sqlite",
    options: { plugins: { keysets: { notes: [["created_at", "id"]] } } },
    bad: [`create table notes (${key}, created_at text); create index i on notes (created_at)`],
    good: [
      `create table notes (${key}, created_at text); create index i on notes (created_at, id)`,
      `create table others (${key}, created_at text)`,
    ],
  },
  {
    rule: "timestamps-missing-or-mistyped",
    dialect: "postgres",
    options: { plugins: { timestamps: { tables: ["notes"] } } },
    bad: [
      `create table notes (${key}, created_at timestamptz)`,
      `create table notes (${key}, created_at timestamptz, updated_at int)`,
      (db) => db.schema.alterTable("notes").addColumn("updated_at", "text").execute(),
    ],
    good: [
      `create table notes (${key}, created_at timestamptz, updated_at timestamptz)`,
      `create table others (${key})`,
    ],
  },
  {
    rule: "new-table-undeclared",
    dialect: "postgres",
    options: asRls({ publicTables: ["countries"] }),
    bad: [
      `create table others (${key})`,
      (db) => db.schema.createTable("others").addColumn("id", "bigint").execute(),
    ],
    good: [
      `create table notes (${key})`,
      `create table countries (${key})`,
      "create temp table x (id int)",
    ],
  },
  {
    rule: "policed-table-without-policy",
    dialect: "postgres",
    options: asRls({ native: true }),
    bad: [`create table notes (${key}, tenant_id bigint not null)`],
    good: [
      `create table notes (${key}, tenant_id bigint not null); create policy p on notes using (true)`,
    ],
  },
  {
    rule: "policed-table-without-policy",
    dialect: "sqlite",
    options: {
      plugins: { rls: { schema: { notes: { policies: [] }, others: { policies: [{}] } } } },
    },
    bad: [`create table notes (${key})`],
    good: [`create table others (${key})`],
  },
  {
    rule: "policy-column-unindexed",
    dialect: "postgres",
    options: rls,
    bad: [
      `create table notes (${key}, tenant_id bigint not null)`,
      `create table notes (${key}, tenant_id bigint not null, a int); create index i on notes (a, tenant_id)`,
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null); create index i on notes (tenant_id)`,
    ],
  },
  {
    rule: "tenant-column-nullable",
    dialect: "mysql",
    options: rls,
    bad: [
      `create table notes (${key}, tenant_id bigint)`,
      (db) => db.schema.createTable("notes").addColumn("tenant_id", "bigint").execute(),
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null)`,
      `create table others (${key}, tenant_id bigint)`,
    ],
  },
  {
    rule: "unique-without-tenant",
    dialect: "postgres",
    options: rls,
    bad: [
      `create table notes (${key}, tenant_id bigint not null, slug text unique)`,
      `create table notes (${key}, tenant_id bigint not null, slug text); create unique index u on notes (slug)`,
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null, slug text, unique (tenant_id, slug))`,
    ],
  },
  {
    rule: "fk-across-tenants",
    dialect: "postgres",
    options: {
      plugins: {
        rls: {
          schema: {
            notes: { policies: [{ condition: { tenant_id: 1 } }] },
            teams: { policies: [{ condition: () => true }] },
          },
        },
      },
    },
    bad: [
      `create table notes (${key}, tenant_id bigint not null, team_id bigint references teams)`,
    ],
    good: [
      `create table notes (${key}, tenant_id bigint not null, team_id bigint, ` +
      "foreign key (tenant_id, team_id) references teams (tenant_id, id))",
      `create table notes (${key}, tenant_id bigint not null, user_id bigint references users)`,
    ],
  },
];
