import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AppendOnly } from "./_append_only.ts";

const only = new AppendOnly("audit_logs");
const refuse = (sql: string): void => only.refuse({ sql } as never);

describe("AppendOnly", () => {
  for (
    const sql of [
      "update audit_logs set x = 1",
      'UPDATE ONLY "public"."audit_logs" set x = 1',
      "delete from main.audit_logs",
      "delete l from audit_logs l",
      "truncate table posts, audit_logs",
      "TRUNCATE audit_logs",
      "replace into `audit_logs` values (1)",
      "insert or replace into audit_logs_chain values (1)",
      "insert into [audit_logs_marker] values (1)",
      "merge into audit_logs using x on true when matched then delete",
      "drop table if exists audit_logs",
      "with x as (delete /* all */ from audit_logs returning *) select 1",
      "update posts, audit_logs set x = 1",
      'alter table "audit_logs" rename to "x"',
      "alter table audit_logs add column a text, drop column hash",
      "alter table if exists only public.audit_logs set schema other",
      "rename table audit_logs to x",
    ]
  ) {
    it(`refuses ${sql}`, () => {
      assert.throws(() => refuse(sql), { name: "AuditAppendOnlyError", code: "AUDIT_APPEND_ONLY" });
    });
  }

  for (
    const sql of [
      "select * from audit_logs",
      "insert into archive select * from audit_logs",
      "update posts set n = (select count(*) from audit_logs)",
      "delete from posts where id in (select entity_id from audit_logs)",
      "delete from audit_logs_old",
      "insert into notes values ('delete from audit_logs')",
      "create index i on audit_logs (request_id)",
      "alter table audit_logs add column extra text",
      "alter table posts drop column audit_logs",
    ]
  ) {
    it(`leaves ${sql} alone`, () => refuse(sql));
  }
});
