import { auditPlugin } from "@kysera/audit";
import type { Plugin } from "@kysera/executor";
import { createTenantRouter, type TenantPlace, type TenantRouter } from "@kysera/infra/tenants";
import { mergeRLSSchemas, rlsPlugin } from "@kysera/rls";
import { timestampsPlugin } from "@kysera/timestamps";
import type { Kysely } from "kysely";
import { documentPolicies } from "../features/documents/policies.ts";
import { invitationPolicies } from "../features/invitations/policies.ts";
import { memberPolicies } from "../features/members/policies.ts";
import { projectPolicies } from "../features/projects/policies.ts";
import { impersonationPolicies } from "../features/support/policies.ts";
import { usagePolicies } from "../features/usage/policies.ts";
import type { Config } from "./config.ts";
import type { Databases } from "./databases.ts";
import { migrateControl, migrateTenants } from "./migrate.ts";
import type { ControlDatabase, Database } from "./schema.ts";

/** The executor of an organisation. */
export type Db = Kysely<Database>;

/** The application's data. */
export interface Saas {
  readonly config: Config;
  /** What all organisations share, without policies: sign-in, and where organisations are. */
  readonly control: Kysely<ControlDatabase>;
  /** The organisations, each with an executor that has the same plugins. */
  readonly router: TenantRouter<Database>;
  /** Closes all databases. */
  close(): Promise<void>;
}

/** The schema whose tables the schemas of all organisations have. */
const TEMPLATE = "tenant_template";

/** The tables that are audited. */
const AUDITED = ["members", "projects", "project_members", "documents", "invitations"];

/** The plugins of an organisation's executor: the same as rows, in a schema, and in a database. */
function pluginsOf(schema: string | undefined): readonly Plugin[] {
  return [
    timestampsPlugin(),
    auditPlugin({
      tables: AUDITED,
      auditTable: schema === undefined ? "audit_logs" : `${schema}.audit_logs`,
      createTable: false,
      actor: "required",
      denyColumns: ["invitations.token_hash"],
      metadata: ({ context }) => {
        const auth = context?.["auth"] as { attributes?: { impersonator?: string } } | undefined;
        const { impersonator } = auth?.attributes ?? {};
        return impersonator === undefined ? {} : { impersonator };
      },
    }),
    rlsPlugin({
      schema: mergeRLSSchemas(
        memberPolicies,
        projectPolicies,
        documentPolicies,
        invitationPolicies,
        usagePolicies,
        impersonationPolicies,
      ),
      // A query of a table without policies is an error.
      unlistedTables: "deny",
    }),
  ];
}

/** Opens the databases' organisations, and migrates all of them. */
export async function createSaas(config: Config, databases: Databases): Promise<Saas> {
  const { control } = databases;
  const isServer = config.databaseUrl !== undefined;
  await migrateControl(control, isServer ? "control" : undefined);
  const router = createTenantRouter<Database>({
    strategy: config.tenancy,
    resolve: (tenant) => placeOf(control, tenant),
    record: (tenant, place) => recordPlace(control, tenant, place),
    open: databases.open,
    createDatabase: databases.create,
    dropDatabase: databases.drop,
    migrate: (target) => migrateTenants([target]),
    plugins: ({ schema }) => pluginsOf(schema),
    ...isServer ? { template: TEMPLATE } : {},
    tables: [
      "members",
      "projects",
      "project_members",
      "documents",
      "invitations",
      "impersonations",
    ],
    tenantColumn: "tenant_id",
    pools: { max: 20, idle: 60_000 },
    cache: 1_000,
  });
  await migrateAll(config, databases, router);
  return {
    config,
    control,
    router,
    async close() {
      await router.destroy();
      await databases.close();
    },
  };
}

/** The shared tables, the template, and then each organisation that has tables of its own. */
async function migrateAll(
  { databaseUrl }: Config,
  { open, control }: Databases,
  router: TenantRouter<Database>,
): Promise<void> {
  await migrateTenants([{ name: "main", db: () => open("main") }]);
  if (databaseUrl !== undefined) {
    await control.schema.createSchema(TEMPLATE).ifNotExists().execute();
    const template = async () => (await open("main")).withSchema(TEMPLATE);
    await migrateTenants([{ name: TEMPLATE, db: template, schema: TEMPLATE }]);
  }
  const own = await control.selectFrom("organisations").select("id")
    .where("strategy", "!=", "row").where("state", "!=", "provisioning").execute();
  await migrateTenants(await router.targets(own.map(({ id }) => id)));
}

async function placeOf(
  control: Kysely<ControlDatabase>,
  tenant: string,
): Promise<TenantPlace | undefined> {
  const row = await control.selectFrom("organisations")
    .select(["strategy", "database_name", "schema_name", "state"])
    .where("id", "=", tenant).where("state", "!=", "provisioning").executeTakeFirst();
  // The record is written by recordPlace() alone.
  return row === undefined ? undefined : {
    strategy: row.strategy,
    database: row.database_name ?? undefined,
    schema: row.schema_name ?? undefined,
    state: row.state,
  } as TenantPlace;
}

async function recordPlace(
  control: Kysely<ControlDatabase>,
  tenant: string,
  place: TenantPlace | undefined,
): Promise<void> {
  await control.updateTable("organisations").set(
    place === undefined ? { state: "provisioning" } : {
      strategy: place.strategy!,
      database_name: place.database ?? null,
      schema_name: place.schema ?? null,
      state: place.state ?? "active",
    },
  ).where("id", "=", tenant).execute();
}
