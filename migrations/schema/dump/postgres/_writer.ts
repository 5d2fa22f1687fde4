import { type Kysely, type RawBuilder, sql } from "kysely";

/** A piece of SQL. */
export type Piece = RawBuilder<unknown>;

/** Writes statements of PostgreSQL as text. */
export class Writer {
  readonly #db: Kysely<any>;

  /** @param db whose dialect quotes names */
  constructor(db: Kysely<any>) {
    this.#db = db;
  }

  /** Returns a statement as text. */
  text(statement: Piece): string {
    return statement.compile(this.#db).sql;
  }
}

/** A name of an object, with its schema unless that is the default one. */
export function named(schema: string | null, name: string): Piece {
  return schema === null ? sql.id(name) : sql.id(schema, name);
}

/** SQL that the catalog wrote. */
export function written(text: string): Piece {
  return sql.raw(text);
}

/** Pieces one behind the other; those that are `undefined` are left out. */
export function spaced(...pieces: readonly (Piece | undefined)[]): Piece {
  return sql.join(pieces.filter((piece) => piece !== undefined), sql` `);
}

/** Pieces with commas, each in a line of its own. */
export function lines(pieces: readonly Piece[]): Piece {
  return pieces.length === 0 ? sql`()` : sql`(
  ${
    sql.join(
      pieces,
      sql`,
  `,
    )
  }
)`;
}

/** `collate` and a collation as a snapshot has it. */
export function collate(collation: string | null): Piece | undefined {
  if (collation === null) return undefined;
  const [first, ...rest] = collation.split(".");
  return rest.length === 0
    ? sql`collate ${sql.id(first!)}`
    : sql`collate ${sql.id(first!, rest.join("."))}`;
}
