import { RLSSchemaError } from "../contract/errors.ts";
import type { Policy, PolicyCommand, PolicyCondition, TableRLSConfig } from "../contract/policy.ts";
import { RelationCondition } from "../contract/relation.ts";
import { COMMANDS, commandsOf } from "./_make_policy.ts";
import { MAX_DEPTH, type Relations } from "./_relation_sql.ts";

/** The policies of a table, before they are compiled. */
export interface TablePolicies {
  readonly table: string;
  readonly policies: readonly Policy<any>[];
}

/** Rows that are looked at. */
export interface Looked {
  readonly table: string;
  readonly command: PolicyCommand;
}

/** Rows that a policy looks at, to decide about those of its table. */
interface Edge extends Looked {
  readonly policy: string;
  readonly relation: string;
}

/**
 * Checks that no policy comes to look at its own table again, however many relations lie between, and
 * that the relations that are followed one within another are not too many. What functions follow is
 * seen when they are asked.
 *
 * @param isSame whether what is looked at is there already; by default the rows of a table for a
 * command
 * @throws {RLSSchemaError} where one does, by the names of the policies
 */
export function checkRelations(
  tables: readonly TablePolicies[],
  relations: Relations,
  isSame: (a: Looked, b: Looked) => boolean = (a, b) =>
    a.table === b.table && a.command === b.command,
): void {
  const byName = new Map(tables.map((each) => [each.table, each]));
  const known = new Map<string, number>();
  const walk = (path: readonly [Looked, ...Edge[]]): number => {
    const { table, command } = path.at(-1)!;
    const start = path.findIndex((looked, i) =>
      i < path.length - 1 && isSame(looked, path.at(-1)!)
    );
    if (start >= 0) throw circle(path, start);
    const key = `${table}\0${command}`;
    const before = known.get(key);
    // What was walked holds no circle, unless it comes back to where this began.
    if (before !== undefined && path.length === 1) return before;
    let deepest = 0;
    for (const edge of edgesOf(byName.get(table), command, relations)) {
      if (path.length > MAX_DEPTH) throw tooDeep(path);
      deepest = Math.max(deepest, 1 + walk([...path, edge]));
    }
    known.set(key, deepest);
    return deepest;
  };
  for (const { table } of tables) {
    for (const command of COMMANDS) walk([{ table, command }]);
  }
}

function tooDeep([{ table }]: readonly [Looked, ...Edge[]]): RLSSchemaError {
  return new RLSSchemaError(
    `${table}.policies`,
    `they follow more than ${MAX_DEPTH} relations, one within another; ${WAY_OUT}`,
  );
}

function circle(path: readonly [Looked, ...Edge[]], start: number): RLSSchemaError {
  const [{ table: first }, ...edges] = path;
  const from = path[start]!.table;
  let table = from;
  const steps = edges.slice(start).map(({ policy, relation, table: next }) => {
    const step = `policy "${policy}" of "${table}" looks at "${next}" (relation "${relation}")`;
    table = next;
    return step;
  });
  return new RLSSchemaError(
    `${first}.policies`,
    `they look at "${from}" again and again: ${steps.join(", ")}; ${WAY_OUT}`,
  );
}

const WAY_OUT = "let one of the policies compare columns with values of the context, such as " +
  "(ctx) => ({ project_id: ctx.auth.attributes.projectIds })";

function edgesOf(
  table: TablePolicies | undefined,
  command: PolicyCommand,
  relations: Relations,
): Edge[] {
  if (table === undefined) return [];
  return table.policies.flatMap((policy) => {
    if (!commandsOf(policy).has(command)) return [];
    const { condition, check, name = `${policy.type}(${policy.operation.join(", ")})` } = policy;
    return conditionsFor(command, condition, check).flatMap((each) =>
      edgesIn(each, table.table, name, relations)
    );
  });
}

