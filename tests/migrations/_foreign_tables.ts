import { type Kysely, sql } from "kysely";
import type { TestDialect } from "../support/matrix.ts";

type Ddl = Readonly<Record<TestDialect["dialect"], readonly string[]>>;

/** The table as Prisma's schema engine creates it. */
const PRISMA: Ddl = {
  postgres: [`create table _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at timestamptz,
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`],
  mysql: [`create table _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at datetime(3),
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at datetime(3),
    started_at datetime(3) not null default current_timestamp(3),
    applied_steps_count integer unsigned not null default 0
  ) default character set utf8mb4 collate utf8mb4_unicode_ci`],
  sqlite: [`create table "_prisma_migrations" (
    "id" text primary key not null,
    "checksum" text not null,
    "finished_at" datetime,
    "migration_name" text not null,
    "logs" text,
    "rolled_back_at" datetime,
    "started_at" datetime not null default current_timestamp,
    "applied_steps_count" integer unsigned not null default 0
  )`],
};

/** The table as Drizzle's migrator creates it, in the schema that is current. */
const DRIZZLE: Ddl = {
  postgres: [`create table if not exists "__drizzle_migrations" (
    id serial primary key, hash text not null, created_at bigint
  )`],
  mysql: [`create table if not exists \`__drizzle_migrations\` (
    id serial primary key, hash text not null, created_at bigint
  )`],
  sqlite: [`create table if not exists "__drizzle_migrations" (
    id serial primary key, hash text not null, created_at numeric
  )`],
};

/** The table as Flyway creates it. */
const FLYWAY: Ddl = {
  postgres: [
    `create table "flyway_schema_history" (
      "installed_rank" int not null, "version" varchar(50), "description" varchar(200) not null,
      "type" varchar(20) not null, "script" varchar(1000) not null, "checksum" integer,
      "installed_by" varchar(100) not null, "installed_on" timestamp not null default now(),
      "execution_time" integer not null, "success" boolean not null
    )`,
    `alter table "flyway_schema_history"
      add constraint "flyway_schema_history_pk" primary key ("installed_rank")`,
    `create index "flyway_schema_history_s_idx" on "flyway_schema_history" ("success")`,
  ],
  mysql: [
    `create table \`flyway_schema_history\` (
      \`installed_rank\` int not null, \`version\` varchar(50), \`description\` varchar(200) not null,
      \`type\` varchar(20) not null, \`script\` varchar(1000) not null, \`checksum\` int,
      \`installed_by\` varchar(100) not null,
      \`installed_on\` timestamp not null default current_timestamp,
      \`execution_time\` int not null, \`success\` bool not null,
      constraint \`flyway_schema_history_pk\` primary key (\`installed_rank\`)
    ) engine = innodb`,
    `create index \`flyway_schema_history_s_idx\` on \`flyway_schema_history\` (\`success\`)`,
  ],
  sqlite: [
    `create table "flyway_schema_history" (
      "installed_rank" int not null primary key, "version" varchar(50),
      "description" varchar(200) not null, "type" varchar(20) not null,
      "script" varchar(1000) not null, "checksum" int, "installed_by" varchar(100) not null,
      "installed_on" text not null default (strftime('%Y-%m-%d %H:%M:%f','now')),
      "execution_time" int not null, "success" boolean not null
    )`,
    `create index "flyway_schema_history_s_idx" on "flyway_schema_history" ("success")`,
  ],
};

/** Creates the table of a tool as the tool does it. */
export async function createForeignTable(
  db: Kysely<any>,
  { dialect, name }: TestDialect,
  tool: "prisma" | "drizzle" | "flyway",
): Promise<void> {
  // The schema that Drizzle uses by default; a server is shared with other tests.
  if (tool === "drizzle" && name === "pglite") {
    await sql`create schema drizzle`.execute(db);
    await sql`create table drizzle.__drizzle_migrations (
      id serial primary key, hash text not null, created_at bigint
    )`.execute(db);
    return;
  }
  for (const text of { prisma: PRISMA, drizzle: DRIZZLE, flyway: FLYWAY }[tool][dialect]) {
    await sql.raw(text).execute(db);
  }
}

/** A row of Prisma's table; times are in milliseconds since 1970. */
export interface PrismaRow {
  readonly name: string;
  readonly checksum?: string;
  readonly started: number;
  readonly finished?: number;
  readonly undone?: number;
}

/** Writes rows as Prisma does: UTC on servers, milliseconds on SQLite. */
export async function insertPrisma(
  db: Kysely<any>,
  { dialect }: TestDialect,
  rows: readonly PrismaRow[],
): Promise<void> {
  const time = (ms: number | undefined) => {
    if (ms === undefined) return null;
    const iso = new Date(ms).toISOString();
    return { postgres: iso, mysql: iso.replace("T", " ").replace("Z", ""), sqlite: ms }[dialect];
  };
  await db.insertInto("_prisma_migrations").values(rows.map((row, index) => ({
    id: `id-${index}-${row.name}`.slice(0, 36),
    checksum: row.checksum ?? "0".repeat(64),
    migration_name: row.name,
    started_at: time(row.started),
    finished_at: time(row.finished),
    rolled_back_at: time(row.undone),
  }))).execute();
}

/** A row of Flyway's table. */
export interface FlywayRow {
  readonly version: string | null;
  readonly script: string;
  readonly type?: string;
  readonly checksum?: number;
  readonly success?: boolean;
}

/** Writes rows as Flyway does. */
export async function insertFlyway(
  db: Kysely<any>,
  { dialect }: TestDialect,
  rows: readonly FlywayRow[],
): Promise<void> {
  await db.insertInto("flyway_schema_history").values(rows.map((row, index) => ({
    installed_rank: index + 1,
    version: row.version,
    description: row.script.replace(/^.*__/, "").replace(/[.]\w+$/, ""),
    type: row.type ?? "SQL",
    script: row.script,
    checksum: row.checksum ?? null,
    installed_by: "app",
    execution_time: 12,
    success: dialect === "postgres" ? row.success ?? true : row.success === false ? 0 : 1,
  }))).execute();
}

/** Writes rows as Drizzle does. */
export async function insertDrizzle(
  db: Kysely<any>,
  dialect: TestDialect,
  rows: readonly { readonly hash: string; readonly when: number }[],
): Promise<void> {
  await drizzleSchemaOf(db, dialect).insertInto("__drizzle_migrations")
    .values(rows.map(({ hash, when }) => ({ hash, created_at: when }))).execute();
}

/** A Kysely instance in which the name of Drizzle's table means that table. */
export function drizzleSchemaOf(db: Kysely<any>, { name }: TestDialect): Kysely<any> {
  return name === "pglite" ? db.withSchema("drizzle") : db;
}

/** Drops the schema of Drizzle: databases in one process are schemas of one PGlite. */
export async function dropDrizzleSchema(db: Kysely<any>, { name }: TestDialect): Promise<void> {
  if (name === "pglite") await sql`drop schema if exists drizzle cascade`.execute(db);
}
