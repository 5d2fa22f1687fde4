/** The calls of a driver that a fault can strike. */
export type DriverCallKind =
  | "acquire"
  | "begin"
  | "commit"
  | "query"
  | "releaseSavepoint"
  | "rollback"
  | "rollbackToSavepoint"
  | "savepoint"
  | "stream";

/** One call of a driver. */
export interface DriverCall {
  /** Its number, from 1, among the calls that were counted. */
  readonly number: number;
  /** What it does. `begin`, `commit` and so on are told by what they do, sent as SQL or not. */
  readonly kind: DriverCallKind;
  /** The SQL, where the call has any. It may name tables and columns; it holds no values. */
  readonly sql: string | undefined;
}

/** What happens to a call. */
export interface Fault {
  /**
   * - `"fail"`: the database refuses the call. A COMMIT that is refused is a rollback, as it is on a
   *   server.
   * - `"cut"`: the connection is gone. Whatever is called on it afterwards fails as well, and what was
   *   not committed is rolled back.
   * - `"delay"`: the call waits, then goes on.
   */
  readonly how: "fail" | "cut" | "delay";
  /**
   * Whether it strikes before the call reaches the database, or when the database has done its part
   * and the answer is on its way: a COMMIT whose acknowledgement is lost. Default `"before"`.
   */
  readonly when?: "before" | "after" | undefined;
  /** How long a `"delay"` waits, in milliseconds. Default 10. */
  readonly ms?: number | undefined;
  /** What is thrown. Default an {@linkcode InjectedFaultError}. */
  readonly error?: unknown;
}

/** Says what happens to a call: a fault, or nothing. */
export type FaultPlan = (call: DriverCall) => Fault | undefined;
