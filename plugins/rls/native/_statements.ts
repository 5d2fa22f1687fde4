import { COMMANDS } from "../policy/_make_policy.ts";
import { RLSSchemaError } from "../contract/errors.ts";
import type { PolicyCommand, PolicyCondition, StampValue } from "../contract/policy.ts";
import { isGrantingFilter } from "../policy/_grants.ts";
import type { CompiledPolicy, CompiledTable } from "../policy/policy_registry.ts";
import { identifier, literal } from "./_compile.ts";
import { conditionSql, type Place } from "./_condition.ts";
import { grantStatements } from "./_grants.ts";
import { skipCall, valueCall } from "./_functions.ts";
import { recordedOf, recordingContext } from "./_record.ts";
import type { NativeSettings } from "./_settings.ts";

const VERBS: Readonly<Record<PolicyCommand, string>> = {
  read: "select",
  create: "insert",
  update: "update",
  delete: "delete",
};

/** A table in the database. */
export interface NativeTable {
  readonly schema: string;
  readonly name: string;
  /** Both, in quotes. */
  readonly sql: string;
}

/** The table that a schema of policies names. */
export function nativeTable(table: string, { schemaName }: NativeSettings): NativeTable {
  const dot = table.indexOf(".");
  const schema = dot < 0 ? schemaName : table.slice(0, dot);
  const name = table.slice(dot + 1);
  return { schema, name, sql: identifier(schema, name) };
}

/** Everything that enforces the policies of a table. */
export function tableStatements(table: CompiledTable, settings: NativeSettings): string[] {
  const native = nativeTable(table.table, settings);
  const skipped = [...new Set([...settings.bypassRoles, ...table.skipFor])];
  const writer = new PolicyWriter(native, skipped, settings);
  const statements = COMMANDS.flatMap((command) => commandPolicies(table, command, writer));
  return [
    `alter table ${native.sql} enable row level security`,
    `alter table ${native.sql} ${settings.force ? "force" : "no force"} row level security`,
    dropPolicies(native, settings),
    ...(skipped.length === 0 ? [] : [writer.skip()]),
    ...statements,
    ...Object.entries(table.stamp).map(([column, value]) => writer.stamp(column, value)),
    ...grantStatements(table, native, settings),
  ];
}

/** Everything that undoes it. */
export function dropTableStatements(table: CompiledTable, settings: NativeSettings): string[] {
  const native = nativeTable(table.table, settings);
  return [
    dropPolicies(native, settings),
    `alter table if exists ${native.sql} no force row level security`,
    `alter table if exists ${native.sql} disable row level security`,
    ...Object.keys(table.stamp).map((column) =>
      `alter table if exists ${native.sql} alter column ${identifier(column)} drop default`
    ),
  ];
}

/** Drops every policy of ours, those of an earlier schema included; it may be run again. */
function dropPolicies({ schema, name }: NativeTable, { policyPrefix }: NativeSettings): string {
  const pattern = `${policyPrefix}_`.replaceAll("_", "\\_") + "%";
  const body = `declare policy record; begin
  for policy in select policyname from pg_catalog.pg_policies where schemaname = ${
    literal(schema, "schema")
  } and tablename = ${literal(name, "table")} and policyname like ${literal(pattern, "prefix")} loop
    execute format('drop policy %I on %I.%I', policy.policyname, ${literal(schema, "schema")}, ${
    literal(name, "table")
  });
  end loop;
end`;
  return `do ${literal(body, "do")}`;
}

/** The policies of one command: permissive ones are joined by OR, restrictive ones by AND. */
function commandPolicies(
  table: CompiledTable,
  command: PolicyCommand,
  writer: PolicyWriter,
): string[] {
  const about = table.policies.filter(({ commands }) => commands.has(command));
  const allows = about.some(({ type }) => type === "allow");
  const filters = about.some(isGrantingFilter);
  const out = about.map((policy) => writer.policy(policy, command));
  // Where nothing allows, filters do; and where nothing is said, the schema says what holds.
  if (!allows && (filters || !table.defaultDeny)) {
    out.unshift(writer.statement(`grant`, "permissive", command, "true", "true"));
  }
  return command === "update" || command === "delete"
    ? [...out, ...visiblePolicies(table, command, writer)]
    : out;
}

/**
 * What may be read, as policies of UPDATE and DELETE: PostgreSQL asks the policies of SELECT only
 * where a statement reads a column, and an UPDATE without WHERE and RETURNING reads none.
 */
function visiblePolicies(
  table: CompiledTable,
  command: "update" | "delete",
  writer: PolicyWriter,
): string[] {
  // What nobody may do needs no second policy.
  if (writer.grantOf(table, command, "using") === "false") return [];
  const about = table.policies.filter(({ commands, using }) =>
    commands.has("read") && using !== undefined
  );
  const out: string[] = [];
  for (const policy of about.filter(({ permissive }) => !permissive)) {
    const read = writer.usingOf(policy, "read");
    const isAsked = policy.commands.has(command) && read === writer.usingOf(policy, command) &&
      (command === "delete" || read === writer.checkOf(policy, command));
    if (!isAsked) {
      out.push(writer.statement(`${policy.name}_read`, "restrictive", command, read, read));
    }
  }
  const reads = writer.grantOf(table, "read", "using");
  const isAsked = reads === "true" || reads === writer.grantOf(table, command, "using") &&
      (command === "delete" || reads === writer.grantOf(table, command, "check"));
  if (!isAsked) out.push(writer.statement("visible", "restrictive", command, reads, reads));
  return out;
}

