import type { ColumnType } from "kysely";
import type {
  AccountUsesTable,
  OrganisationsTable,
  UsersTable,
} from "../features/accounts/schema.ts";
import type { DocumentsTable } from "../features/documents/schema.ts";
import type { InvitationsTable } from "../features/invitations/schema.ts";
import type { MembersTable } from "../features/members/schema.ts";
import type { ProjectMembersTable, ProjectsTable } from "../features/projects/schema.ts";
import type { ImpersonationsTable } from "../features/support/schema.ts";
import type { UsageCountersTable } from "../features/usage/schema.ts";

/** What all organisations share: who can sign in, and where the data of each is. */
export interface ControlDatabase {
  users: UsersTable;
  account_uses: AccountUsesTable;
  organisations: OrganisationsTable;
}

/** The tables of an organisation, each described by the feature that owns it. */
export interface Database {
  members: MembersTable;
  projects: ProjectsTable;
  project_members: ProjectMembersTable;
  documents: DocumentsTable;
  invitations: InvitationsTable;
  usage_counters: UsageCountersTable;
  impersonations: ImpersonationsTable;
}

/** A time: a `Date` on PostgreSQL, ISO 8601 text on SQLite. */
export type Time = Date | string;

/** A time that the timestamps plugin sets. */
export type StampedTime = ColumnType<Time, Time | undefined, Time>;

/** The tenant, which the policies stamp: no query writes it. */
export type TenantId = ColumnType<string, string | undefined, never>;

/** Formats a time as the API does: ISO 8601 in UTC, with milliseconds. */
export function toIso(time: Time): string {
  return new Date(time).toISOString();
}
