import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from "kysely";
import type { Guard, View } from "../hooks/_rules.ts";

/**
 * A request to the guarded executor inside a handle, sent by the one way that Kysely has to reach it
 * through its own wrappers (a transaction's executor hides ours): `withPlugin`.
 */
export class HandleCommand implements KyselyPlugin {
  /**
   * `ask`: who are you; `view`: the same with another view; `leave`: what is under you; `bare`: the
   * same without Kysely's plugins.
   */
  readonly action: "ask" | "view" | "leave" | "bare";
  readonly view: View | undefined;
  /** The answer: stays `undefined` where the handle is not ours. */
  guard: Guard | undefined;

  constructor(action: HandleCommand["action"], view?: View) {
    this.action = action;
    this.view = view;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}
