import { detectDialect, didYouMean } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { readSchema } from "@kysera/migrations/schema";
import { explainAccess, type PolicyCommand, policySourcesOf } from "@kysera/rls";
import type { Kysely } from "kysely";
import { usageError } from "../contract/_cli_error.ts";
import { boundToAuth, type Principal } from "../program/_open_executor.ts";
import { type Access, accessOf } from "./_access_text.ts";

/** The operations, in the order that they are shown in. */
export const OPERATIONS: readonly PolicyCommand[] = ["read", "create", "update", "delete"];

/** Asks what each principal may do with each table of the database. */
export async function readMatrix(
  executor: Kysely<any>,
  principals: readonly Principal[],
  only: readonly string[],
): Promise<Access[]> {
  const dialect = detectDialect(executor);
  const tables = await tablesOf(executor, only);
  return principals.flatMap(({ name, auth }) => {
    const bound = boundToAuth(executor, auth);
    return tables.flatMap((table) =>
      OPERATIONS.map((operation) => {
        const access = accessOf(name, explainAccess(bound, operation, table.name), dialect);
        return table.isRefused && access.outcome === "free" ? { ...access, ...REFUSED } : access;
      })
    );
  });
}

const REFUSED = {
  outcome: "none",
  reason: "it is a view, and has no policies of its own",
} as const;

interface Listed {
  readonly name: string;
  /** Whether it is a view that no query may name. */
  readonly isRefused: boolean;
}

/** The tables and views of the database, and those that the policies name, by name. */
async function tablesOf(executor: Kysely<any>, only: readonly string[]): Promise<Listed[]> {
  const raw: Kysely<any> = getRawDb<any>(executor).withoutPlugins();
  const sources = policySourcesOf(executor);
  const { tables, views } = await readSchema(raw);
  const nameOf = ({ schema, name }: { readonly schema: string | null; readonly name: string }) =>
    schema === null ? name : `${schema}.${name}`;
  const skipped = sources.flatMap(({ skipTables }) => skipTables);
  const listed = new Map<string, Listed>();
  for (const table of tables) listed.set(nameOf(table), { name: nameOf(table), isRefused: false });
  for (const view of views) {
    const name = nameOf(view);
    listed.set(name, { name, isRefused: !skipped.includes(name) });
  }
  for (const name of sources.flatMap(({ schema }) => Object.keys(schema))) {
    if (!listed.has(name)) listed.set(name, { name, isRefused: false });
  }
  const names = [...listed.keys()];
  const unknown = only.find((name) => !listed.has(name));
  if (unknown !== undefined) {
    throw usageError(`There is no table "${unknown}"${didYouMean(unknown, names)}`);
  }
  return [...listed.values()].filter(({ name }) => only.length === 0 || only.includes(name))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}
