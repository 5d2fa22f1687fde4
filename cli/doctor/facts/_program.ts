import { describeExecutor, isKyseraExecutor } from "@kysera/executor";
import type { SchemaSnapshot } from "@kysera/migrations/schema";
import { explainPolicy, policySourcesOf } from "@kysera/rls";
import type { Kysely } from "kysely";
import type { Settings } from "../../config/_settings.ts";
import type { Target } from "../../connect/_target.ts";
import { hasRewriting } from "../../policies/_has_rewriting.ts";
import { boundToAuth } from "../../program/_open_executor.ts";
import type { ProgramFacts, WantedIndex } from "./_facts.ts";
import { kyselyVersionOf } from "./_kysely_version.ts";

/** What a command line says of the program. */
export interface ProgramOptions {
  readonly deletedAt: string;
  readonly tenantColumns: readonly string[];
  readonly keysets: Readonly<Record<string, readonly string[]>>;
}

const TENANTS = ["tenant_id", "tenantId"];

/** Stands for a caller where the configuration names none: policies are asked what they compare. */
const SOMEBODY = { userId: 1, tenantId: 1, organizationIds: [1] };

/** Reads what the configuration and its executor say of the program. */
export async function readProgramFacts(
  db: Kysely<any>,
  schema: SchemaSnapshot,
  { root, doctor, policies, database }: Settings,
  target: Target,
  options: ProgramOptions,
): Promise<ProgramFacts> {
  const tenantColumns = options.tenantColumns.length > 0
    ? options.tenantColumns
    : doctor.tenantColumns ?? TENANTS;
  return {
    kysely: kyselyVersionOf(root),
    deletedAt: options.deletedAt,
    tenantColumns,
    keysets: { ...doctor.keysets, ...options.keysets },
    keys: doctor.keys ?? {},
    pool: target.kind === "postgres" || target.kind === "mysql" ? database?.pool ?? {} : undefined,
    namesPooler: namesPooler(database?.connection),
    ...isKyseraExecutor(db)
      ? await executorFacts(db, schema, Object.values(policies.principals ?? {}))
      : NO_EXECUTOR,
  };
}

type ExecutorFacts = Pick<
  ProgramFacts,
  "hasExecutor" | "policed" | "openViews" | "wantedIndexes" | "audited"
>;

const NO_EXECUTOR: ExecutorFacts = {
  hasExecutor: false,
  policed: new Set(),
  openViews: new Set(),
  wantedIndexes: [],
  audited: new Set(),
};

async function executorFacts(
  executor: Kysely<any>,
  schema: SchemaSnapshot,
  principals: readonly (object | null)[],
): Promise<ExecutorFacts> {
  const { plugins } = await describeExecutor(executor);
  const plain = (name: string) =>
    name.startsWith(`${schema.defaultSchema}.`)
      ? name.slice(schema.defaultSchema.length + 1)
      : name;
  const tablesOf = (plugin: string) =>
    plugins.filter(({ name }) => name === plugin).flatMap(({ tables }) =>
      tables.map(({ table }) => plain(table))
    );
  // PostgreSQL's own policies are known to the catalog, and not to the plugin that leaves them to it.
  const sources = hasRewriting(executor) ? policySourcesOf(executor) : [];
  const named = sources.flatMap((source) => Object.keys(source.schema).map(plain));
  const skipped = sources.flatMap(({ skipTables }) => skipTables.map(plain));
  const views = new Set(schema.views.map(({ name }) => name));
  const callers = principals.filter((auth) => auth !== null);
  return {
    hasExecutor: true,
    policed: new Set([...named, ...skipped]),
    openViews: new Set(skipped.filter((name) => views.has(name))),
    wantedIndexes: (callers.length > 0 ? callers : [SOMEBODY]).flatMap((auth) =>
      wantedBy(boundToAuth(executor, auth), named)
    ),
    audited: new Set(tablesOf("@kysera/audit")),
  };
}

/** The indexes that would help a caller to find the rows of tables. */
function wantedBy(executor: Kysely<any>, tables: readonly string[]): WantedIndex[] {
  return tables.flatMap((table) => {
    const { references } = explainPolicy(executor, executor.selectFrom(table).selectAll());
    return references.filter((reference) => reference.index !== undefined).map((reference) => ({
      table: reference.table,
      columns: reference.index!.columns,
    }));
  });
}

/** What providers call the addresses of their poolers, and the parameter that drivers know one by. */
function namesPooler(connection: string | undefined): boolean {
  if (connection === undefined || !URL.canParse(connection)) return false;
  const { hostname, port, searchParams } = new URL(connection);
  return hostname.includes("pooler") || hostname.includes("pgbouncer") || port === "6543" ||
    searchParams.get("pgbouncer") === "true";
}
