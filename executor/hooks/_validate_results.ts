import type { OperationNode } from "kysely";
import { callHook } from "../contract/_call_hook.ts";
import { PluginHookError } from "../contract/errors.ts";
import type { ColumnMask, DeleteRewrite, RowCheck, Stamp } from "../contract/plugin.ts";
import { nodeOfSource } from "../tree/_nodes.ts";

/** The node of what a hook answered. */
export function filterNode(
  answer: unknown,
  plugin: string,
  hook: "filter" | "check" | "mask" = "filter",
): OperationNode {
  const node = callHook(plugin, hook, () => nodeOfSource(answer));
  if (node !== undefined && EXPRESSIONS.has(node.kind)) return node;
  throw new PluginHookError(
    plugin,
    hook,
    `it answered with ${typeof answer}; return an expression` +
      (hook === "check" ? "" : `, or undefined for no ${hook}`),
  );
}

const EXPRESSIONS: ReadonlySet<string> = new Set([
  "AggregateFunctionNode",
  "AndNode",
  "BinaryOperationNode",
  "CaseNode",
  "CastNode",
  "ColumnNode",
  "FunctionNode",
  "JSONReferenceNode",
  "OrNode",
  "ParensNode",
  "RawNode",
  "ReferenceNode",
  "SelectQueryNode",
  "UnaryOperationNode",
  "ValueNode",
]);

/** @throws {PluginHookError} where a plugin answered with no stamp */
export function validateStamp(answer: Stamp, plugin: string): void {
  const { set, given } = (answer ?? {}) as Partial<Stamp>;
  const isSet = typeof set === "object" && set !== null && !Array.isArray(set);
  if (isSet && (given === undefined || ["keep", "replace", "refuse"].includes(given))) return;
  throw new PluginHookError(
    plugin,
    "stamp",
    "it answered with something else; return { set: { column: value }, given } or undefined",
  );
}

/** @throws {PluginHookError} where a plugin answered with no check */
export function validateCheck(answer: RowCheck, plugin: string): void {
  const { columns, satisfied, predicate, refuse } = (answer ?? {}) as Partial<RowCheck>;
  const isFunction = (value: unknown): boolean =>
    value === undefined || typeof value === "function";
  if (
    Array.isArray(columns) && [satisfied, predicate, refuse].every(isFunction) &&
    (satisfied !== undefined || predicate !== undefined)
  ) {
    return;
  }
  throw new PluginHookError(
    plugin,
    "check",
    "it answered with something else; return { columns, satisfied, predicate, says } or undefined",
  );
}

/** @throws {PluginHookError} where a plugin answered with no mask */
export function validateMask(answer: ColumnMask, plugin: string): void {
  const { columns, hidden, unwritable } = (answer ?? {}) as Partial<ColumnMask>;
  if (
    Array.isArray(columns) && typeof hidden === "object" && hidden !== null &&
    (unwritable === undefined || Array.isArray(unwritable))
  ) {
    return;
  }
  throw new PluginHookError(
    plugin,
    "mask",
    "it answered with something else; return { columns, hidden: { column: null } } or undefined",
  );
}

/** @throws {PluginHookError} where a plugin answered with nothing a DELETE can become */
export function validateRewrite(answer: unknown, plugin: string): void {
  if (answer === "deny") return;
  const { set } = (answer ?? {}) as Partial<DeleteRewrite>;
  if (
    typeof set === "object" && set !== null && !Array.isArray(set) && Object.keys(set).length > 0
  ) {
    return;
  }
  throw new PluginHookError(
    plugin,
    "rewriteDelete",
    'it answered with something else; return { set: { column: value } }, "deny" or undefined',
  );
}
