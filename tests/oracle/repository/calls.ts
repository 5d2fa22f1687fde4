/**
 * Calls of repositories as plain data: what is called, on which table, by whom.
 */

/** A condition as users write it. */
export interface Where {
  [column: string]: unknown;
}

export interface Order {
  column: string;
  direction?: "asc" | "desc";
  nulls?: "first" | "last";
}

export interface Options {
  /** Some columns only. */
  select?: string[];
  where?: Where;
  orderBy?: Order[];
  limit?: number;
  offset?: number;
}

/** The values of a row; a key is told by its number. */
export interface Input {
  k?: number;
  code?: string | null;
  name?: string | null;
  score?: number;
  team?: number | null;
}

export interface Change {
  k: number;
  data: Input;
  version?: number;
}

export type Action =
  | { call: "findById" | "getById" | "findWithDeleted"; k: number }
  | { call: "findByIds" | "keyIn" | "loader"; ks: number[] }
  | { call: "find" | "findAndCount" | "findOne" | "findOneOrThrow"; options: Options }
  | { call: "findAll"; options: Omit<Options, "where"> }
  | { call: "findEvery" | "findAllWithDeleted" | "findDeleted" }
  | { call: "one" | "maybe" | "count" | "exists" | "deleteWhere"; where: Where }
  | { call: "paginate"; options: Options; page: number; size: number; total: "exact" | "none" }
  | { call: "cursor"; options: Options; size: number; moves: ("next" | "prev")[] }
  | { call: "iterate"; options: Options; take: number | null }
  | { call: "create"; input: Input }
  | { call: "bulkCreate"; inputs: Input[] }
  | { call: "update"; change: Change }
  | { call: "bulkUpdate"; changes: Change[] }
  | { call: "updateWhere"; where: Where; data: Input }
  | { call: "delete" | "softDelete" | "restore" | "hardDelete"; k: number }
  | { call: "bulkDelete" | "softDeleteMany" | "restoreMany" | "hardDeleteMany"; ks: number[] }
  | { call: "upsert"; input: Input; by: "key" | "code"; set: string[] | null }
  | { call: "upsertMany"; inputs: Input[]; by: "key" | "code" };

/** Who calls: which of the callers, 0 or 1. */
export type Caller = 0 | 1;

export type Call =
  | { table: string; as: Caller; action: Action }
  | {
    table: string;
    as: Caller;
    /** Whose transaction: the repository's, or the one of the DAL. */
    via: "repository" | "dal";
    fails: boolean;
    calls: Call[];
  };

export interface Sequence {
  calls: Call[];
}
