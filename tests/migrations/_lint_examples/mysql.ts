import type { LintOptions } from "@kysera/migrations/lint";
import { sql } from "kysely";
import { snapshotOf } from "../_lint_schema.ts";
import { alter, type Example, key } from "./example.ts";

const members = (count: number): string =>
  Array.from({ length: count }, (_, i) => `'m${i}'`).join(", ");
const withKind = (kind: "enum" | "set", count: number): LintOptions => ({
  snapshot: snapshotOf([{
    name: "users",
    columns: { [kind === "enum" ? "kind" : "flags"]: `${kind}(${members(count)})` },
  }]),
});

/** Rules of MySQL and MariaDB. */
export const MYSQL: readonly Example[] = [
  {
    rule: "alter-copies-table",
    dialect: "mysql",
    bad: [
      "alter table users modify age bigint",
      "alter table users modify email varchar(400) not null",
      "alter table users add constraint f foreign key (team_id) references teams (id)",
      "alter table users convert to character set utf8mb4",
      (db) => alter(db).modifyColumn("age", "bigint").execute(),
    ],
    good: [
      "alter table users modify nick varchar(60)",
      "alter table users add a int",
    ],
  },
  {
    rule: "alter-blocks-writes",
    dialect: "mysql",
    bad: ["create fulltext index i on users (nick)", "alter table users add fulltext key i (nick)"],
    good: ["create index i on users (nick)", `create table t (${key}, a text, fulltext key i (a))`],
  },
  {
    rule: "expression-default",
    dialect: "mysql",
    bad: [
      "alter table users add a char(36) default (uuid())",
      (db) =>
        alter(db).addColumn("a", sql`json`, (c) => c.defaultTo(sql`(json_array())`)).execute(),
    ],
    good: [
      "alter table users add a datetime default current_timestamp",
      "alter table users add a int default 1",
      "alter table users alter age set default (1 + 1)",
    ],
  },
  ...(["enum", "set"] as const).flatMap((kind): Example[] => {
    const column = kind === "enum" ? "kind" : "flags";
    const to = (list: string) => `alter table users modify ${column} ${kind}(${list}) not null`;
    return [
      {
        rule: `${kind}-reorder`,
        dialect: "mysql",
        bad: [
          to("'b', 'a', 'c'"),
          (db) =>
            alter(db).modifyColumn(column, sql.raw(`${kind}('c','b','a')`), (c) => c.notNull())
              .execute(),
        ],
        good: [to("'a', 'b', 'c', 'd'")],
      },
      {
        rule: `${kind}-remove`,
        dialect: "mysql",
        bad: [to("'a', 'b'")],
        good: [to("'a', 'b', 'c', 'd'")],
      },
      {
        rule: `${kind}-insert-middle`,
        dialect: "mysql",
        bad: [to("'a', 'x', 'b', 'c'")],
        good: [to("'a', 'b', 'c', 'x'")],
      },
      {
        rule: `${kind}-storage`,
        dialect: "mysql",
        options: withKind(kind, kind === "enum" ? 255 : 8),
        bad: [to(members(kind === "enum" ? 256 : 9))],
        good: [to(members(kind === "enum" ? 255 : 8))],
      },
    ];
  }),
  {
    rule: "stored-generated",
    dialect: "mysql",
    bad: [
      "alter table users add a int generated always as (age * 2) stored",
      "alter table users add a int as (age * 2) persistent",
      (db) =>
        alter(db).addColumn("a", "integer", (c) => c.generatedAlwaysAs(sql`age * 2`).stored())
          .execute(),
    ],
    good: ["alter table users add a int as (age * 2) virtual"],
  },
  {
    rule: "auto-increment-add",
    dialect: "mysql",
    bad: [
      "alter table users add a int auto_increment unique",
      (db) => alter(db).addColumn("a", "integer", (c) => c.autoIncrement()).execute(),
    ],
    good: [
      "create table t (id bigint auto_increment primary key)",
      "alter table users auto_increment = 5",
    ],
  },
  {
    rule: "primary-key-change",
    dialect: "mysql",
    bad: [
      "alter table users drop primary key, add primary key (email)",
      (db) => alter(db).addPrimaryKeyConstraint("p", ["email"]).execute(),
    ],
    good: ["alter table users add unique (email)"],
  },
  {
    rule: "engine-change",
    dialect: "mysql",
    bad: ["alter table users engine = InnoDB"],
    good: [`create table t (${key}) engine = InnoDB`],
  },
  {
    rule: "partition-change",
    dialect: "mysql",
    bad: [
      "alter table users partition by hash (id) partitions 4",
      "alter table users drop partition p1",
      "alter table users reorganize partition p into (partition a values less than (5), partition b values less than (9))",
    ],
    good: [`create table t (${key}) partition by hash (id) partitions 4`],
  },
  {
    rule: "column-not-last",
    dialect: "mysql",
    options: { targetVersion: "8.0.20" },
    bad: ["alter table users add a int first", "alter table users add a int after id"],
    good: ["alter table users add a int"],
  },
  {
    rule: "column-not-last",
    dialect: "mysql",
    options: { targetVersion: "10.3.8-MariaDB" },
    bad: ["alter table users add a int first"],
    good: ["alter table users add a int"],
  },
  {
    rule: "inline-references-ignored",
    dialect: "mysql",
    options: { targetVersion: "8.0.36" },
    bad: [
      `create table t (${key}, user_id bigint references users (id))`,
      (db) =>
        db.schema.createTable("t").addColumn("user_id", "bigint", (c) => c.references("users.id"))
          .execute(),
    ],
    good: [`create table t (${key}, user_id bigint, foreign key (user_id) references users (id))`],
  },
  {
    rule: "utf8mb3",
    dialect: "mysql",
    bad: [
      `create table t (${key}) default charset = utf8`,
      "alter table users add a text character set utf8mb3",
      "alter table users convert to character set utf8",
    ],
    good: [`create table t (${key}) default charset = utf8mb4`, "alter table users add a text"],
  },
  {
    rule: "timestamp-2038",
    dialect: "mysql",
    bad: [
      `create table t (${key}, at timestamp)`,
      (db) => alter(db).addColumn("at", "timestamp").execute(),
    ],
    good: [`create table t (${key}, at datetime(6))`],
  },
  {
    rule: "multi-ddl-migration",
    dialect: "mysql",
    bad: [
      `create table t (${key}); create index i on t (id)`,
      async (db) => {
        await alter(db).addColumn("a", "integer").execute();
        await alter(db).addColumn("b", "integer").execute();
      },
    ],
    good: [
      "alter table users add a int, add b int",
      "alter table users add a int; update users set a = 1 where id = 1",
    ],
  },
];
