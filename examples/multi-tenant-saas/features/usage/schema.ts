import type { TenantId } from "../../platform/schema.ts";

/** What is counted. */
export type Metric = "members" | "projects" | "documents";

/** All that is counted. */
export const METRICS: readonly Metric[] = ["members", "projects", "documents"];

/** How much of something an organisation has. */
export interface UsageCountersTable {
  tenant_id: TenantId;
  metric: string;
  used: number;
}

/** What each plan allows. */
export const LIMITS: Readonly<Record<string, Readonly<Record<Metric, number>>>> = {
  free: { members: 5, projects: 3, documents: 50 },
  team: { members: 50, projects: 100, documents: 10_000 },
};
