/** Tenants with projects, which are told apart in every way. */
import { auditPlugin, createAuditTable } from "@kysera/audit";
import type { Plugin } from "@kysera/executor";
import {
  createTenantRouter,
  type TenantHome,
  type TenantPlace,
  type TenantRouter,
  type TenantRouterOptions,
  type TenantTarget,
} from "@kysera/infra/tenants";
import { allow, defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
import { softDeletePlugin } from "@kysera/soft-delete";
import { type Dialect, type Driver, type Kysely, sql } from "kysely";
import { uniqueName } from "../../support/_names.ts";
import type { TestDatabase, TestDialect } from "../../support/matrix.ts";

export interface Database {
  projects: { id: number; tenant_id: string; name: string; deleted_at: Date | string | null };
  audit_logs: { id: number; table_name: string; operation: string };
}

/** Tables of the same form for every way. */
export async function makeTables(db: Kysely<any>): Promise<void> {
  await db.schema.createTable("projects")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("tenant_id", "varchar(40)", (column) => column.notNull())
    .addColumn("name", "varchar(200)", (column) => column.notNull())
    .addColumn("deleted_at", sql`timestamp`, (column) => column.defaultTo(null))
    .execute();
  await createAuditTable(db);
}

/** The plugins of every way. */
export function pluginsOf({ schema }: TenantHome): readonly Plugin[] {
  return [
    softDeletePlugin(),
    auditPlugin({
      tables: ["projects"],
      auditTable: schema === undefined ? "audit_logs" : `${schema}.audit_logs`,
      createTable: false,
    }),
    rlsPlugin({
      schema: defineRLSSchema<Database>({
        projects: {
          policies: [
            allow("all", true),
            filter("read", ({ auth }) => ({ tenant_id: String(auth.tenantId) })),
          ],
        },
      }),
    }),
  ];
}

export const contextOf = (tenant: string): object => ({
  auth: { userId: 1, roles: [], tenantId: tenant },
});

/** A server, or files, and the names of schemas on it that are dropped at the end. */
export class World {
  readonly places: Map<string, TenantPlace> = new Map<string, TenantPlace>();
  readonly template: string = uniqueName();
  readonly dialect: TestDialect;
  /** The statements that read the catalog. */
  readonly catalogReads: string[] = [];
  readonly #opened: TestDatabase[] = [];
  readonly #byName = new Map<string, TestDatabase>();
  readonly #schemas: string[] = [];

  constructor(dialect: TestDialect) {
    this.dialect = dialect;
  }

  /** A name for a schema; it is dropped at the end, if it is there. */
  schema(): string {
    const schema = uniqueName();
    this.#schemas.push(schema);
    return schema;
  }

  /** A database of a name, empty when it is opened for the first time. */
  readonly open = async (name: string): Promise<Kysely<any>> => {
    const opened = await this.dialect.open({ wrap: (dialect) => watched(dialect, this) });
    this.#opened.push(opened);
    this.#byName.set(name, opened);
    return opened.db;
  };

  /** The database that was opened last by a name. */
  opened(name: string): Kysely<any> {
    return this.#byName.get(name)!.db;
  }

  /** Makes the schema that stands for all. */
  async makeTemplate(make: (db: Kysely<any>) => Promise<void> = makeTables): Promise<void> {
    const { db, close } = await this.dialect.open();
    try {
      await db.schema.createSchema(this.template).execute();
      await make(db.withSchema(this.template));
    } finally {
      await close();
    }
  }

  /** The plugins of a place. */
  plugins(home: TenantHome): readonly Plugin[] {
    return pluginsOf(home);
  }

  /** Makes the table of projects one that stores another name than it is given. */
  async changeRowsOf(db: Kysely<any>): Promise<void> {
    const { dialect } = this.dialect;
    if (dialect === "postgres") {
      await sql`create function pg_temp.other() returns trigger language plpgsql as
        $$ begin new.name := 'another'; return new; end $$`.execute(db);
      await sql`create trigger other before insert on projects for each row
        execute function pg_temp.other()`.execute(db);
    } else if (dialect === "mysql") {
      await sql`create trigger other before insert on projects for each row
        set new.name = 'another'`.execute(db);
    } else {
      await sql`create trigger other after insert on projects begin
        update projects set name = 'another' where id = new.id; end`.execute(db);
    }
  }

  router(options: Partial<TenantRouterOptions<Database>>): TenantRouter<Database> {
    return createTenantRouter<Database>({
      strategy: "schema",
      resolve: (tenant) => this.places.get(tenant),
      record: (tenant, place) => {
        if (place === undefined) this.places.delete(tenant);
        else this.places.set(tenant, place);
      },
      open: this.open,
      plugins: pluginsOf,
      context: contextOf,
      template: this.template,
      migrate: ({ db }: TenantTarget) => makeTables(db),
      tables: ["projects", { name: "audit_logs", rows: (eb) => eb.lit(true) as never }],
      tenantColumn: "tenant_id",
      ...options,
    });
  }

  async close(): Promise<void> {
    const { db, close } = await this.dialect.open();
    try {
      for (const schema of [this.template, ...this.#schemas]) {
        if (this.dialect.dialect === "sqlite") break;
        const drop = db.schema.dropSchema(schema).ifExists();
        await (this.dialect.dialect === "postgres" ? drop.cascade() : drop).execute();
      }
    } finally {
      await close();
    }
    for (const opened of this.#opened) await opened.close();
  }
}

/** A dialect that writes down which statements read the catalog. */
function watched(dialect: Dialect, { catalogReads }: World): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: (): Driver => {
      const driver = dialect.createDriver();
      const seen = new WeakSet<object>();
      const acquire = driver.acquireConnection.bind(driver);
      driver.acquireConnection = async (...options) => {
        const connection = await acquire(...options as []);
        const execute = connection.executeQuery;
        // A connection of a pool comes again and again.
        if (!seen.has(connection)) {
          seen.add(connection);
          connection.executeQuery = function (this: unknown, ...args) {
            if (/pg_class|information_schema/.test(args[0].sql)) {
              catalogReads.push(`${args[0].sql} ${JSON.stringify(args[0].parameters)}`);
            }
            return execute.apply(connection, args);
          } as typeof execute;
        }
        return connection;
      };
      return driver;
    },
  };
}
