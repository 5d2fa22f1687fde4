import type { ColumnFacts } from "./_check_facts.ts";
import type { Shape } from "./_shape.ts";

/** Returns a shape that respects what checks say of a column, as far as it can. */
export function narrowed(shape: Shape, facts: ColumnFacts): Shape {
  const { values } = facts;
  switch (shape.kind) {
    case "text": {
      const isOpen = values === undefined || !values.every((value) => typeof value === "string");
      if (!isOpen && values.length > 0) return { kind: "choice", values };
      return {
        ...shape,
        min: facts.minLength ?? shape.min,
        max: least(shape.max, facts.maxLength),
      };
    }
    case "integer": {
      const isOpen = values === undefined || !values.every((value) => Number.isSafeInteger(value));
      if (!isOpen && values.length > 0) return { kind: "choice", values };
      return {
        kind: "integer",
        min: greatest(
          shape.min,
          ceil(facts.min),
          facts.above === undefined ? undefined : Math.floor(facts.above) + 1,
        ),
        max: least(
          shape.max,
          facts.max === undefined ? undefined : Math.floor(facts.max),
          facts.below === undefined ? undefined : Math.ceil(facts.below) - 1,
        ),
      };
    }
    case "number": {
      const { min, max, above, below } = facts;
      return { kind: "number", min, max, above, below };
    }
    case "either":
      // A number as text is not compared.
      return {
        kind: "either",
        of: shape.of.map((each) => narrowed(each, { ...facts, values: undefined })),
      };
    default:
      return shape;
  }
}

function ceil(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.ceil(value);
}

function least(...values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function greatest(...values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}
