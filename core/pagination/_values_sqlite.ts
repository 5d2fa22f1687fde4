import { CastNode, ExpressionWrapper, RawNode, sql } from "kysely";
import type { KeyType } from "./_values.ts";

/** Values as SQLite writes and reads them: by storage class, whatever the column was declared as. */
export const sqliteValues: KeyType = {
  select(key) {
    const node = new ExpressionWrapper(key);
    // The sign in front keeps plugins from taking the text for something to parse
    return {
      // Some drivers cut a text at a NUL
      y: sql`case when typeof(${node}) = 'text' and instr(${node}, char(0)) > 0 then 'hextext' else typeof(${node}) end`
        .toOperationNode(),
      t: sql`'=' || case typeof(${node}) when 'real' then printf('%!.17g', ${node}) when 'blob' then hex(${node}) when 'text' then case when instr(${node}, char(0)) > 0 then hex(${node}) else ${node} end else ${node} end`
        .toOperationNode(),
      // The text of some versions (3.51 is one) lacks the last bit of a number
      n: sql`case when typeof(${node}) = 'real' then ${node} end`.toOperationNode(),
    };
  },
  read({ y, t, n }) {
    if (y === "null") return null;
    const text = String(t).slice(1);
    // A plugin may have taken it for something else
    return y === "real" && typeof n === "number" && isNear(n, Number(text))
      ? ["real", String(n)]
      : [String(y), text];
  },
  form: ([kind]) => kind === "hextext" ? kind : "",
  parameter: ([kind, text]) => valueOf(kind, text),
  operand: (form, parameter) =>
    form === "" ? parameter : CastNode.create(parameter, RawNode.createWithSql("text")),
  direct(value) {
    if (value === null) return null;
    if (typeof value === "bigint") return ["integer", String(value)];
    if (typeof value !== "number") return undefined;
    if (Number.isSafeInteger(value)) return ["integer", String(value)];
    // A greater whole number may be an integer that lost digits; infinity is written in two ways.
    return Number.isInteger(value) || !Number.isFinite(value) ? undefined : ["real", String(value)];
  },
};

/** Returns true if two numbers differ in their last bits at most. */
function isNear(a: number, b: number): boolean {
  return Number.isFinite(a) && Math.abs(a - b) <= Math.abs(b) * 2 ** -50;
}

function valueOf(kind: string, text: string): unknown {
  switch (kind) {
    case "integer": {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : BigInt(text);
    }
    case "real":
      return Number(text.replace("Inf", "Infinity"));
    case "blob":
    case "hextext":
      return Uint8Array.from(
        { length: text.length / 2 },
        (_, index) => parseInt(text.slice(2 * index, 2 * index + 2), 16),
      );
    default:
      return text;
  }
}
