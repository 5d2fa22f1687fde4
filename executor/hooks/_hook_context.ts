import { type Expression, expressionBuilder } from "kysely";
import { callHook } from "../contract/_call_hook.ts";
import type { Attributes, DialectName, HookContext } from "../contract/plugin.ts";
import type { Pass } from "../rewrite/_pass.ts";
import { DeferredParameter, PickedParameter } from "../tree/_deferred_parameter.ts";

const EB: HookContext["eb"] = expressionBuilder<any, any>();

/** What one call of a hook knows of the query; notes what the hook uses, for the pass it belongs to. */
export class CallContext implements HookContext {
  readonly dialect: DialectName;
  readonly metadata: Attributes;
  readonly eb: HookContext["eb"] = EB;
  readonly #pass: Pass;
  readonly #plugin: string;
  readonly #hook: string;

  constructor(pass: Pass, plugin: string, hook: string) {
    this.dialect = pass.rules.dialect;
    this.metadata = pass.rules.request.metadata;
    this.#pass = pass;
    this.#plugin = plugin;
    this.#hook = hook;
  }

  get context(): Attributes | undefined {
    this.#pass.usage.context = true;
    return this.#pass.rules.request.context;
  }

  // Functions of their own, so that a hook may take them out of the context.

  readonly value = <T>(
    read: (context: Attributes | undefined, run: object) => T,
    key?: string,
  ): Expression<T> => {
    this.#pass.usage.deferred = true;
    return new DeferredParameter({ plugin: this.#plugin, hook: this.#hook }, read, key);
  };

  readonly cached = <T>(
    read: (context: Attributes | undefined, run: object) => T,
    keyOf: (value: T) => unknown = (value) => value,
  ): T => {
    const { usage, rules, run } = this.#pass;
    const ask = (context: Attributes | undefined, run: object): T =>
      callHook(this.#plugin, this.#hook, () => read(context, run));
    const key = (value: T): unknown => callHook(this.#plugin, this.#hook, () => keyOf(value));
    const value = ask(rules.request.context, run);
    rules.memo?.keep(read, value);
    usage.keys = [
      ...usage.keys,
      {
        read: (context, run) => key(ask(context, run)),
        value: key(value),
        of: { read, ask },
        keyOf: key,
      },
    ];
    return value;
  };

  readonly pick = <T, V>(
    read: (context: Attributes | undefined, run: object) => T,
    take: (value: T) => V,
  ): Expression<V> => {
    this.#pass.usage.deferred = true;
    return new PickedParameter({ plugin: this.#plugin, hook: this.#hook }, read, take);
  };

  readonly once = (): void => {
    this.#pass.usage.once = true;
  };
}
