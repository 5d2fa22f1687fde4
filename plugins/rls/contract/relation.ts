/**
 * Relations between tables, and the conditions that follow them.
 *
 * @module
 */
import type { Selectable } from "kysely";
import type { AnyRow, PolicyCommand, PolicyCondition } from "./policy.ts";

/** What may be done to a related row: what `check` asks the policies of its table for. */
export type RelatedOperation = Exclude<PolicyCommand, "create">;

/**
 * A relation of a table: the other table, and the columns that have the same values in both,
 * `{ project_id: "id" }`. One row may have one related row, or several.
 */
export type RelationConfig<Row = AnyRow, DB = Record<string, AnyRow>> = {
  readonly [T in keyof DB & string]: {
    /** What `defineRelations` of `@kysera/repository` has; policies do not need it. */
    readonly type?: "belongsTo" | "hasOne" | "hasMany" | undefined;
    /** The other table: `projects`, or `app.projects`. Without a schema, in that of the table itself. */
    readonly table: T;
    /** Columns of the table, with those of the other table that they are equal to. */
    readonly columns: {
      readonly [C in keyof Row & string]?: keyof Selectable<DB[T]> & string;
    };
  };
}[keyof DB & string];

/**
 * The condition that a row has a related row: what `related` and `check` make. It is one wherever a
 * condition can stand, and what a function of a policy may answer with.
 */
export class RelationCondition {
  /** The relation. */
  readonly relation: string;
  /** What the related row must satisfy beside the policies of reading it. */
  readonly condition: PolicyCondition<any>;
  /** Of `check`: what the policies of its table must allow the caller to do to it. */
  readonly operation: RelatedOperation | undefined;

  /**
   * Makes one; use `related` or `check`.
   *
   * @param relation the relation
   * @param condition what the related row must satisfy
   * @param operation what the policies must allow
   */
  constructor(
    relation: string,
    condition: PolicyCondition<any>,
    operation: RelatedOperation | undefined,
  ) {
    this.relation = relation;
    this.condition = condition;
    this.operation = operation;
    Object.freeze(this);
  }
}
