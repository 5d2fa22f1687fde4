import type { Expression, QueryResult, RootOperationNode } from "kysely";
import { type JsonValue, parseExact } from "../../sql/_json.ts";
import { statement } from "../../sql/_nodes.ts";
import { entityOf } from "../common/_image.ts";
import type { Occasion } from "../common/_templates.ts";
import type { WriteWork } from "../strategy.ts";

/** A write, and where it is done. */
export interface SqliteWork extends WriteWork {
  /** Whether it is a transaction of its own. */
  readonly isAlone: boolean;
}
/** What a statement is compiled for, as far as all of a write have it in common. */
export function occasionOf(
  { query, scope }: SqliteWork,
): Pick<Occasion<any>, "query" | "compile" | "standsFor"> {
  return {
    query,
    compile: scope.compile,
    standsFor: (values) => scope.standsFor(values),
  };
}

/** Runs a statement of ours that may come again. */
export async function ask<V extends object>(
  work: SqliteWork,
  key: object,
  name: string,
  values: V,
  make: (values: V, query: RootOperationNode) => Expression<any>,
): Promise<QueryResult<any>> {
  const { compiled } = work.templates.get(
    { ...occasionOf(work), key, name, values },
    (each, query) => ({ node: statement(make(each, query)) }),
  );
  return await work.next(compiled);
}

/** Reads a JSON list. */
export function parse(list: string): readonly JsonValue[] {
  // What json_array() gives is a list.
  return parseExact(list, false) as readonly JsonValue[];
}

const NUMBER = /^\[(-?\d{1,15})\]$/;

/** What entries call a row, from its key as a JSON list. */
export function entity(key: string): string | null {
  return NUMBER.exec(key)?.[1] ?? entityOf(parse(key));
}
