import type { SchemaIndex, SchemaIndexPart, SchemaTrigger } from "../../snapshot/schema_table.ts";
import { Cursor } from "./_cursor.ts";

/** Reads `create index`. */
export function parseCreateIndex(name: string, sql: string): SchemaIndex {
  const cursor = new Cursor(sql);
  cursor.take("create");
  const unique = cursor.take("unique");
  cursor.take("index");
  cursor.take("if", "not", "exists");
  cursor.qualifiedName();
  cursor.take("on");
  cursor.name();
  const parts = (cursor.list() ?? []).map(partOf);
  const predicate = cursor.take("where") ? cursor.rest() : null;
  return {
    name,
    unique,
    method: "btree",
    parts,
    include: [],
    predicate,
    valid: true,
    definition: sql,
    inherited: false,
    comment: null,
  };
}

function partOf(part: Cursor): SchemaIndexPart {
  const tokens = part.remaining();
  let end = tokens.length;
  const word = (at: number) => tokens[at]?.kind === "word" ? tokens[at].text : "";
  const order = word(end - 1) === "desc" ? "desc" : "asc";
  if (word(end - 1) === "asc" || word(end - 1) === "desc") end--;
  let collation: string | null = null;
  if (end > 2 && word(end - 2) === "collate") {
    collation = tokens[end - 1]!.text.toLowerCase();
    end -= 2;
  }
  const nulls = order === "asc" ? "first" : "last";
  const of = new Cursor(part.source, tokens.slice(0, end));
  const isColumn = end === 1 && ["word", "name", "string"].includes(tokens[0]!.kind);
  return {
    column: isColumn ? of.name() : null,
    expression: isColumn ? null : of.rest(),
    order,
    nulls,
    prefix: null,
    collation,
  };
}

/** Reads `create trigger`. */
export function parseCreateTrigger(name: string, sql: string): SchemaTrigger {
  const cursor = new Cursor(sql);
  cursor.take("create");
  cursor.take("temp") || cursor.take("temporary");
  cursor.take("trigger");
  cursor.take("if", "not", "exists");
  cursor.qualifiedName();
  const timing = cursor.take("after")
    ? "after"
    : cursor.take("instead", "of")
    ? "instead of"
    : "before";
  cursor.take("before");
  return {
    name,
    timing,
    events: [cursor.read()?.text ?? ""],
    level: "row",
    enabled: "yes",
    definition: sql,
    comment: null,
  };
}

/** Reads `create view` for its query. */
export function parseCreateView(sql: string): string {
  const cursor = new Cursor(sql);
  cursor.take("create");
  cursor.take("temp") || cursor.take("temporary");
  cursor.take("view");
  cursor.take("if", "not", "exists");
  cursor.qualifiedName();
  cursor.list();
  cursor.take("as");
  return cursor.rest();
}

/** Reads `create virtual table` for the module and its arguments. */
export function parseCreateVirtualTable(sql: string): string {
  const cursor = new Cursor(sql);
  cursor.take("create", "virtual", "table");
  cursor.take("if", "not", "exists");
  cursor.qualifiedName();
  cursor.take("using");
  return cursor.rest();
}
