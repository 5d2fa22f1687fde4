/**
 * Names of version 0.7.
 *
 * @module
 */
import type { RLSAuth, RLSRequest } from "../contract/context.ts";
import type { RLSOptions } from "../contract/options.ts";
import type {
  AnyRow,
  ConditionObject,
  Policy,
  PolicyContext,
  PolicyOperation,
} from "../contract/policy.ts";

/** @deprecated Use {@linkcode RLSAuth}. */
export type RLSAuthContext = RLSAuth;

/** @deprecated Use {@linkcode RLSRequest}. */
export type RLSRequestContext = RLSRequest;

/** @deprecated Use {@linkcode RLSOptions}. */
export type RLSPluginOptions = RLSOptions;

/** @deprecated Use {@linkcode PolicyOperation}. */
export type Operation = PolicyOperation;

/** @deprecated Use {@linkcode Policy}. */
export type PolicyDefinition<Row = AnyRow> = Policy<Row>;

/** @deprecated Use {@linkcode ConditionObject}. */
export type FilterCondition<Row = AnyRow> = ConditionObject<Row>;

/** @deprecated Use {@linkcode PolicyContext}. */
export type PolicyEvaluationContext<Row = AnyRow> = PolicyContext<Row>;
