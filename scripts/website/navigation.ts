/**
 * The menus of the site, for VitePress and for `llms.txt`.
 *
 * @module
 */

/** An entry of a menu. */
export interface Item {
  readonly text: string;
  /** The address below the base of the site. */
  readonly link: string;
  /** Set where the address is not one of VitePress. */
  readonly target?: "_self";
}

/** A titled list of entries. */
export interface Group {
  readonly text: string;
  readonly items: readonly Item[];
}

/** The menu at the top. */
export const nav: readonly Item[] = [
  { text: "Guide", link: "/quick-start" },
  { text: "Playground", link: "/playground/", target: "_self" },
  { text: "API", link: "/api/" },
  { text: "Security", link: "/security/" },
  { text: "Errors", link: "/errors" },
];

/** The menu at the side of every page but those of the reference. */
export const guide: readonly Group[] = [
  {
    text: "Start here",
    items: [
      { text: "Quick start", link: "/quick-start" },
      { text: "A tour", link: "/guide/tour" },
      { text: "Executor and plugins", link: "/guide/executor" },
      { text: "How queries are rewritten", link: "/guide/rewriting" },
      { text: "Example application", link: "/guide/example" },
    ],
  },
  {
    text: "Plugins",
    items: [
      { text: "Soft delete", link: "/guide/soft-delete" },
      { text: "Row-level security", link: "/guide/rls" },
      { text: "Policies in PostgreSQL", link: "/guide/rls-postgres" },
      { text: "Audit log", link: "/guide/audit" },
      { text: "Timestamps", link: "/guide/timestamps" },
      { text: "Writing a plugin", link: "/guide/writing-a-plugin" },
      { text: "Plugin reference", link: "/guide/plugin-hooks" },
    ],
  },
  {
    text: "Reading and writing",
    items: [
      { text: "Repositories", link: "/guide/repository" },
      { text: "Relations", link: "/guide/relations" },
      { text: "Query functions", link: "/guide/dal" },
      { text: "Prepared queries", link: "/guide/prepared-queries" },
      { text: "Transactions", link: "/guide/transactions" },
      { text: "Batches", link: "/guide/batches" },
      { text: "Pagination", link: "/guide/pagination" },
      { text: "Validation", link: "/guide/validation" },
      { text: "Handling errors", link: "/guide/errors" },
    ],
  },
  {
    text: "In an application",
    items: [
      { text: "Databases and drivers", link: "/guide/databases" },
      { text: "Runtimes and databases", link: "/guide/runtimes" },
      { text: "Clusters", link: "/guide/clusters" },
      { text: "Web frameworks", link: "/guide/frameworks" },
      { text: "Tenants", link: "/guide/tenancy" },
      { text: "A router of tenants", link: "/guide/tenant-router" },
      { text: "Testing", link: "/guide/testing" },
      { text: "Logs, profiles and traces", link: "/guide/debugging" },
      { text: "Health, retries, shutdown", link: "/guide/operations" },
      { text: "Deployment", link: "/guide/deployment" },
      { text: "Behind PgBouncer", link: "/guide/pgbouncer" },
    ],
  },
  {
    text: "Migrations and command line",
    items: [
      { text: "Migrations", link: "/guide/migrations" },
      { text: "Schema, lint and drift", link: "/guide/schema" },
      { text: "Lint rules", link: "/guide/lint-rules" },
      { text: "Renaming a column", link: "/guide/expand-and-contract" },
      { text: "Two migrators compared", link: "/guide/migrators" },
      { text: "Command line", link: "/guide/cli" },
      { text: "Command line compared", link: "/guide/cli-compared" },
    ],
  },
  {
    text: "Trust",
    items: [
      { text: "Security model", link: "/security/" },
      { text: "Bypass corpus", link: "/security/bypass" },
      { text: "Performance", link: "/performance" },
      { text: "Comparison", link: "/comparison" },
      { text: "How it works", link: "/how-it-works" },
    ],
  },
  {
    text: "Help",
    items: [
      { text: "Errors by code", link: "/errors" },
      { text: "Coming from 0.7 or 0.8", link: "/coming-from-0.7" },
      { text: "Changelog", link: "/changelog" },
      { text: "Versions", link: "/versions" },
      { text: "For language models", link: "/llms" },
    ],
  },
];
