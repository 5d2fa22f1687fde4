/**
 * Who is asking.
 *
 * @module
 */

/** Identifies a user, a tenant or an organization. */
export type RLSId = string | number | bigint;

/** The caller's identity. */
export interface RLSAuth {
  /** The user. */
  readonly userId: RLSId;
  /** The user's roles. */
  readonly roles: readonly string[];
  /** The tenant. */
  readonly tenantId?: RLSId;
  /** The organizations. */
  readonly organizationIds?: readonly RLSId[];
  /** The permissions. */
  readonly permissions?: readonly string[];
  /** Whatever else policies ask for. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** The user's record. */
  readonly user?: unknown;
  /** Whether it is the system itself, whom no policy is for. */
  readonly isSystem?: boolean;
}

/** The request that the caller came with. */
export interface RLSRequest {
  /** Its id. */
  readonly requestId?: string;
  /** Where it came from. */
  readonly ipAddress?: string;
  /** By which program. */
  readonly userAgent?: string;
  /** When. */
  readonly timestamp?: Date;
  /** Its headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The context that policies are evaluated in. */
export interface RLSContext {
  /** The caller. */
  readonly auth: RLSAuth;
  /** The request. */
  readonly request?: RLSRequest;
  /** Whatever else policies ask for. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** When the context was made. */
  readonly timestamp?: Date;
}
