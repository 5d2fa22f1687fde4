import { propertyName } from "../../types/_names.ts";
import type { CodeColumn, CodeRelation } from "./_code_relation.ts";
import { columnOf } from "./_code_relation.ts";
import { callText, importText, objectText } from "./_layout.ts";
import { commentText } from "./_schema_file.ts";

/** How policies are written. */
export interface PoliciesOptions {
  /** How the file of types is imported. */
  readonly typesImport: string;
  /** The names of columns that hold a tenant, the first of which is taken that a table has. */
  readonly tenantColumns: readonly string[];
  /** Those that hold an organization, of which a caller may have several. */
  readonly organizationColumns: readonly string[];
  /** Those that hold the user who owns a row. */
  readonly ownerColumns: readonly string[];
  /** Whether tables get policies by the rows that they refer to. */
  readonly followKeys: boolean;
}

/** A file of policies, and what it is about. */
export interface PoliciesFile {
  readonly text: string;
  /** The tables that it has policies for, and by what. */
  readonly tables: readonly { readonly table: string; readonly by: readonly string[] }[];
  /** The tables and views that it has none for. */
  readonly unlisted: readonly string[];
}

/** What a table is policed by. */
interface Subject {
  readonly relation: CodeRelation;
  readonly tenant?: CodeColumn | undefined;
  readonly organization?: CodeColumn | undefined;
  readonly owner?: CodeColumn | undefined;
  /** Whether its rows are tenants, organizations or users themselves. */
  readonly is?: "tenant" | "organization" | "user" | undefined;
  /** The key by which they are that. */
  readonly key?: CodeColumn | undefined;
  /** The tables that its rows refer to, by the names of the relations. */
  readonly parents?: readonly Parent[] | undefined;
}

/** A table that rows refer to, and by what. */
interface Parent {
  readonly name: string;
  readonly table: CodeRelation;
  /** The columns of both. */
  readonly columns: readonly (readonly [own: CodeColumn, theirs: CodeColumn])[];
}

/** More relations, one within another, are refused by the plugin. */
const DEEPEST = 8;

const TENANT = "(ctx) => ctx.auth.tenantId";
const USER = "(ctx) => ctx.auth.userId";

/** Returns a file with policies for the tables whose columns say whose their rows are. */
export function policiesFile(
  relations: readonly CodeRelation[],
  options: PoliciesOptions,
): PoliciesFile {
  const subjects = subjectsOf(relations, options);
  const listed = new Set(subjects.map(({ relation }) => relation));
  const unlisted = relations.filter((relation) => !listed.has(relation));
  const tables = subjects.map(tableText);
  const body = tables.join("");
  const stamped = [
    ...new Set(
      subjects.flatMap(({ relation, tenant, owner }) =>
        relation.isView ? [] : [tenant, owner].flatMap((column) => column?.name ?? [])
      ),
    ),
  ].sort();
  const stampedText = stamped.length === 0 ? "" : `
 *
 * New rows need not be given what is stamped on them; their types say so with
 * \`kysera generate types --filled ${commentText(stamped.join(","))}\`.`;
  const names = ["allow", "check", "defineRLSSchema", "filter"].filter((name) =>
    name === "defineRLSSchema" || body.includes(`${name}(`)
  );
  const text = `${importText([...names, "type RLSSchema"], "@kysera/rls")}
import type { DB } from ${JSON.stringify(options.typesImport)};

/**
 * Who may do what with which rows: a beginning, made from the names of columns. Read each policy
 * before you rely on it, and put the schema into an executor:
 *
 * \`createExecutor(db, [rlsPlugin({ schema: policies, unlistedTables: "deny" })])\`${stampedText}
 */
export const policies: RLSSchema<DB> = defineRLSSchema<DB>({
${body}});
${unlistedText(unlisted, listed)}`;
  return {
    text,
    tables: subjects.map((subject) => ({ table: subject.relation.name, by: reasonsOf(subject) })),
    unlisted: unlisted.map(({ name }) => name),
  };
}

