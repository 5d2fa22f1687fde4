import type { Selectable } from "kysely";
import type { PolicyCondition } from "../contract/policy.ts";
import type { RelatedOperation, RelationCondition, RelationConfig } from "../contract/relation.ts";
import { check } from "./check.ts";
import { related } from "./related.ts";

/** The relations of tables, by the names of the tables and of the relations. */
export type RelationsOf<DB> = {
  readonly [T in keyof DB & string]?: {
    readonly [name: string]: RelationConfig<Selectable<DB[T]>, DB>;
  };
};

/** The names of relations. */
export type RelationName<R> = {
  [T in keyof R]: keyof R[T] & string;
}[keyof R];

/** The rows that a relation of a name leads to. */
export type RelatedRow<DB, R, N extends string> = {
  [T in keyof R]: N extends keyof R[T]
    ? R[T][N] extends { readonly table: infer Target extends keyof DB } ? Selectable<DB[Target]>
    : never
    : never;
}[keyof R];

/** Relations, with `related` and `check` that know their names and the columns they lead to. */
export interface TypedRelations<DB, R> {
  /** The relations, to be put into a schema table by table. */
  readonly relations: R;
  /** As the function `related`, of these relations. */
  related<N extends RelationName<R>>(
    relation: N,
    condition?: PolicyCondition<RelatedRow<DB, R, N>>,
  ): RelationCondition;
  /** As the function `check`, of these relations. */
  check(relation: RelationName<R>, operation?: RelatedOperation): RelationCondition;
}

/**
 * Declares the relations of tables by the type of the database: names of tables, columns and
 * relations are those that there are.
 *
 * @returns a function that takes the relations
 *
 * @example
 * ```ts
 * import { defineRelations, defineRLSSchema, filter } from "@kysera/rls";
 *
 * interface Database {
 *   projects: { id: number; status: string };
 *   tasks: { id: number; project_id: number };
 * }
 * const { relations, related } = defineRelations<Database>()({
 *   tasks: { project: { table: "projects", columns: { project_id: "id" } } },
 * });
 * defineRLSSchema<Database>({
 *   projects: { policies: [filter("read", true)] },
 *   tasks: {
 *     relations: relations.tasks,
 *     policies: [filter("read", related("project", { status: "open" }))],
 *   },
 * });
 * ```
 */
export function defineRelations<DB>(): <const R extends RelationsOf<DB>>(
  relations: R,
) => TypedRelations<DB, R> {
  return (relations) => ({ relations, related, check });
}
