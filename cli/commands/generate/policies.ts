import { resolve } from "node:path";
import { usageError } from "../../contract/_cli_error.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { policiesFile } from "../../templates/code/_policies_file.ts";
import { CODE_OPTIONS, importOf, openCode, TYPES_OPTION } from "./_open_code.ts";
import { WRITE_OPTIONS, writtenFiles } from "./_written_files.ts";

const TENANT_COLUMNS = ["tenant_id", "account_id", "workspace_id"];
const ORGANIZATION_COLUMNS = ["organization_id", "organisation_id", "org_id"];
const OWNER_COLUMNS = ["owner_id", "user_id", "author_id", "created_by"];

/** `kysera generate policies`. */
export const command: Command = defineCommand({
  description:
    "A beginning, to be read: tables with a column of a tenant, an organization or an owner get policies\n" +
    "by it. `tenantId` is found by the name tenant_id as well. Tables without such a column are listed.\n" +
    `Tenants: ${TENANT_COLUMNS.join(", ")}.\n` +
    `Organizations: ${ORGANIZATION_COLUMNS.join(", ")}.\n` +
    `Owners: ${OWNER_COLUMNS.join(", ")}.`,
  options: {
    output: text("-o, --output <file>", "where to", { default: "./src/policies.ts" }),
    types: TYPES_OPTION,
    tenantColumn: list("--tenant-column <names>", "the columns of tenants, in place of these"),
    organizationColumn: list("--organization-column <names>", "those of organizations"),
    ownerColumn: list("--owner-column <names>", "those of the users who own rows"),
    followKeys: flag("--follow-keys", "write policies by the rows that others refer to, too"),
    ...CODE_OPTIONS,
    ...WRITE_OPTIONS,
  },
  examples: [
    ["kysera generate policies", "write a schema of row-level security"],
    [
      "kysera generate policies --tenant-column shop_id --follow-keys --dry-run",
      "show one with columns of other names",
    ],
  ],
  async run({ context, options }) {
    const { relations, typesFile } = await openCode(context, undefined, options, {
      timestamps: false,
      softDelete: false,
    });
    const types = typesFile(options.types);
    const path = resolve(context.host.cwd, options.output);
    const given = (names: readonly string[], others: readonly string[]) =>
      names.length === 0 ? others : names;
    const tenantColumns = given(options.tenantColumn, TENANT_COLUMNS);
    const organizationColumns = given(options.organizationColumn, ORGANIZATION_COLUMNS);
    const ownerColumns = given(options.ownerColumn, OWNER_COLUMNS);
    const { text, tables, unlisted } = policiesFile(relations, {
      typesImport: importOf(path, types.path),
      tenantColumns,
      organizationColumns,
      ownerColumns,
      followKeys: options.followKeys,
    });
    if (tables.length === 0) {
      throw usageError("No table has a column that says whose its rows are", {
        hint: "Name it: --tenant-column, --organization-column or --owner-column.",
      });
    }
    for (const name of unlisted) context.warn(`"${name}" gets no policies.`);
    return await writtenFiles(context, [types, { path, text }], options, { tables, unlisted });
  },
});