function subjectsOf(relations: readonly CodeRelation[], options: PoliciesOptions): Subject[] {
  const direct = relations.map((relation): Subject => ({
    relation,
    tenant: columnNamed(relation, options.tenantColumns),
    organization: columnNamed(relation, options.organizationColumns),
    owner: columnNamed(relation, options.ownerColumns),
  }));
  const listed = new Map<CodeRelation, Subject>();
  for (const subject of direct) {
    const itself = itselfOf(subject, direct);
    if (subject.tenant ?? subject.organization ?? subject.owner ?? itself.is) {
      listed.set(subject.relation, { ...subject, ...itself });
    }
  }
  for (let depth = 1; options.followKeys && depth < DEEPEST; depth++) {
    const found = relations.filter((relation) => !listed.has(relation) && relation.isWritable)
      .map((relation): Subject => ({ relation, parents: parentsOf(relation, relations, listed) }))
      .filter(({ parents }) => parents!.length > 0);
    // Those of this round refer to none of each other, so that no policy leads back.
    for (const subject of found) listed.set(subject.relation, subject);
    if (found.length === 0) break;
  }
  return relations.flatMap((relation) => listed.get(relation) ?? []);
}

/** Whether the rows of a table are what columns of other tables refer to. */
function itselfOf(
  { relation }: Subject,
  all: readonly Subject[],
): Pick<Subject, "is" | "key"> {
  for (
    const [is, column] of [
      ["tenant", "tenant"],
      ["organization", "organization"],
      ["user", "owner"],
    ] as const
  ) {
    for (const other of all) {
      const name = other[column]?.name;
      const key = other.relation.foreignKeys.find((each) =>
        each.columns.length === 1 && each.columns[0] === name &&
        each.referencedSchema === null && each.referencedTable === relation.name
      );
      const theirs = key === undefined ? undefined : columnOf(relation, key.referencedColumns[0]!);
      if (theirs !== undefined) return { is, key: theirs };
    }
  }
  return {};
}

/** The tables with policies that each row refers to. */
function parentsOf(
  relation: CodeRelation,
  relations: readonly CodeRelation[],
  listed: ReadonlyMap<CodeRelation, Subject>,
): Parent[] {
  const parents: Parent[] = [];
  for (const key of relation.foreignKeys) {
    const table = relations.find(({ name }) =>
      key.referencedSchema === null && name === key.referencedTable
    );
    if (table === undefined || !listed.has(table)) continue;
    const columns = key.columns.map((name, i) =>
      [columnOf(relation, name)!, columnOf(table, key.referencedColumns[i]!)!] as const
    );
    if (columns.some(([own, theirs]) => theirs === undefined || own.isNullable)) continue;
    const wanted = columns.length === 1
      ? columns[0]![0].property.replace(/_?id$/i, "") || table.property
      : table.property;
    let name = wanted;
    for (let n = 2; parents.some((parent) => parent.name === name); n++) name = `${wanted}${n}`;
    parents.push({ name, table, columns });
  }
  return parents;
}

/** The first column of a name of a list: `tenantId` is `tenant_id`. */
function columnNamed(
  { columns }: CodeRelation,
  names: readonly string[],
): CodeColumn | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[_\s-]/g, "");
  for (const name of names) {
    const found = columns.find((column) => column.name === name) ??
      columns.find((column) => plain(column.name) === plain(name));
    // Policies know a column by its bare name.
    if (found !== undefined && !found.name.includes(".") && found.name.trim() === found.name) {
      return found;
    }
  }
  return undefined;
}

function reasonsOf({ tenant, organization, owner, key, parents }: Subject): string[] {
  return [tenant, organization, owner, key].flatMap((column) => column?.name ?? [])
    .concat((parents ?? []).flatMap(({ columns }) => columns.map(([own]) => own.name)));
}

