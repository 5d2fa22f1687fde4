import { assertKnownOptions, isPlainObject } from "@kysera/core";
import { isOperationNodeSource } from "kysely";
import { RLSSchemaError } from "../contract/errors.ts";
import { RelationCondition } from "../contract/relation.ts";
import type {
  Policy,
  PolicyCommand,
  PolicyCondition,
  PolicyOperation,
  PolicyType,
} from "../contract/policy.ts";

/** The commands, in the order that everything lists them in. */
export const COMMANDS: readonly PolicyCommand[] = ["read", "create", "update", "delete"];

/** What each kind of policy may be about. */
const OPERATIONS: Readonly<Record<PolicyType, readonly PolicyOperation[]>> = {
  allow: [...COMMANDS, "all"],
  deny: [...COMMANDS, "all"],
  filter: ["read", "all"],
  validate: ["create", "update", "all"],
};
/** What "all" stands for. */
const ALL: Readonly<Record<PolicyType, readonly PolicyCommand[]>> = {
  allow: COMMANDS,
  deny: COMMANDS,
  filter: COMMANDS,
  validate: ["create", "update"],
};
const KEYS: readonly string[] = [
  "type",
  "operation",
  "condition",
  "check",
  "name",
  "priority",
  "hints",
  "message",
];
/** Denials come first. */
const DENY_PRIORITY = 100;

/** Makes a policy of what a user gave. @throws {RLSSchemaError} */
export function makePolicy<Row>(
  type: PolicyType,
  operation: PolicyOperation | readonly PolicyOperation[],
  condition: PolicyCondition<Row>,
  options: object | undefined,
): Policy<Row> {
  if (options !== undefined && !isPlainObject(options)) {
    throw new RLSSchemaError(`${type}()`, "the options are not an object");
  }
  if (options !== undefined) refuseUnknown(options, KEYS.slice(3), `${type}()`);
  const given = options as Partial<Policy<Row>> | undefined;
  const policy = { ...given, type, operation: listOf(operation), condition };
  return readPolicy(policy, `${type}()`) as Policy<Row>;
}

/** Checks a policy, and freezes a copy of it. @throws {RLSSchemaError} */
export function readPolicy(policy: unknown, path: string): Policy<any> {
  if (!isPlainObject(policy)) {
    throw new RLSSchemaError(
      path,
      "it is not a policy; make it with allow(), deny(), filter() or " +
        "validate()",
    );
  }
  const given = policy as Partial<Policy<any>>;
  const { type } = given;
  if (type === undefined || !Object.hasOwn(OPERATIONS, type)) {
    throw new RLSSchemaError(path, `there is no type of policy "${String(type)}"`);
  }
  refuseUnknown(given, KEYS, path);
  const operation = readOperations(type, given.operation, path);
  const { condition, check, name, priority = type === "deny" ? DENY_PRIORITY : 0, hints } = given;
  const { message } = given;
  assertCondition(condition, `${path}.condition`);
  if (check !== undefined) {
    if (type === "filter" || type === "validate") {
      throw new RLSSchemaError(path, `"check" is an option of allow() and deny()`);
    }
    assertCondition(check, `${path}.check`);
  }
  const commands = operation.flatMap((each) => each === "all" ? ALL[type] : [each]);
  for (const each of [condition, check]) {
    if (isAsyncFunction(each) && commands.includes("read")) throw asyncRead(path);
  }
  if (name !== undefined && (typeof name !== "string" || name.trim() === "")) {
    throw new RLSSchemaError(`${path}.name`, "it must be a text that is not empty");
  }
  if (message !== undefined && (typeof message !== "string" || message.trim() === "")) {
    throw new RLSSchemaError(`${path}.message`, "it must be a text that is not empty");
  }
  if (typeof priority !== "number" || !Number.isFinite(priority)) {
    throw new RLSSchemaError(`${path}.priority`, "it must be a number");
  }
  const out: Policy<any> = {
    type,
    operation: Object.freeze(operation),
    condition: frozenCondition(condition!),
    priority,
    ...(check === undefined ? {} : { check: frozenCondition(check) }),
    ...(name === undefined ? {} : { name }),
    ...(message === undefined ? {} : { message }),
    ...(hints === undefined ? {} : { hints: readHints(hints, `${path}.hints`) }),
  };
  return Object.freeze(out);
}

/** The commands that a policy is about. */
export function commandsOf({ type, operation }: Policy<any>): ReadonlySet<PolicyCommand> {
  return new Set(operation.flatMap((each) => each === "all" ? ALL[type] : [each]));
}

/** Whether a function is declared `async`. */
export function isAsyncFunction(value: unknown): boolean {
  return typeof value === "function" &&
    Object.prototype.toString.call(value) === "[object AsyncFunction]";
}

/** @throws {RLSSchemaError} for a member that there is not */
export function refuseUnknown(value: object, known: readonly string[], path: string): void {
  assertKnownOptions(value, known, { makeError: (problem) => new RLSSchemaError(path, problem) });
}

/** @throws {RLSSchemaError} for what is not a name of a column of the policed table */
export function assertColumn(column: string, path: string): void {
  if (column !== "" && column.trim() === column && !column.includes(".")) return;
  throw new RLSSchemaError(path, `"${column}" is not a name of a column of the table itself`);
}

