/**
 * What applications do all day, to be done by several libraries next to one another: the same rows in
 * the same tables, of which deleted ones are not to be seen.
 *
 * @module
 */

/** A row of users. */
export interface User {
  readonly id: number;
  readonly name: string;
  readonly org_id: number;
  readonly deleted_at: string | null;
}

/** What is given for a new one. */
export type NewUser = Omit<User, "id">;

/** One library at work; what it cannot do differently from another is left out. */
export interface Work {
  /** Whether a list can only be as long as the first one was. */
  readonly isFixedLength?: boolean;
  /** One row, by its key. */
  findById?(id: number): Promise<unknown>;
  /** The five rows of an organisation that come after an id. */
  find?(org: number, after: number): Promise<readonly unknown[]>;
  /** A hundred rows. */
  findAll?(): Promise<readonly unknown[]>;
  /** Adds a row, and gives it back. */
  create?(row: NewUser): Promise<unknown>;
  /** Changes a row, and gives it back. */
  update?(id: number, name: string): Promise<unknown>;
  /** Adds rows, and gives them back. */
  bulkCreate?(rows: readonly NewUser[]): Promise<readonly unknown[]>;
  /** The posts and tags of some users. */
  join?(ids: readonly number[]): Promise<readonly unknown[]>;
}

/** A library, and the database that it works on. */
export interface Worker {
  readonly name: string;
  readonly work: Work;
  /** Removes what was added. */
  clean(): unknown;
  close(): Promise<void>;
}

/** Users that are to be added. */
export function newUsers(count: number): NewUser[] {
  return Array.from(
    { length: count },
    (_, i) => ({ name: `new ${i}`, org_id: 3, deleted_at: null }),
  );
}

/** The ids that the join is about; user 10 and the post of user 7 are deleted. */
export const IDS: readonly number[] = [1, 7, 10, 12, 13];
