import { type Expression, type OperationNode, ValueNode } from "kysely";
import type { PolicyCommand, PolicyContext } from "../contract/policy.ts";

/** Where a value of the context is: `["auth", "tenantId"]`. */
export type ContextPath = readonly string[];

/** A value of the context that is not known yet: an expression that tells where it is. */
export class Recorded implements Expression<any> {
  readonly path: ContextPath;

  constructor(path: ContextPath) {
    this.path = path;
  }

  get expressionType(): undefined {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return ValueNode.create(this);
  }
}

/** The value that a stand-in was made for: what a function holds is a proxy of it. */
export function recordedOf(value: unknown): Recorded | undefined {
  if (!(value instanceof Recorded)) return undefined;
  // It makes no other node.
  return (value.toOperationNode() as ValueNode).value as Recorded;
}

/** Whether a list of the context has a value: what a function may decide by. */
export interface Choice {
  readonly path: ContextPath;
  readonly value: string | number | boolean;
  readonly holds: boolean;
}

/** A function did something with the context that SQL cannot say. */
export class CannotRecord extends Error {
  override readonly name: string = "CannotRecord";
}

export interface Recording {
  readonly context: PolicyContext<any>;
  /** The values that were read: each has to be in the answer. */
  readonly read: ReadonlySet<Recorded>;
}

const SCALARS: readonly string[] = ["userId", "tenantId"];
const LISTS: readonly string[] = ["roles", "organizationIds", "permissions"];
const REQUEST: readonly string[] = ["requestId", "ipAddress", "userAgent", "timestamp"];
/** What a value is asked for where it is made to a text, a number or a condition. */
const CONVERSIONS: readonly PropertyKey[] = [
  Symbol.toPrimitive,
  Symbol.iterator,
  "toString",
  "valueOf",
  "toJSON",
];
/** What Kysely asks of a value to see what it is, and promises are told by. */
const PROBES: readonly string[] = [
  "then",
  "expressionType",
  "dynamicReference",
  "alias",
  "isSelectQueryBuilder",
];

/** Whether a member of the context is known to hold one value. */
export function isScalar(path: ContextPath): boolean {
  const [root, name] = path;
  return path.length === 2 &&
    (root === "auth" ? SCALARS.includes(name!) : root === "request" && REQUEST.includes(name!));
}

/**
 * A context whose values are not known, for a function that is to make SQL of them.
 *
 * @param absent values that are `null` for once, to see whether the function looks at them
 * @param choose decides whether a list has a value
 */
export function recordingContext(
  about: { readonly table: string; readonly operation: PolicyCommand },
  absent: ReadonlySet<string>,
  choose: (path: ContextPath, value: Choice["value"]) => boolean,
): Recording {
  const read = new Set<Recorded>();

  /** A value; `open` where it may have members. */
  function value(path: ContextPath, open: boolean): unknown {
    const at = path.join(".");
    if (absent.has(at)) return null;
    const recorded = new Recorded(path);
    read.add(recorded);
    return new Proxy(recorded, {
      ...closed(path),
      get(target, name) {
        if (name === "toOperationNode") return () => target.toOperationNode();
        if (typeof name === "string" && PROBES.includes(name)) return undefined;
        if (CONVERSIONS.includes(name)) {
          throw new CannotRecord(`it makes a text, a number or a list of ctx.${at}`);
        }
        if (typeof name === "symbol") return undefined;
        // Not the value was meant, but something of it.
        read.delete(target);
        if (name === "includes" && !isScalar(path)) {
          return (item: unknown) => {
            if (["string", "number", "boolean"].includes(typeof item)) {
              return choose(path, item as Choice["value"]);
            }
            throw new CannotRecord(`it looks for something that is not a literal in ctx.${at}`);
          };
        }
        if (open) return value([...path, name], true);
        throw new CannotRecord(`it takes "${name}" of ctx.${at}`);
      },
      has: (_, name) => name === "toOperationNode" || name === "expressionType",
    });
  }

  const open = (path: ContextPath): object => members(path, (name) => value([...path, name], true));
  const auth = members(["auth"], (name) => {
    const path = ["auth", name];
    if (SCALARS.includes(name) || LISTS.includes(name)) return value(path, false);
    if (name === "attributes" || name === "user") return open(path);
    // No policy is for the system itself.
    if (name === "isSystem") return false;
    throw new CannotRecord(`there is no ctx.auth.${name}`);
  });
  const request = members(["request"], (name) => {
    const path = ["request", name];
    if (REQUEST.includes(name)) return value(path, false);
    if (name === "headers") return open(path);
    throw new CannotRecord(`there is no ctx.request.${name}`);
  });
  const context = {
    auth,
    request,
    meta: open(["meta"]),
    table: about.table,
    operation: about.operation,
    get row(): never {
      throw new CannotRecord("it looks at the row in memory");
    },
    get data(): never {
      throw new CannotRecord("it looks at the row in memory");
    },
  };
  // Its members answer as those of a context do.
  return { context: context as unknown as PolicyContext<any>, read };
}

function members(path: ContextPath, make: (name: string) => unknown): object {
  return new Proxy({}, {
    ...closed(path),
    get: (_, name) => typeof name === "symbol" ? undefined : make(name),
  });
}

/** Asking what there is, or writing, is nothing that SQL could do. */
function closed(path: ContextPath): ProxyHandler<any> {
  const fail = (): never => {
    throw new CannotRecord(`it looks into ctx.${path.join(".")}`);
  };
  return { has: fail, ownKeys: fail, set: fail, deleteProperty: fail, defineProperty: fail };
}
