import type { Table } from "../_table.ts";
import type { RelationGraph } from "./_graph.ts";
import {
  BY_KEY,
  COMPUTING,
  CONDITIONAL,
  COUNTING,
  FINDING,
  type Method,
  UPSERTING,
} from "./_method_names.ts";

/**
 * Returns the methods of a repository that follow relations. What they do is loaded when one of them is
 * first called.
 *
 * @param methods those that do not
 */
export function relatedMethods(
  table: Table,
  graph: RelationGraph,
  methods: Readonly<Record<string, Method>>,
): Record<string, Method> {
  let made: Promise<Record<string, Method>> | undefined;
  const load = (): Promise<Record<string, Method>> =>
    made ??= import("./_methods.ts").then(
      ({ relatedMethods }) => relatedMethods(table, graph, methods),
    );
  const names = [...FINDING, ...COUNTING, ...COMPUTING, ...UPSERTING, ...CONDITIONAL, ...BY_KEY];
  const out: Record<string, Method> = {};
  for (const name of [...names, "load"]) {
    out[name] = async (...parameters) => await (await load())[name]!(...parameters);
  }
  out["iterate"] = async function* (...parameters): AsyncGenerator<unknown> {
    yield* (await load())["iterate"]!(...parameters);
  };
  return out;
}
