/**
 * The shapes of policies that the oracles try, each with the same rule in plain words: which rows
 * the caller reads, and which rows may be written.
 */
import { allow, defineRLSSchema, deny, filter, type RLSContext, type RLSSchema } from "@kysera/rls";
import { CamelCasePlugin, type KyselyPlugin } from "kysely";
import type { Pred } from "../oracle/ast.ts";
import { filteredNames, type Row } from "../oracle/schema.ts";
import { TENANT } from "./oracle_statement.ts";

/** The teams of each user, as the table `members` has them. */
export const users: Readonly<Record<number, readonly number[]>> = { 1: [1, 2], 2: [3] };

/** Whoever asks. */
export const caller: RLSContext = {
  auth: { userId: 1, tenantId: TENANT, roles: ["member"], organizationIds: [1, 2] },
};

/** Policies, and what they mean. */
export interface Shape {
  readonly name: string;
  readonly policies: RLSSchema<any>;
  /** Whether the caller reads a row. */
  reads(row: Row): boolean;
  /** Which of the rows that the caller reads it may change or delete, where these are not all. */
  readonly mayChange?: ((alias: string, command: "update" | "delete") => Pred[]) | undefined;
  /** Whether a row may be written. */
  accepts(row: Row): boolean;
  /** What is put into the tenant column of new rows. */
  readonly stamp?: number | undefined;
}

function everywhere(config: NonNullable<RLSSchema<any>[string]>): RLSSchema<any> {
  return defineRLSSchema<any>(Object.fromEntries(filteredNames.map((name) => [name, config])));
}

function shape(
  name: string,
  config: NonNullable<RLSSchema<any>[string]>,
  rule: (row: Row) => boolean,
  more: Partial<Shape> = {},
): Shape {
  return { name, policies: everywhere(config), reads: rule, accepts: rule, ...more };
}

function isOneOf<T>(value: T | null, list: readonly T[]): boolean {
  return value !== null && list.includes(value);
}

export const tenantColumn: Shape = shape(
  "a tenant column",
  {
    policies: [filter("all", (ctx) => ({ team_id: ctx.auth.tenantId }))],
    stamp: { team_id: (ctx) => ctx.auth.tenantId },
  },
  (row) => row.team_id === TENANT,
  { stamp: TENANT },
);

export const shapes: readonly Shape[] = [
  tenantColumn,
  shape(
    "a list of organizations",
    { policies: [filter("all", (ctx) => ({ team_id: ctx.auth.organizationIds }))] },
    (row) => isOneOf(row.team_id, [1, 2]),
  ),
  shape(
    "a table of members",
    {
      policies: [
        allow("all", (ctx, { eb, column }) =>
          eb(
            column("team_id"),
            "in",
            eb.selectFrom("members").select("members.team")
              .where("members.user_id", "=", ctx.auth.userId),
          )),
      ],
    },
    (row) => isOneOf(row.team_id, users[1]!),
  ),
  shape(
    "permissive and restrictive policies",
    {
      policies: [
        allow("all", (ctx) => ({ team_id: ctx.auth.tenantId })),
        allow("all", { name: ["c", "ab"] }),
        deny("all", { score: 5 }),
      ],
    },
    (row) => (row.team_id === TENANT || isOneOf(row.name, ["c", "ab"])) && isNot(row.score, 5),
  ),
  shape(
    "an owner",
    {
      policies: [
        allow("all", (ctx) => ({ score: ctx.auth.userId })),
        allow("all", (ctx, { eb, column }) =>
          eb.and([
            eb(column("team_id"), "=", ctx.auth.tenantId),
            eb(column("score"), "is", null),
          ])),
      ],
    },
    (row) => row.score === 1 || (row.team_id === TENANT && row.score === null),
  ),
  shape(
    "less to write than to read",
    {
      policies: [
        filter("read", (ctx) => ({ team_id: ctx.auth.organizationIds })),
        allow(["create", "update", "delete"], (ctx) => ({ team_id: ctx.auth.tenantId })),
        deny(["create", "update"], { name: "ba" }),
      ],
    },
    (row) => isOneOf(row.team_id, [1, 2]),
    {
      mayChange: (alias, command) => [
        {
          p: "cmp",
          op: "=",
          left: { e: "col", alias, name: "team_id" },
          right: { e: "lit", value: TENANT, type: "int", inline: false },
        },
        // A denied update is of rows that are so already, and of rows that would become so.
        ...(command === "delete" ? [] : [
          {
            p: "cmp",
            op: "!=",
            left: { e: "col", alias, name: "name" },
            right: { e: "lit", value: "ba", type: "text", inline: false },
          } as const,
        ]),
      ],
      accepts: (row) => row.team_id === TENANT && isNot(row.name, "ba"),
    },
  ),
  shape(
    "less to read than to write",
    {
      policies: [
        filter("read", (ctx) => ({ team_id: ctx.auth.tenantId })),
        allow("create", (ctx) => ({ team_id: ctx.auth.tenantId })),
        allow(["update", "delete"], true),
      ],
    },
    (row) => row.team_id === TENANT,
  ),
];

/** Shapes whose tables are distributed by the tenant column, beside what their policies say. */
export const distributed: readonly Shape[] = [
  distribute(shape("rows of everybody", { policies: [allow("all", true)] }, () => true)),
  ...shapes.filter(({ name }) =>
    ["a tenant column", "permissive and restrictive policies", "less to write than to read"]
      .includes(name)
  ).map(distribute),
];

function distribute(of: Shape): Shape {
  const isOwn = (row: Row): boolean => row.team_id === TENANT;
  return {
    ...of,
    name: `${of.name}, distributed`,
    policies: defineRLSSchema<any>(of.policies, { tenancy: { distributionColumn: "team_id" } }),
    reads: (row) => isOwn(row) && of.reads(row),
    accepts: (row) => isOwn(row) && of.accepts(row),
    stamp: TENANT,
  };
}

/** A condition that is not known denies. */
function isNot<T>(value: T | null, other: T): boolean {
  return value !== null && value !== other;
}

/** What converts names, for subjects that have them in camel case. */
export const camelCase: KyselyPlugin = new CamelCasePlugin();
