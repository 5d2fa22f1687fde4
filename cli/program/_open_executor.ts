import { bindContext, isKyseraExecutor } from "@kysera/executor";
import type { Kysely } from "kysely";
import { usageError } from "../contract/_cli_error.ts";
import type { Context } from "./_context.ts";
import { type Option, text } from "../contract/_options.ts";

/** The option that says for whom an executor works. */
export const AS_OPTION: Option<string | undefined> = text(
  "--as <json>",
  'who asks, for the plugins: \'{"userId":1,"tenantId":7}\'',
);

/** Opens the executor of the configuration; throws where it has none. */
export async function openExecutor(
  context: Context,
  as: string | undefined,
): Promise<Kysely<any>> {
  const { db } = await context.open({ missing: "refuse" });
  if (isKyseraExecutor(db)) return boundTo(db, as);
  throw usageError("The configuration has no executor, and so no plugins", {
    hint: "Create it there: `database: { kysely: () => createExecutor(..) }`.",
  });
}

/** Returns an executor for a principal, as the option names it. */
export function boundTo(db: Kysely<any>, as: string | undefined): Kysely<any> {
  if (as === undefined) return db;
  let auth: unknown;
  try {
    auth = JSON.parse(as);
  } catch (cause) {
    throw usageError("--as is not JSON", { cause, hint: "Write --as '{\"userId\":1}'." });
  }
  if (typeof auth !== "object" || auth === null) throw usageError("--as has to be an object");
  return boundToPrincipal(db, auth);
}

/** Returns an executor for a principal. */
export function boundToPrincipal(db: Kysely<any>, auth: object): Kysely<any> {
  if (isKyseraExecutor(db)) return bindContext(db, { auth: { roles: [], ...auth } });
  throw usageError("A principal is for the plugins of an executor, and there is none", {
    hint: "Create it in the configuration: `database: { kysely: () => createExecutor(..) }`.",
  });
}