/** A condition that is an object: `null` is a value of it. @throws {RLSSchemaError} */
export function assertObjectCondition(condition: Record<string, unknown>, path: string): void {
  const keys = Reflect.ownKeys(condition);
  if (keys.length === 0) {
    throw new RLSSchemaError(
      path,
      "it has no columns; write true for a condition that all rows " +
        "satisfy",
    );
  }
  for (const key of keys) {
    if (typeof key !== "string") throw new RLSSchemaError(path, "a column's name must be a text");
    assertColumn(key, path);
    const value = condition[key];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === null && !Array.isArray(value)) continue;
      if (!isPolicyValue(item)) {
        throw new RLSSchemaError(
          `${path}.${key}`,
          `it is ${
            nameOfValue(item)
          }; write a text, a number, a boolean, a Date, or a list of them`,
        );
      }
    }
  }
}

/** Whether a value is one that a column can be compared with, and that says something. */
export function isPolicyValue(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return value !== "";
    case "number":
      return Number.isFinite(value);
    case "bigint":
    case "boolean":
      return true;
    case "object":
      if (value instanceof Date) return !Number.isNaN(value.getTime());
      return value instanceof Uint8Array;
    default:
      return false;
  }
}

/** What a value is that cannot be used, without telling what it holds. */
export function nameOfValue(value: unknown): string {
  if (value === undefined || value === null || value === "" || Number.isNaN(value)) {
    return value === "" ? "an empty text" : String(value);
  }
  if (Array.isArray(value)) return "a list in a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Checks the condition of a related row. @throws {RLSSchemaError} */
export function readRelated(made: RelationCondition, path: string): RelationCondition {
  const { relation, condition, operation } = made;
  if (typeof relation !== "string" || relation.trim() === "") {
    throw new RLSSchemaError(path, "the name of the relation must be a text that is not empty");
  }
  if (operation !== undefined && !RELATED.includes(operation)) {
    throw new RLSSchemaError(
      path,
      `"${String(operation)}" is nothing that can be done to a row that is there; there are ` +
        RELATED.map((each) => `"${each}"`).join(", "),
    );
  }
  assertCondition(condition, `${path} of "${relation}"`);
  if (isAsyncFunction(condition)) {
    throw new RLSSchemaError(path, "an async function cannot decide about related rows");
  }
  return typeof condition === "object" && !(condition instanceof RelationCondition)
    ? new RelationCondition(relation, frozenCondition(condition), operation)
    : made;
}

/** What can be done to a row that is there. */
const RELATED: readonly PolicyCommand[] = ["read", "update", "delete"];

function assertCondition(condition: unknown, path: string): void {
  if (typeof condition === "boolean" || typeof condition === "function") return;
  if (condition instanceof RelationCondition) return;
  if (isOperationNodeSource(condition)) {
    throw new RLSSchemaError(
      path,
      "an expression must be made by a function, for each name that a query has for the table: " +
        `(ctx, { eb, column }) => eb(column("owner_id"), "=", ctx.auth.userId)`,
    );
  }
  if (!isPlainObject(condition)) {
    throw new RLSSchemaError(
      path,
      `it is ${nameOfValue(condition)}; write an object of columns and values, a boolean, or a ` +
        "function",
    );
  }
  assertObjectCondition(condition, path);
}

function readOperations(
  type: PolicyType,
  given: unknown,
  path: string,
): PolicyOperation[] {
  const list = listOf(given);
  if (list.length === 0) throw new RLSSchemaError(path, "it names no operation");
  for (const each of list) {
    if (OPERATIONS[type].includes(each as PolicyOperation)) continue;
    throw new RLSSchemaError(
      path,
      `"${String(each)}" is not an operation of ${type}(); there are ` +
        OPERATIONS[type].map((operation) => `"${operation}"`).join(", "),
    );
  }
  if (new Set(list).size < list.length) throw new RLSSchemaError(path, "it names one twice");
  return list as PolicyOperation[];
}

function readHints(hints: unknown, path: string): { readonly indexColumns?: readonly string[] } {
  if (!isPlainObject(hints)) throw new RLSSchemaError(path, "it is not an object");
  refuseUnknown(hints, ["indexColumns"], path);
  const { indexColumns } = hints;
  if (indexColumns === undefined) return Object.freeze({});
  if (!Array.isArray(indexColumns) || indexColumns.length === 0) {
    throw new RLSSchemaError(`${path}.indexColumns`, "it must be a list of columns");
  }
  for (const column of indexColumns) assertColumn(String(column), `${path}.indexColumns`);
  return Object.freeze({ indexColumns: Object.freeze([...indexColumns] as string[]) });
}

function frozenCondition(condition: PolicyCondition<any>): PolicyCondition<any> {
  if (typeof condition !== "object" || condition instanceof RelationCondition) return condition;
  const entries = Object.entries(condition).map(([column, value]) =>
    [column, Array.isArray(value) ? Object.freeze([...value]) : value] as const
  );
  return Object.freeze(Object.fromEntries(entries));
}

function listOf(value: unknown): readonly unknown[] & readonly PolicyOperation[] {
  return (Array.isArray(value) ? value : [value]) as readonly PolicyOperation[];
}

function asyncRead(path: string): RLSSchemaError {
  return new RLSSchemaError(
    path,
    "an async function cannot decide which rows are read; write a predicate instead, such as " +
      `(ctx) => ({ owner_id: ctx.auth.userId }), with a subquery where it has to look something ` +
      `up: (ctx, { eb, column }) => eb(column("team_id"), "in", eb.selectFrom("members")..)`,
  );
}
