/**
 * The errors of row-level security. None of them holds a value of a row.
 *
 * @module
 */
import { RLSErrorCodes } from "@kysera/core";
import { ExecutorError } from "@kysera/executor";
import type { PolicyCommand } from "./policy.ts";

export { RLSErrorCodes } from "@kysera/core";

/** One of the codes. */
export type RLSErrorCode = typeof RLSErrorCodes[keyof typeof RLSErrorCodes];

/**
 * The base of every error of this package.
 *
 * @example
 * ```ts
 * import { defineRLSSchema, RLSError } from "@kysera/rls";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => defineRLSSchema({ "": { policies: [] } }), RLSError);
 * ```
 */
export class RLSError extends ExecutorError {
  static {
    this.prototype.name = "RLSError";
  }

  /**
   * @param message what failed, and what to do
   * @param code the stable code
   * @param options the cause, if there is one
   */
  constructor(message: string, code: RLSErrorCode, options?: ErrorOptions) {
    super(message, code, options);
  }
}

/** No security context is bound, and none is provided. */
export class RLSContextError extends RLSError {
  static {
    this.prototype.name = "RLSContextError";
  }

  /**
   * @param message what failed, and what to do
   * @param options the cause, if there is one
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, RLSErrorCodes.RLS_CONTEXT_MISSING, options);
  }
}

/** A context lacks what is needed of it, or holds what it cannot hold. */
export class RLSContextValidationError extends RLSError {
  static {
    this.prototype.name = "RLSContextValidationError";
  }

  /** The member of the context, such as `auth.tenantId`. */
  readonly field: string;

  /**
   * @param message what is wrong, and what to do
   * @param field the member of the context
   */
  constructor(message: string, field: string) {
    super(message, RLSErrorCodes.RLS_CONTEXT_INVALID);
    this.field = field;
  }
}

/** What a {@linkcode RLSPolicyViolation} is about. */
export interface PolicyViolationDetails {
  /** What was to be done. */
  readonly operation: PolicyCommand;
  /** The table. */
  readonly table: string;
  /** The policies that refused, or that would have had to allow it. */
  readonly policies?: readonly string[] | undefined;
  /** The `message` of the first of them that has one. */
  readonly policyMessage?: string | undefined;
}

/** The policies of a table refuse what a statement would do. */
export class RLSPolicyViolation extends RLSError {
  static {
    this.prototype.name = "RLSPolicyViolation";
  }

  /** What was to be done. */
  readonly operation: PolicyCommand;
  /** The table. */
  readonly table: string;
  /** The policies that refused, or that would have had to allow it; empty where there is none. */
  readonly policies: readonly string[];
  /** The first of {@linkcode RLSPolicyViolation.policies}. */
  readonly policyName: string | undefined;
  /** The `message` of the first of the policies that has one, for an application to show. */
  readonly policyMessage: string | undefined;
  /** Why, in words. */
  readonly reason: string;

  /**
   * @param details what it is about
   * @param reason why, in words
   * @param options the cause, if there is one
   */
  constructor(details: PolicyViolationDetails, reason: string, options?: ErrorOptions) {
    super(
      `Cannot ${VERBS[details.operation]} table "${details.table}": ${reason}`,
      RLSErrorCodes.RLS_POLICY_VIOLATION,
      options,
    );
    this.operation = details.operation;
    this.table = details.table;
    this.policies = details.policies ?? [];
    this.policyName = this.policies[0];
    this.policyMessage = details.policyMessage;
    this.reason = reason;
  }
}

const VERBS: Readonly<Record<PolicyCommand, string>> = {
  read: "read",
  create: "insert into",
  update: "update",
  delete: "delete from",
};

/** A policy threw, answered with something that makes no sense, or cannot be evaluated there. */
export class RLSPolicyEvaluationError extends RLSError {
  static {
    this.prototype.name = "RLSPolicyEvaluationError";
  }

  /** What was to be done. */
  readonly operation: PolicyCommand;
  /** The table. */
  readonly table: string;
  /** The policy. */
  readonly policyName: string;

  /**
   * @param details what it is about
   * @param policyName the policy
   * @param problem what went wrong, and what to do
   * @param options the cause, if there is one
   */
  constructor(
    details: Omit<PolicyViolationDetails, "policies" | "policyMessage">,
    policyName: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot evaluate policy "${policyName}" of table "${details.table}" for ` +
        `${details.operation}: ${problem}`,
      RLSErrorCodes.RLS_POLICY_EVALUATION_ERROR,
      options,
    );
    this.operation = details.operation;
    this.table = details.table;
    this.policyName = policyName;
  }
}

/** A schema of policies, or an option of the plugin, is wrong. */
export class RLSSchemaError extends RLSError {
  static {
    this.prototype.name = "RLSSchemaError";
  }

  /** Where, such as `posts.policies[0]`. */
  readonly path: string;

  /**
   * @param path where it is wrong
   * @param problem what is wrong, and what to do
   */
  constructor(path: string, problem: string) {
    super(
      `Cannot use the policies${path === "" ? "" : ` at ${path}`}: ${problem}`,
      RLSErrorCodes.RLS_SCHEMA_INVALID,
    );
    this.path = path;
  }
}
