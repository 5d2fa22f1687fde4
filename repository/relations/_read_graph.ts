import { assertKnownOptions, BadRequestError, didYouMean, isPlainObject } from "@kysera/core";
import { assertColumn } from "../_columns.ts";
import type { Codec } from "../types.ts";
import type { Relations } from "./define_relations.ts";
import { RelationGraph } from "./_graph.ts";
import type { RelationConfig } from "./types.ts";

const GRAPHS: WeakMap<object, RelationGraph> = new WeakMap();

/** Returns the graph of relations that {@linkcode defineRelations} made, in this copy or another. */
export function graphOf(relations: Relations<any, any, any>): RelationGraph {
  const known = GRAPHS.get(relations);
  if (known !== undefined) return known;
  const { relations: declared, codecs } = Object(relations) as Partial<Relations<any, any>>;
  if (!isPlainObject(declared)) {
    throw new BadRequestError(
      "Cannot use relations: they are not what defineRelations() returns; pass that",
    );
  }
  const graph = readGraph(declared, codecs ?? {});
  GRAPHS.set(relations, graph);
  return graph;
}

/** Keeps the graph of relations. */
export function keepGraph(relations: Relations<any, any, any>, graph: RelationGraph): void {
  GRAPHS.set(relations, graph);
}

const TYPES = ["belongsTo", "hasOne", "hasMany", "manyToMany"];
/** What a condition and an include have for other things. */
const TAKEN: ReadonlySet<string> = new Set(["_count", "and", "or", "not"]);

/**
 * Returns the graph of relations that are declared.
 *
 * @throws {BadRequestError} for what is not a relation
 */
export function readGraph(relations: unknown, codecs: object): RelationGraph {
  if (!isPlainObject(relations)) throw wrong("pass an object of tables");
  if (!isPlainObject(codecs)) throw wrong("codecs are an object of tables");
  return new RelationGraph(
    new Map(
      Object.entries(relations).map(([table, named]) => {
        if (!isPlainObject(named)) {
          throw wrong(`the relations of "${table}" are an object of their names`);
        }
        return [
          table,
          new Map(
            Object.entries(named).map((
              [name, config],
            ) => [name, readRelation(table, name, config)]),
          ),
        ];
      }),
    ),
    new Map(
      Object.entries(codecs).map(([table, each]) => [
        table,
        new Map(Object.entries(each as Record<string, Codec>)),
      ]),
    ),
  );
}

function readRelation(table: string, name: string, config: unknown): RelationConfig {
  const what = `"${table}.${name}"`;
  assertColumn(name, `define the relation ${what}`);
  if (TAKEN.has(name) || name.startsWith("$")) {
    throw wrong(`${what} has a name that means something else; give it another one`);
  }
  if (!isPlainObject(config)) {
    throw wrong(
      `${what} is not a relation; write { type: "hasMany", table: "posts", columns: .. }`,
    );
  }
  assertKnownOptions(config, ["type", "table", "columns", "through"], {
    action: "define relations",
    subject: what,
  });
  const { type, table: other, columns, through } = config as unknown as RelationConfig;
  if (typeof type !== "string" || !TYPES.includes(type)) {
    throw wrong(
      `${what} has the type "${String(type)}"; there are ${
        TYPES.map((each) => `"${each}"`).join(", ")
      }${typeof type === "string" ? didYouMean(type, TYPES) : ""}`,
    );
  }
  assertTable(other, what);
  if (type === "manyToMany") {
    if (columns !== undefined) {
      throw wrong(`${what} is of the type "manyToMany"; its columns are said in "through"`);
    }
    if (!isPlainObject(through)) {
      throw wrong(`${what} lacks the table between; write through: { table: ".." }`);
    }
    assertKnownOptions(through, ["table", "from", "to"], {
      action: "define relations",
      subject: `"through" of ${what}`,
    });
    assertTable(through.table, what);
    if (through.table === other) throw wrong(`${what} goes through the table that it leads to`);
    assertPairs(through.from, what);
    assertPairs(through.to, what);
  } else if (through !== undefined) {
    throw wrong(`${what} has a table between; that is of the type "manyToMany"`);
  }
  assertPairs(columns, what);
  return config as unknown as RelationConfig;
}

function assertTable(table: unknown, what: string): void {
  if (typeof table === "string" && table !== "") return;
  throw wrong(`${what} names no table`);
}

function assertPairs(pairs: unknown, what: string): void {
  if (pairs === undefined) return;
  if (!isPlainObject(pairs) || Object.keys(pairs).length === 0) {
    throw wrong(`${what} has columns that are not an object of them; write { author_id: "id" }`);
  }
  for (const [own, theirs] of Object.entries(pairs)) {
    assertColumn(own, `define the relation ${what}`);
    assertColumn(theirs, `define the relation ${what}`);
  }
}

function wrong(problem: string): BadRequestError {
  return new BadRequestError(`Cannot define relations: ${problem}`);
}
