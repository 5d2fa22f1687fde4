import fc from "fast-check";
import { Draw } from "../draw.ts";
import type { Action, Call, Caller, Change, Input, Options, Order, Where } from "./calls.ts";
import type { Sequence } from "./calls.ts";
import { codes, names, type Table, tables } from "./tables.ts";

/** What a dialect cannot do. */
export interface Limits {
  readonly streams: boolean;
}

/** Random sequences of calls; they shrink by leaving things out. */
export function sequences(limits: Limits): fc.Arbitrary<Sequence> {
  return new SequenceArbitrary(limits);
}

class SequenceArbitrary extends fc.Arbitrary<Sequence> {
  readonly #limits: Limits;

  constructor(limits: Limits) {
    super();
    this.#limits = limits;
  }

  generate(random: fc.Random): fc.Value<Sequence> {
    const draw = new Draw(random);
    const make = new Calls(draw, this.#limits);
    const calls = Array.from({ length: draw.int(4, 14) }, () => make.call(2));
    return new fc.Value({ calls }, undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Sequence {
    return typeof value === "object" && value !== null && "calls" in value;
  }

  shrink(value: Sequence): fc.Stream<fc.Value<Sequence>> {
    return fc.stream(smaller(value)).map((each) => new fc.Value(each, undefined));
  }
}

class Calls {
  readonly #draw: Draw;
  readonly #limits: Limits;

  constructor(draw: Draw, limits: Limits) {
    this.#draw = draw;
    this.#limits = limits;
  }

  call(depth: number): Call {
    const draw = this.#draw;
    const table = draw.pick(tables);
    const as: Caller = draw.percent(70) ? 0 : 1;
    if (depth > 0 && draw.percent(12)) {
      const calls = Array.from({ length: draw.int(1, 4) }, () => this.call(depth - 1));
      const via = draw.pick(["repository", "dal"] as const);
      return { table: table.name, as, via, fails: draw.percent(35), calls };
    }
    return { table: table.name, as, action: this.#action(table) };
  }

  #action(table: Table): Action {
    const draw = this.#draw;
    const k = () => draw.int(1, 12);
    const ks = () => Array.from({ length: draw.int(0, 5) }, k);
    const where = () => this.#where(table, 2);
    const reads: readonly (readonly [number, () => Action])[] = [
      [2, () => ({ call: draw.pick(["findById", "getById", "findWithDeleted"]), k: k() })],
      [3, () => ({ call: draw.pick(["findByIds", "keyIn", "loader"]), ks: ks() })],
      [5, () => ({ call: "find", options: this.#options(table) })],
      [2, () => ({ call: "findAndCount", options: this.#options(table) })],
      [2, () => ({
        call: draw.pick(["findOne", "findOneOrThrow"]),
        options: { ...this.#selected(table), where: where(), orderBy: this.#total(table) },
      })],
      [1, () => {
        const { where: _, ...options } = this.#options(table);
        return { call: "findAll", options };
      }],
      [1, () => ({ call: draw.pick(["findEvery", "findAllWithDeleted", "findDeleted"]) })],
      [4, () => ({ call: draw.pick(["one", "maybe", "count", "exists"]), where: where() })],
      [2, () => ({
        call: "paginate",
        options: { where: where(), ...draw.percent(70) ? { orderBy: this.#order(table) } : {} },
        page: draw.int(1, 3),
        size: draw.int(1, 4),
        total: draw.pick(["exact", "none"]),
      })],
      [3, () => ({
        call: "cursor",
        options: {
          ...draw.percent(50) ? { where: where() } : {},
          ...draw.percent(80) ? { orderBy: this.#order(table) } : {},
        },
        size: draw.int(1, 3),
        moves: Array.from({ length: draw.int(0, 6) }, () => draw.percent(65) ? "next" : "prev"),
      })],
      ...(this.#limits.streams
        ? [[2, () => ({
          call: "iterate",
          options: { where: where(), orderBy: this.#total(table) },
          take: draw.percent(40) ? draw.int(1, 3) : null,
        })]] as [number, () => Action][]
        : []),
    ];
    const writes: readonly (readonly [number, () => Action])[] = [
      [3, () => ({ call: "create", input: this.#input(table, true) })],
      [2, () => ({
        call: "bulkCreate",
        inputs: Array.from({ length: draw.int(0, 4) }, () => this.#input(table, true)),
      })],
      [3, () => ({ call: "update", change: this.#change(table) })],
      [2, () => ({
        call: "bulkUpdate",
        changes: Array.from({ length: draw.int(0, 3) }, () => this.#change(table)),
      })],
      [2, () => ({ call: "updateWhere", where: where(), data: this.#input(table, false) })],
      [1, () => ({ call: "deleteWhere", where: where() })],
      [4, () => ({
        call: draw.pick(["delete", "softDelete", "restore", "hardDelete"]),
        k: k(),
      })],
      [3, () => ({
        call: draw.pick(["bulkDelete", "softDeleteMany", "restoreMany", "hardDeleteMany"]),
        ks: ks(),
      })],
      [3, () => this.#upsert(table)],
      [2, () => this.#upsertMany(table)],
    ];
    return draw.weighted<Action>(draw.percent(55) ? reads : writes);
  }

  #upsert(table: Table): Action {
    const draw = this.#draw;
    const by = table.hasCode && draw.percent(60) ? "code" : "key";
    const { k: _, ...input } = this.#input(table, true);
    const whole: Input = by === "code"
      ? { ...input, code: draw.pick(codes) }
      : { ...input, k: draw.int(1, 13) };
    const columns = Object.keys(whole).filter((column) =>
      column !== "k" && !(by === "code" && column === "code")
    );
    return {
      call: "upsert",
      input: whole,
      by,
      set: draw.percent(30) ? draw.some(columns, draw.int(0, 2)) : null,
    };
  }

  #upsertMany(table: Table): Action {
    const draw = this.#draw;
    const by = table.hasCode && draw.percent(60) ? "code" : "key";
    const inputs = Array.from({ length: draw.int(0, 4) }, (): Input => {
      const { k: _, ...input } = this.#input(table, true);
      return by === "code"
        ? { ...input, code: draw.pick(codes) }
        : { ...input, k: draw.int(1, 13) };
    });
    return { call: "upsertMany", inputs, by };
  }

  #change(table: Table): Change {
    const draw = this.#draw;
    return {
      k: draw.int(1, 12),
      data: draw.percent(8) ? {} : this.#input(table, false),
      ...table.version && draw.percent(50) ? { version: draw.int(1, 2) } : {},
    };
  }

  /** Columns of a row: of a new one with a key, unless the database makes it. */
  #input(table: Table, isNew: boolean): Input {
    const draw = this.#draw;
    const needsKey = isNew && (!table.makesKeys || draw.percent(25));
    return {
      ...needsKey || (!isNew && draw.percent(4)) ? { k: draw.int(1, 16) } : {},
      ...table.hasCode && draw.percent(40)
        ? { code: draw.percent(85) ? draw.pick(codes) : null }
        : {},
      ...draw.percent(70) ? { name: draw.percent(90) ? draw.pick(names) : null } : {},
      ...draw.percent(60) ? { score: draw.int(0, 5) } : {},
      ...draw.percent(40) ? { team: draw.percent(70) ? draw.int(0, 3) : null } : {},
    };
  }

  #where(table: Table, depth: number): Where {
    const draw = this.#draw;
    const out: Where = {};
    for (const column of draw.some([...table.texts, ...table.numbers], draw.int(0, 2))) {
      out[column] = table.texts.includes(column) ? this.#text() : this.#number();
    }
    // Looks for what is hidden.
    if (draw.percent(6)) out["deleted_at"] = { isNull: draw.percent(30) };
    if (depth > 0 && draw.percent(25)) {
      const parts = Array.from({ length: draw.int(0, 3) }, () => this.#part(table, depth - 1));
      out[this.#spelled(draw.pick(["and", "or"]))] = parts;
    }
    if (depth > 0 && draw.percent(15)) out[this.#spelled("not")] = this.#part(table, depth - 1);
    return out;
  }

  /** A part of `or` or `not` says something, except a few that are to be refused. */
  #part(table: Table, depth: number): Where {
    let part = this.#where(table, depth);
    while (Object.keys(part).length === 0 && this.#draw.percent(97)) {
      part = this.#where(table, depth);
    }
    return part;
  }

  #spelled(name: string): string {
    return this.#draw.percent(10) ? `$${name}` : name;
  }

  #number(): unknown {
    const draw = this.#draw;
    const value = () => draw.int(0, 6);
    return draw.weighted<unknown>([
      [3, value],
      [1, () => null],
      [2, () => ({ [this.#spelled(draw.pick(["gt", "gte", "lt", "lte", "eq", "ne"]))]: value() })],
      [1, () => ({ [this.#spelled("in")]: Array.from({ length: draw.int(0, 3) }, value) })],
      [1, () => ({ notIn: Array.from({ length: draw.int(0, 3) }, value) })],
      [1, () => ({ between: [value(), value()] })],
      [1, () => ({ gte: draw.int(0, 2), lt: draw.int(2, 6) })],
      [1, () => ({ isNull: draw.percent(50) })],
      [1, () => ({ [draw.pick(["eq", "ne"])]: null })],
    ]);
  }

  #text(): unknown {
    const draw = this.#draw;
    const value = () => draw.pick([...names, "c1", "A", "%", "_"]);
    return draw.weighted<unknown>([
      [3, value],
      [1, () => null],
      [2, () => ({
        [draw.pick(["like", "ilike"])]: draw.pick(["a%", "%B", "_", "%c%", "a!%", "%"]),
      })],
      [3, () => ({ [draw.pick(["contains", "startsWith", "endsWith"])]: value() })],
      [1, () => ({ [draw.pick(["eq", "ne", "gt", "lte"])]: value() })],
      [1, () => ({ [draw.pick(["in", "notIn"])]: Array.from({ length: draw.int(0, 3) }, value) })],
      [1, () => ({ isNull: draw.percent(50) })],
    ]);
  }

  #options(table: Table): Options {
    const draw = this.#draw;
    const limited = draw.percent(40);
    const shifted = draw.percent(20);
    return {
      ...this.#selected(table),
      ...draw.percent(75) ? { where: this.#where(table, 2) } : {},
      // What is cut off has to be the same on both sides.
      ...limited || shifted || draw.percent(50) ? { orderBy: this.#total(table) } : {},
      ...limited ? { limit: draw.int(0, 5) } : {},
      ...shifted ? { offset: draw.int(0, 3) } : {},
    };
  }

  #selected(table: Table): Pick<Options, "select"> {
    const columns = ["name", "score", "deleted_at", ...table.key];
    return this.#draw.percent(20) ? { select: this.#draw.some(columns, this.#draw.int(1, 3)) } : {};
  }

  #order(table: Table): Order[] {
    const draw = this.#draw;
    return draw.some(["name", "score", "team", ...table.key], draw.int(1, 2)).map((column) => ({
      column,
      ...draw.percent(60) ? { direction: draw.pick(["asc", "desc"] as const) } : {},
      ...draw.percent(30) ? { nulls: draw.pick(["first", "last"] as const) } : {},
    }));
  }

  /** An order that leaves nothing open. */
  #total(table: Table): Order[] {
    const order = this.#order(table);
    const rest = table.key.filter((column) => !order.some((item) => item.column === column));
    return [...order, ...rest.map((column) => ({ column }))];
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Leaves out calls, parts of lists, and members that may be left out. */
function* smaller(value: Sequence): Generator<Sequence> {
  // A sequence is plain data by construction.
  for (const each of parts(JSON.parse(JSON.stringify(value)), "")) yield each as never;
}

const NEEDED =
  /^(calls|table|as|action|via|call|k|ks|options|inputs?|changes?|data|by|set|column)$/;

function* parts(value: Json, key: string): Generator<Json> {
  if (Array.isArray(value)) {
    // The two ends of `between` stay two.
    if (key === "between") return;
    if (key === "calls" && value.length > 2) {
      yield value.slice(0, value.length >> 1);
      yield value.slice(value.length >> 1);
    }
    for (let i = value.length - 1; i >= 0; i--) yield value.toSpliced(i, 1);
    for (let i = 0; i < value.length; i++) {
      for (const each of parts(value[i]!, key)) yield value.with(i, each);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const name of Object.keys(value)) {
      if (NEEDED.test(name) && !(name === "k" && key === "data")) continue;
      if (["where", "orderBy", "size", "page", "total", "take", "moves", "fails"].includes(name)) {
        continue;
      }
      const { [name]: _, ...rest } = value;
      yield rest;
    }
    if (Array.isArray(value["calls"]) && "via" in value) yield* value["calls"];
    for (const [name, child] of Object.entries(value)) {
      for (const each of parts(child, name)) yield { ...value, [name]: each };
    }
  } else if (value === true) yield false;
  else if (key === "as" && value === 1) yield 0;
}
