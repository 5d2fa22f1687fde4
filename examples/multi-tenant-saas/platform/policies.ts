import { filter, type RLSContext } from "@kysera/rls";

/** Rows of other organisations do not exist, whatever else a policy allows. */
export const ofTenant = () =>
  filter<any>("all", ({ auth }) => ({ tenant_id: auth.tenantId }), { name: "tenant" });

/** New rows are the caller's organisation's; a query that says otherwise is refused. */
export const stampTenant = {
  tenant_id: ({ auth }: RLSContext): string => auth.tenantId as string,
};
