import { detectDialect } from "@kysera/core";
import {
  type Kysely,
  type OperationNode,
  type QueryId,
  SelectionNode,
  type SelectQueryNode,
  TableNode,
} from "kysely";
import { beneath, instanceOf } from "../instance/_graft.ts";
import { readRelations } from "../instance/_read_relations.ts";
import type { Relation } from "../contract/relation.ts";
import { parseTableName, type TableId } from "../contract/table_scope.ts";
import { TRAITS } from "../dialect/mod.ts";

/** What was read of tables through instances without plugins, by the adapter of the database. */
const READ: WeakMap<object, Map<string, Relation>> = new WeakMap();

/** Returns what the catalog says of the one table that a name finds. */
export async function relationOf(
  executor: Kysely<any>,
  table: string,
): Promise<Relation | undefined> {
  const plain = withoutExecutor(executor);
  const id = physicalNames(executor, parseTableName(table));
  const traits = TRAITS[detectDialect(executor)];
  const state = instanceOf(executor)?.state;
  if (state !== undefined) {
    const { relations, set } = state;
    const found = only(await relations.of([id], plain), id, traits);
    // What is known from now on is not looked up for the hooks again.
    if (found !== undefined) await relations.learn([id], set.discoverers, plain);
    return found;
  }
  const { adapter } = plain.getExecutor();
  let read = READ.get(adapter);
  if (read === undefined) READ.set(adapter, read = new Map());
  const key = keyOf(id);
  let found = read.get(key);
  if (found === undefined) {
    found = only(await readRelations(plain, traits, [id]), id, traits);
    if (found !== undefined && read.size < MOST_READ) read.set(key, found);
  }
  return found;
}

/** Returns what the catalog says of a table now, whatever was read of it before. */
export async function currentRelationOf(
  executor: Kysely<any>,
  table: string,
): Promise<Relation | undefined> {
  const id = physicalNames(executor, parseTableName(table));
  const traits = TRAITS[detectDialect(executor)];
  return only(await readRelations(withoutExecutor(executor), traits, [id]), id, traits);
}

const MOST_READ = 1_000;

/** Returns what was read of a table already. */
export function knownRelationOf(executor: Kysely<any>, table: string): Relation | undefined {
  const id = physicalNames(executor, parseTableName(table));
  const state = instanceOf(executor)?.state;
  if (state !== undefined) {
    return only(state.relations.known(id), id, TRAITS[detectDialect(executor)]);
  }
  const { adapter } = withoutExecutor(executor).getExecutor();
  return READ.get(adapter)?.get(keyOf(id));
}

function keyOf({ name, schema }: TableId): string {
  return `${schema ?? ""}\0${name}`;
}

function only(
  relations: readonly Relation[],
  { schema }: TableId,
  { identifiers: { foldCase } }: (typeof TRAITS)[keyof typeof TRAITS],
): Relation | undefined {
  const found = schema === undefined
    ? relations.filter(({ isVisible }) => isVisible)
    : relations.filter((each) =>
      each.schema !== undefined && foldCase(each.schema) === foldCase(schema)
    );
  return found.length === 1 ? found[0] : undefined;
}

/** Returns a name after the Kysely plugins of an instance, those of `withSchema` included. */
export function physicalNames(executor: Kysely<any>, { name, schema }: TableId): TableId {
  const inner = withoutExecutor(executor).getExecutor();
  if (inner.plugins.length === 0) return { name, schema };
  const node: SelectQueryNode = {
    kind: "SelectQueryNode",
    from: {
      kind: "FromNode",
      froms: [
        schema === undefined ? TableNode.create(name) : TableNode.createWithSchema(schema, name),
      ],
    },
    selections: [SelectionNode.createSelectAll()],
  };
  const changed = inner.transformQuery(node, NO_QUERY);
  const [from] = (changed as SelectQueryNode).from?.froms ?? [];
  if (from?.kind !== "TableNode") return { name, schema };
  const { table } = from as OperationNode as TableNode;
  return { name: table.identifier.name, schema: table.schema?.name };
}

const NO_QUERY: QueryId = { queryId: "" };

function withoutExecutor(executor: Kysely<any>): Kysely<any> {
  return instanceOf(executor) === undefined ? executor : beneath(executor);
}
