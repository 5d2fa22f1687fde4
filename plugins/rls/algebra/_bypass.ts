import type { Attributes } from "@kysera/executor";
import type { RLSContext } from "../contract/context.ts";
import type { CompiledTable } from "../policy/policy_registry.ts";

/** The flag of a handle without policies. */
export const BYPASS = "@kysera/rls";

/** Its value: an instance, so that no data from elsewhere can be taken for it. */
export class Bypass {
  /** The only one. */
  static readonly all: Bypass = new Bypass();
}

/** Whether a handle is one without policies. */
export function isBypassed(metadata: Attributes): boolean {
  return metadata[BYPASS] instanceof Bypass;
}

/** Whether the policies of a table are not for a caller. */
export function isExempt(
  { auth }: RLSContext,
  table: Pick<CompiledTable, "skipFor">,
  bypassRoles: readonly string[],
): boolean {
  if (auth.isSystem === true) return true;
  const { skipFor } = table;
  if (bypassRoles.length === 0 && skipFor.length === 0) return false;
  return auth.roles.some((role) => bypassRoles.includes(role) || skipFor.includes(role));
}
