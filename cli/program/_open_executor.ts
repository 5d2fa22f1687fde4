import { didYouMean } from "@kysera/core";
import { bindContext, isKyseraExecutor } from "@kysera/executor";
import type { Kysely } from "kysely";
import { usageError } from "../contract/_cli_error.ts";
import type { PoliciesConfig } from "../config/config.ts";
import type { Context } from "./_context.ts";
import { type Option, text, texts } from "../contract/_options.ts";

/** The option that says for whom an executor works. */
export const AS_OPTION: Option<string | undefined> = text(
  "--as <json>",
  'who asks, for the plugins: \'{"userId":1,"tenantId":7}\', or a name of the configuration',
);

/** The option that says for whom a command compares what is allowed. */
export const PRINCIPALS_OPTION: Option<readonly string[]> = texts(
  "--as <json>",
  "a principal: JSON, or a name of the configuration, or name=JSON; may be given several times",
);

/** Somebody for whom policies are asked. */
export interface Principal {
  readonly name: string;
  /** What the context says of them; `null` where there is no context. */
  readonly auth: object | null;
}

/** Opens the executor of the configuration; throws where it has none. */
export async function openExecutor(
  context: Context,
  as: string | undefined,
): Promise<Kysely<any>> {
  const { db } = await context.open({ missing: "refuse" });
  if (isKyseraExecutor(db)) return boundTo(db, as, await principalsIn(context));
  throw usageError("The configuration has no executor, and so no plugins", {
    hint: "Create it there: `database: { kysely: () => createExecutor(..) }`.",
  });
}

/** What the configuration says of principals, by their names. */
type Principals = NonNullable<PoliciesConfig["principals"]>;

/** Returns an executor for a principal: JSON, or the name of one of the configuration. */
export function boundTo(
  db: Kysely<any>,
  as: string | undefined,
  principals: Principals = {},
): Kysely<any> {
  return as === undefined ? db : boundToPrincipal(db, authOf(principals, as));
}

/** Returns an executor for what a context says of a principal; `null` for nobody. */
export function boundToPrincipal(db: Kysely<any>, auth: object | null): Kysely<any> {
  if (isKyseraExecutor(db)) return boundToAuth(db, auth);
  throw usageError("A principal is for the plugins of an executor, and there is none", {
    hint: "Create it in the configuration: `database: { kysely: () => createExecutor(..) }`.",
  });
}

/** Returns the principals of the configuration. */
export async function principalsIn(context: Context): Promise<Principals> {
  return (await context.settings()).policies.principals ?? {};
}

/** Returns an executor for what a context says of a principal. */
export function boundToAuth(db: Kysely<any>, auth: object | null): Kysely<any> {
  return auth === null ? db : bindContext(db, { auth: { roles: [], ...auth } });
}

/** The principals that a command line names, or else those of the configuration. */
export async function principalsOf(
  context: Context,
  given: readonly string[],
): Promise<readonly Principal[]> {
  const principals = await principalsIn(context);
  const chosen = given.length > 0
    ? given.map((each) => principalOf(principals, each))
    : Object.entries(principals).map(([name, auth]) => ({ name, auth: checked(name, auth) }));
  if (chosen.length === 0) {
    throw usageError("There is no principal", {
      hint: "Give --as '{\"userId\":1}', or set `policies.principals` in the configuration.",
    });
  }
  const twin = chosen.find(({ name }, i) => chosen.findIndex((each) => each.name === name) < i);
  if (twin !== undefined) throw usageError(`There are two principals "${twin.name}"`);
  return chosen;
}

function principalOf(principals: Principals, as: string): Principal {
  const [, name, json] = /^([\w.@-]+)=(.*)$/s.exec(as) ?? [];
  if (name !== undefined) return { name, auth: parseAuth(json!) };
  return { name: as, auth: authOf(principals, as) };
}

function authOf(principals: Principals, as: string): object | null {
  if (Object.hasOwn(principals, as)) return checked(as, principals[as]);
  if (/^[\w.@-]+$/.test(as) && as !== "null") {
    const names = Object.keys(principals);
    throw usageError(`The configuration has no principal "${as}"${didYouMean(as, names)}`, {
      hint: "Write --as '{\"userId\":1}', or add it to `policies.principals`.",
    });
  }
  return parseAuth(as);
}

function checked(name: string, auth: unknown): object | null {
  if (auth === null || (typeof auth === "object" && !Array.isArray(auth))) return auth ?? null;
  throw usageError(`"policies.principals.${name}" has to be an object or null`);
}

function parseAuth(as: string): object | null {
  let auth: unknown;
  try {
    auth = JSON.parse(as);
  } catch (cause) {
    throw usageError("--as is not JSON", { cause, hint: "Write --as '{\"userId\":1}'." });
  }
  if (typeof auth === "object" && !Array.isArray(auth)) return auth;
  throw usageError("--as has to be an object");
}