/** The conditions that are asked: of rows that are there, of new ones, or of both. */
function conditionsFor(
  command: PolicyCommand,
  condition: PolicyCondition<any>,
  check: PolicyCondition<any> = condition,
): PolicyCondition<any>[] {
  if (command === "create") return [check];
  return command === "update" && check !== condition ? [condition, check] : [condition];
}

function edgesIn(
  condition: PolicyCondition<any> | undefined,
  from: string,
  policy: string,
  relations: Relations,
): Edge[] {
  if (!(condition instanceof RelationCondition)) return [];
  const { relation, operation } = condition;
  const found = relations.relationOf(from, relation);
  // Foreign keys may make it, and are not read yet.
  if (found === undefined) return [];
  const { table } = found;
  if (operation !== undefined && !relations.hasPolicies(table)) {
    throw new RLSSchemaError(
      `${from}.policies`,
      `policy "${policy}" leaves "${relation}" to the policies of table "${table}", which has none ` +
        `in the schema; add them, or use related("${relation}", ..)`,
    );
  }
  const commands: PolicyCommand[] = operation === undefined || operation === "read"
    ? ["read"]
    : ["read", operation];
  return [
    ...commands.map((command): Edge => ({ policy, relation, table, command })),
    ...edgesIn(condition.condition, table, policy, relations),
  ];
}

/** A relation that a policy follows, and that is not known. */
interface UnknownRelation {
  readonly table: string;
  readonly relation: string;
}

/** Returns the relations that policies follow, as far as functions are not asked, and that are not known. */
export function unknownRelations(
  tables: readonly TablePolicies[],
  relations: Relations,
): UnknownRelation[] {
  const unknownIn = (
    condition: PolicyCondition<any> | undefined,
    table: string,
  ): UnknownRelation[] => {
    if (!(condition instanceof RelationCondition)) return [];
    const { relation } = condition;
    const found = relations.relationOf(table, relation);
    return found === undefined
      ? [{ table, relation }]
      : unknownIn(condition.condition, found.table);
  };
  return tables.flatMap(({ table, policies }) =>
    policies.flatMap(({ condition, check }) =>
      [condition, check].flatMap((each) => unknownIn(each, table))
    )
  );
}

/** The error of a relation that is not known. */
export function unknownRelation(
  table: string,
  relation: string,
  config: TableRLSConfig<any> | undefined,
  wayOut: string,
): RLSSchemaError {
  if (config === undefined) {
    return new RLSSchemaError(
      table,
      `a policy follows its relation "${relation}", and the schema does not have the table; add it`,
    );
  }
  const names = Object.keys(config.relations ?? {}).map((name) => `"${name}"`);
  const known = names.length === 0 ? "it has none" : `there are ${names.join(", ")}`;
  return new RLSSchemaError(
    `${table}.relations`,
    `there is no relation "${relation}" (${known}); declare it, ` +
      `{ ${relation}: { table: "..", columns: { ..: ".." } } }, or ${wayOut}`,
  );
}

/** A name of a column of a table, and where it stands in the schema. */
export interface RelatedName {
  readonly where: string;
  readonly table: string;
  readonly column: string;
}

/** Returns the columns that conditions on related rows name, as far as functions are not asked. */
export function relatedColumns(
  tables: readonly TablePolicies[],
  relations: Relations,
): RelatedName[] {
  const namesIn = (
    condition: PolicyCondition<any> | undefined,
    table: string,
    where: string,
  ): RelatedName[] => {
    if (!(condition instanceof RelationCondition)) return [];
    const found = relations.relationOf(table, condition.relation);
    if (found === undefined) return [];
    const inner = condition.condition;
    return typeof inner === "object" && !(inner instanceof RelationCondition)
      ? Object.keys(inner).map((column) => ({ where, table: found.table, column }))
      : namesIn(inner, found.table, where);
  };
  return tables.flatMap(({ table, policies }) =>
    policies.flatMap(({ condition, check, name, type }) =>
      [condition, check].flatMap((each) =>
        namesIn(each, table, `${table}.policies "${name ?? type}"`)
      )
    )
  );
}