/** Writes the policies of a table. */
class PolicyWriter {
  readonly #table: NativeTable;
  readonly #skipped: readonly string[];
  readonly #settings: NativeSettings;
  readonly #names = new Set<string>();

  constructor(table: NativeTable, skipped: readonly string[], settings: NativeSettings) {
    this.#table = table;
    this.#skipped = skipped;
    this.#settings = settings;
  }

  /** Whom no policy is for. */
  skip(): string {
    const skips = `(select ${skipCall(this.#skipped, this.#settings)})`;
    return `create policy ${this.#name("skip")} on ${this.#table.sql} as permissive for all` +
      `${this.#to()} using (${skips}) with check (${skips})`;
  }

  policy(policy: CompiledPolicy, command: PolicyCommand): string {
    return this.statement(
      policy.name,
      policy.permissive ? "permissive" : "restrictive",
      command,
      this.usingOf(policy, command),
      command === "create" || command === "update" ? this.checkOf(policy, command) : "true",
    );
  }

  /** Returns which rows a policy lets a command see. */
  usingOf(policy: CompiledPolicy, command: PolicyCommand): string {
    return policy.using === undefined ? "true" : this.#sql(policy, policy.using, command);
  }

  /** Returns which new rows a policy lets a command write. */
  checkOf(policy: CompiledPolicy, command: PolicyCommand): string {
    return this.#sql(policy, policy.check, command);
  }

  /** Returns what the permissive policies of a command allow together. */
  grantOf(table: CompiledTable, command: PolicyCommand, side: "using" | "check"): string {
    const about = table.policies.filter(({ commands }) => commands.has(command));
    const allows = about.filter(({ permissive }) => permissive);
    if (allows.length === 0) {
      return String(about.some(isGrantingFilter) || !table.defaultDeny);
    }
    const all = allows.map((policy) =>
      side === "using" ? this.usingOf(policy, command) : this.checkOf(policy, command)
    );
    if (all.includes("true")) return "true";
    const some = [...new Set(all)].filter((sql) => sql !== "false");
    return some.length === 0 ? "false" : some.join(" or ");
  }

  #sql(policy: CompiledPolicy, condition: PolicyCondition<any>, command: PolicyCommand): string {
    const written = conditionSql(condition, this.#place(policy, command));
    // Of a row of which it is not known, NOT is not known either: it is denied.
    return policy.type === "deny" ? `not (${written})` : written;
  }

  statement(
    name: string,
    kind: "permissive" | "restrictive",
    command: PolicyCommand,
    using: string,
    check: string,
  ): string {
    const parts = [
      `create policy ${this.#name(`${name}_${command}`)} on ${this.#table.sql}`,
      ` as ${kind} for ${VERBS[command]}${this.#to()}`,
    ];
    const clause = (sql: string): string =>
      kind === "restrictive" && this.#skipped.length > 0
        ? `(select ${skipCall(this.#skipped, this.#settings)}) or (${sql})`
        : sql;
    if (command !== "create") parts.push(` using (${clause(using)})`);
    if (command === "create" || command === "update") parts.push(` with check (${clause(check)})`);
    return parts.join("");
  }

  /** A default that puts the caller's value into new rows; a policy of its own lets no other in. */
  stamp(column: string, value: StampValue): string {
    return `alter table ${this.#table.sql} alter column ${identifier(column)} set default ` +
      this.#stampSql(column, value);
  }

  #stampSql(column: string, value: StampValue): string {
    const path = `${this.#table.name}.stamp.${column}`;
    if (typeof value !== "function") return literal(value, path);
    const { context } = recordingContext(
      { table: this.#table.name, operation: "create" },
      new Set(),
      () => {
        throw new RLSSchemaError(path, "a default of PostgreSQL cannot decide");
      },
    );
    const recorded = recordedOf(value(context));
    if (recorded === undefined) {
      throw new RLSSchemaError(
        path,
        "it cannot be written as a default of PostgreSQL: answer with a value of the context, such as " +
          "(ctx) => ctx.auth.tenantId",
      );
    }
    // A default may have no subquery.
    const sample = `(null::${this.#table.sql}).${identifier(column)}`;
    return valueCall(recorded.path, sample, this.#settings);
  }

  #place({ table, name }: CompiledPolicy, operation: PolicyCommand): Place {
    return {
      key: table,
      schema: this.#table.schema,
      table: this.#table.name,
      operation,
      path: `${table}, policy "${name}"`,
      settings: this.#settings,
    };
  }

  #to(): string {
    const { roles } = this.#settings;
    return roles.length === 0 ? "" : ` to ${roles.map((role) => identifier(role)).join(", ")}`;
  }

  /** A name that PostgreSQL does not cut off, none twice. */
  #name(name: string): string {
    const whole = `${this.#settings.policyPrefix}_${name}`;
    const bytes = new TextEncoder().encode(whole).length;
    let out = bytes <= 63 ? whole : `${cut(whole)}_${this.#names.size}`;
    while (this.#names.has(out)) out += "_";
    this.#names.add(out);
    return identifier(out);
  }
}

/** The beginning of a name: no character of it is more than four bytes. */
function cut(name: string): string {
  let out = "";
  let bytes = 0;
  for (const character of name) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > 56) break;
    out += character;
  }
  return out;
}
