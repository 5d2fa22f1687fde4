import type { SchemaColumn, SchemaSnapshot } from "@kysera/migrations/schema";
import type { Random } from "./_random.ts";

const WORDS = ["a", "b", "c", "open", "draft", "x y", "it's"];
const DAYS = ["2020-01-01", "2024-02-29", "2030-12-31"];

/** A value for a column, as the driver takes it; `undefined` where its type is not known. */
export type Draw = (random: Random) => unknown;

/** How values of a type are drawn, and which of given ones it can hold. */
interface TypeValues {
  readonly draw: Draw;
  /** Returns a given value as the type has it; `undefined` if it cannot hold it. */
  fit(value: unknown): unknown;
}

const integers = (most: number): TypeValues => ({
  draw: (random) => 1 + random.below(9),
  fit: (value) => {
    const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    return typeof number === "number" && Number.isInteger(number) && Math.abs(number) <= most
      ? number
      : undefined;
  },
});

const numbers: TypeValues = {
  draw: (random) => random.below(10),
  fit: (value) => typeof value === "number" && Number.isFinite(value) ? value : undefined,
};

const words: TypeValues = {
  draw: (random) => random.pick(WORDS),
  fit: (value) =>
    typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined,
};

const times = (suffix: string): TypeValues => ({
  draw: (random) => `${random.pick(DAYS)}${suffix}`,
  fit: (value) =>
    value instanceof Date
      ? value.toISOString()
      : typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value)
      ? value
      : undefined,
});

const json: TypeValues = {
  draw: (random) => JSON.stringify({ a: random.below(3) }),
  fit: () => undefined,
};

/** The types of PostgreSQL that rows can be drawn of. */
const TYPES: Readonly<Record<string, TypeValues>> = {
  int2: integers(32_767),
  int4: integers(2_147_483_647),
  int8: integers(Number.MAX_SAFE_INTEGER),
  numeric: numbers,
  float4: numbers,
  float8: numbers,
  text: words,
  varchar: words,
  bpchar: words,
  citext: words,
  bool: {
    draw: (random) => random.chance(50),
    fit: (value) => typeof value === "boolean" ? value : undefined,
  },
  uuid: {
    draw: (random) => random.uuid(),
    fit: (value) =>
      typeof value === "string" && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
        ? value
        : undefined,
  },
  date: times(""),
  timestamp: times(" 12:00:00"),
  timestamptz: times("T12:00:00Z"),
  time: { draw: (random) => `0${random.below(10)}:00:00`, fit: () => undefined },
  json,
  jsonb: json,
  bytea: {
    draw: (random) => new Uint8Array([random.below(256)]),
    fit: (value) => value instanceof Uint8Array ? value : undefined,
  },
  inet: { draw: (random) => `10.0.0.${random.below(256)}`, fit: () => undefined },
  interval: { draw: (random) => `${random.below(10)} days`, fit: () => undefined },
};

/**
 * Returns what values a column can be given: of the values that policies and principals name those
 * that it can hold, and how others are drawn. `undefined` where its type is not known.
 */
export function valuesOf(
  { type, nullable }: SchemaColumn,
  { enums, domains }: SchemaSnapshot,
  named: readonly unknown[],
): { readonly named: readonly unknown[]; readonly draw: Draw } | undefined {
  if (type.array) return { named: [], draw: () => "{}" };
  if (type.kind === "enum") {
    const values = enums.find(({ name, schema }) => name === type.name && schema === type.schema)
      ?.values ?? [];
    return values.length === 0 ? undefined : {
      named: named.filter((value) => values.includes(value as string)),
      draw: (random) => random.pick(values),
    };
  }
  const base = type.kind === "domain"
    ? domains.find(({ name, schema }) => name === type.name && schema === type.schema)?.type.name
    : type.name;
  const known = base === undefined || !Object.hasOwn(TYPES, base) ? undefined : TYPES[base];
  if (known === undefined) return nullable ? { named: [], draw: () => null } : undefined;
  const longest = Number(/\((\d+)\)$/.exec(type.text)?.[1] ?? Infinity);
  const fits = named.map((value) => known.fit(value)).filter((value) =>
    value !== undefined &&
    (typeof value !== "string" || type.name === "uuid" || value.length <= longest)
  );
  return {
    named: [...new Set(fits)],
    draw: (random) => {
      const value = known.draw(random);
      return known === words && typeof value === "string" ? value.slice(0, longest) : value;
    },
  };
}
