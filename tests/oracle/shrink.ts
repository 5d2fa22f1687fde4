/**
 * Shrinks a query by its structure: parts that may be left out are left out, and an expression or
 * a subquery gives way to one of its own parts. What comes out may be no valid query; it is then
 * refused by the database on both sides, which is not a failure, and another candidate is tried.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Node = { [key: string]: Json };

const sorts = ["d", "e", "p", "k", "s"] as const;

/** Simpler forms of a query, the most promising first. */
export function* shrinks<T extends object>(query: T): Generator<T> {
  const seen = new Set<string>([JSON.stringify(query)]);
  // The query is plain data by construction.
  for (const candidate of shrinkValue(JSON.parse(JSON.stringify(query)))) {
    const key = JSON.stringify(candidate);
    if (seen.has(key)) continue;
    seen.add(key);
    yield candidate as T;
  }
}

function* shrinkValue(value: Json): Generator<Json> {
  if (Array.isArray(value)) yield* shrinkArray(value);
  else if (typeof value === "object" && value !== null) yield* shrinkNode(value);
  else if (value === true) yield false;
}

function* shrinkArray(value: Json[]): Generator<Json> {
  if (value.length > 1) yield [];
  for (let i = 0; i < value.length; i++) yield value.toSpliced(i, 1);
  for (let i = 0; i < value.length; i++) {
    for (const smaller of shrinkValue(value[i]!)) yield value.with(i, smaller);
  }
}

function* shrinkNode(node: Node): Generator<Json> {
  for (const sort of sorts) {
    if (sort in node) yield* parts(node, sort);
  }
  if (node["handle"] !== undefined && node["handle"] !== "plain") {
    yield { ...node, handle: "plain" };
  }
  if (node["via"] === "handle") yield { ...node, via: "callback" };
  if (node["s"] === "table" && node["style"] !== "plain") yield { ...node, style: "plain" };
  if (node["kind"] !== undefined && node["kind"] !== "inner") yield { ...node, kind: "inner" };
  if (node["e"] !== undefined && node["e"] !== "col" && node["e"] !== "lit") {
    yield { e: "lit", value: 1, type: "int", inline: true };
    yield { e: "lit", value: null, type: "int", inline: false };
  }
  for (const key of optional) {
    if (node[key] !== undefined) {
      const { [key]: _, ...rest } = node;
      yield rest;
    }
  }
  for (const [key, child] of Object.entries(node)) {
    for (const smaller of shrinkValue(child)) yield { ...node, [key]: smaller };
  }
}

const optional = [
  "limit",
  "offset",
  "limitBy",
  "returningAll",
  "qualified",
  "fetch",
  "lock",
  "alias",
  "materialized",
  "columns",
  "filter",
  "of",
];

/** The nearest nodes of the same sort inside a node. */
function* parts(node: Node, sort: string): Generator<Json> {
  for (const child of Object.values(node)) yield* nearest(child, sort);
}

function* nearest(value: Json, sort: string): Generator<Json> {
  if (Array.isArray(value)) { for (const child of value) yield* nearest(child, sort); }
  else if (typeof value === "object" && value !== null) {
    if (sort in value) yield value;
    else yield* parts(value, sort);
  }
}
