/** A method of a repository. */
export type Method = (...parameters: any[]) => any;

/** Methods that take options which may include related rows. */
export const FINDING: readonly string[] = [
  "find",
  "findAll",
  "findOne",
  "findOneOrThrow",
  "findAndCount",
  "paginate",
  "paginateCursor",
];
/** Methods that take options with a condition. */
export const COUNTING: readonly string[] = ["count", "exists"];
/** Methods whose second parameter is options with a condition. */
export const COMPUTING: readonly string[] = ["sum", "avg", "min", "max", "groupBy"];
/** Methods whose first parameter is a condition. */
export const CONDITIONAL: readonly string[] = ["one", "maybe", "updateWhere", "deleteWhere"];
/** Methods that take keys. */
export const BY_KEY: readonly string[] = ["findById", "getById", "findByIds"];
/** Methods whose second parameter is options with a condition for updates. */
export const UPSERTING: readonly string[] = ["upsert", "upsertMany"];