function tableText(subject: Subject): string {
  const { relation, parents = [] } = subject;
  const policies = relation.isView ? viewPolicies(subject) : tablePolicies(subject);
  const stamps = relation.isView ? [] : stampsOf(subject);
  const relations = parents.map(({ name, table, columns }) => {
    const pairs = columns.map(([own, theirs]) =>
      `${propertyName(own.property)}: ${JSON.stringify(theirs.property)}`
    );
    return `      ${propertyName(name)}: ${
      objectText([`table: ${JSON.stringify(table.property)}`, `columns: { ${pairs.join(", ")} }`], {
        indent: "      ",
        before: 8 + name.length,
      })
    },\n`;
  });
  return `${remarks(subject).map((line) => `  // ${line}\n`).join("")}  ${
    propertyName(relation.property)
  }: {\n${
    relations.length === 0 ? "" : `    relations: {\n${relations.join("")}    },\n`
  }    policies: [\n${policies.map((policy) => `      ${policy},\n`).join("")}    ],\n${
    stamps.length === 0 ? "" : `    stamp: ${objectText(stamps, { indent: "    ", before: 11 })},\n`
  }  },\n`;
}

function viewPolicies({ tenant, organization, owner }: Subject): string[] {
  return [
    ...tenant === undefined ? [] : [policy("filter", '"read"', tenant, "ctx.auth.tenantId")],
    ...organization === undefined
      ? []
      : [policy("filter", '"read"', organization, "ctx.auth.organizationIds")],
    ...owner === undefined || (tenant ?? organization) !== undefined
      ? []
      : [policy("filter", '"read"', owner, "ctx.auth.userId")],
  ];
}

function tablePolicies({ tenant, organization, owner, is, key, parents }: Subject): string[] {
  if (parents !== undefined) return parentPolicies(parents);
  const isShared = (tenant ?? organization) !== undefined;
  const writes = '["create", "update", "delete"]';
  const self = is === undefined ? undefined : {
    tenant: policy("allow", '"read"', key!, "ctx.auth.tenantId"),
    organization: policy("allow", '"read"', key!, "ctx.auth.organizationIds"),
    user: policy("allow", isShared ? '"update"' : '["read", "update"]', key!, "ctx.auth.userId"),
  }[is];
  const owned = owner === undefined
    ? undefined
    : policy("allow", isShared ? writes : '"all"', owner, "ctx.auth.userId");
  return [
    ...tenant === undefined ? [] : [policy("filter", '"all"', tenant, "ctx.auth.tenantId")],
    ...organization === undefined
      ? []
      : [policy("filter", '"all"', organization, "ctx.auth.organizationIds")],
    ...isShared && (owned ?? (is === "user" ? self : undefined)) !== undefined
      ? ['allow("read", true)']
      : [],
    ...self === undefined ? [] : [self],
    ...owned === undefined ? [] : [owned],
  ];
}

/** Who may change the first row that is referred to may write, if the others are there for him. */
function parentPolicies([first, ...others]: readonly Parent[]): string[] {
  const name = JSON.stringify(first!.name);
  return [
    `allow("read", check(${name}, "read"))`,
    `allow(["create", "update", "delete"], check(${name}, "update"))`,
    ...others.map((parent) => `filter("all", check(${JSON.stringify(parent.name)}, "read"))`),
  ];
}

function policy(
  kind: "allow" | "filter",
  operations: string,
  { property }: CodeColumn,
  value: string,
): string {
  const condition = `(ctx) => ({ ${propertyName(property)}: ${value} })`;
  return callText(kind, ["(", ")"], [operations, condition], { indent: "      ", before: 6 });
}

function stampsOf({ tenant, owner }: Subject): string[] {
  return [
    ...tenant === undefined ? [] : [`${propertyName(tenant.property)}: ${TENANT}`],
    ...owner === undefined ? [] : [`${propertyName(owner.property)}: ${USER}`],
  ];
}

function remarks({ tenant, organization, owner, is, parents }: Subject): string[] {
  const shared = tenant === undefined
    ? organization === undefined ? undefined : "of the caller's organizations"
    : organization === undefined
    ? "of the caller's tenant"
    : "of the caller's tenant and organizations";
  const nullable = [tenant, organization, owner].filter((column) => column?.isNullable)
    .map((column) => column!.name);
  return [
    ...is === "tenant" ? ["The tenant of the caller, who may read it."] : [],
    ...is === "organization" ? ["The organizations of the caller, who may read them."] : [],
    ...is === "user" ? [`Users change ${shared ? "" : "and read "}themselves.`] : [],
    ...shared === undefined ? [] : [`Rows ${shared}${owner ? "; who owns one may write it" : ""}.`],
    ...shared === undefined && owner !== undefined ? ["Rows that the caller owns."] : [],
    ...parents === undefined ? [] : [
      `Who may read, or change, a row of ${commentText(parents[0]!.table.name)} may do so here.`,
    ],
    ...nullable.length === 0
      ? []
      : [`Rows whose ${commentText(nullable.join(" or "))} is NULL are there for nobody.`],
  ];
}

function unlistedText(
  unlisted: readonly CodeRelation[],
  listed: ReadonlySet<CodeRelation>,
): string {
  if (unlisted.length === 0) return "";
  const lines = unlisted.map((relation) => {
    const kind = relation.isView ? " (a view)" : "";
    const key = relation.foreignKeys.find((each) =>
      [...listed].some(({ name }) =>
        each.referencedSchema === null && name === each.referencedTable
      )
    );
    const hint = key === undefined
      ? ""
      : `: ${key.columns.join(", ")} refers to ${key.referencedTable}; see --follow-keys`;
    return `// - ${commentText(`${relation.name}${kind}${hint}`)}\n`;
  });
  return `
// No column says whose the rows of these tables are. With \`unlistedTables: "deny"\`
// they are refused: give them policies, or name in \`skipTables\` those that
// everybody may read and change.
//
${lines.join("")}`;
}
