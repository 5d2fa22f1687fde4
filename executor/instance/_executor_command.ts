import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryExecutor,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from "kysely";
import { ExecutorError } from "../contract/errors.ts";
import type { GuardedExecutor } from "./_guarded_executor.ts";

/** The version of the package. */
const VERSION = "0.9.0";
/** The member of a request by which other copies of the package know it for one. */
const COPY: symbol = Symbol.for("@kysera/executor");

/** A copy of the package. */
interface Copy {
  readonly version: string;
}

/** @throws {ExecutorError} for an executor of another copy */
function refuseOther(other: Copy): never {
  const version = typeof other?.version === "string" ? other.version : "an unknown version";
  const which = version === VERSION ? `both ${VERSION}` : `${version}, and ${VERSION} here`;
  throw new ExecutorError(
    `Cannot use the executor: it was made by another copy of @kysera/executor (${which}); two ` +
      "copies do not know each other's plugins. Have one: look for a second with " +
      "npm ls @kysera/executor, pin one version (overrides), and keep a bundler from copying the " +
      "packages into each of its outputs (serverExternalPackages in Next.js, external elsewhere)",
    "TWO_COPIES",
  );
}

/**
 * A request to the guarded executor inside a Kysely instance or a query builder, sent by the one way
 * that Kysely has to reach it through its own wrappers (a transaction's executor hides ours):
 * `withPlugin`.
 */
export class ExecutorCommand implements KyselyPlugin {
  static {
    // Called with a guarded executor that another copy of the package made, and that does not obey.
    Object.defineProperty(this.prototype, COPY, { value: refuseOther });
  }

  /** Answers the request: the executor that takes the place of the one that is asked. */
  readonly obey: (executor: GuardedExecutor) => QueryExecutor;

  constructor(obey: (executor: GuardedExecutor) => QueryExecutor) {
    this.obey = obey;
  }

  /** Tells a request that another copy of the package has sent of this one. */
  static tellOther(plugin: KyselyPlugin): void {
    const meets: unknown = Reflect.get(plugin, COPY);
    if (typeof meets === "function") meets({ version: VERSION });
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}
