import { CastNode, ExpressionWrapper, type OperationNode, RawNode, sql, ValueNode } from "kysely";
import { decodeBase64, encodeBase64 } from "./_base64.ts";
import type { Values } from "./_values.ts";

const isDecimal = /^-?\d+(?:\.(\d+))?$/;

/** Text that is 0 as a number. */
const isWord = /^[^\d\s+.-]/;

/** `decimal(65, s)` by scale: an exact number is compared as one, never as text or floating point. */
const decimals = Array.from(
  { length: 39 },
  (_, scale) => RawNode.createWithSql(`decimal(65, ${scale})`),
);

/**
 * Values as MySQL and MariaDB write and read them. There is no function that tells a type, so it is
 * told from what the value is as text, as a floating point number, as what the driver makes of it,
 * and from its collation, which is binary for everything but text.
 */
export const mysqlValues: Values = {
  select(key) {
    const node = new ExpressionWrapper(key);
    // The sign in front keeps plugins from taking the text for something to parse
    return {
      v: key,
      t: sql`concat('=', cast(${node} as char))`.toOperationNode(),
      f: sql`${node} + 0e0`.toOperationNode(),
      c: sql`collation(${node})`.toOperationNode(),
    };
  },
  read({ v, t, f, c }) {
    if (v === null) return null;
    if (v instanceof Uint8Array) return ["bytes", encodeBase64(v)];
    const text = String(t).slice(1);
    const isNumber = typeof v === "number" || typeof v === "bigint" || c === "binary";
    const float = Number(f);
    // ENUM and SET are ordered by number, and so must be compared by it; no other text is one
    if (!isNumber && float > 0 && isWord.test(text)) return ["float", String(float)];
    if (!isNumber || v instanceof Date) return ["text", text];
    if (!isDecimal.test(text)) {
      return typeof v === "number" ? ["float", String(float)] : ["text", text];
    }
    // FLOAT is written with six digits only, and is then another number
    const same = Math.abs(Number(text) - float) <= Math.abs(float) * 1e-15;
    return same ? ["number", text] : ["float", String(float)];
  },
  bind([kind, text]): OperationNode {
    switch (kind) {
      case "bytes":
        return ValueNode.create(decodeBase64(text));
      case "float":
        return ValueNode.create(Number(text));
      case "number":
        return CastNode.create(
          ValueNode.create(text),
          decimals[isDecimal.exec(text)?.[1]?.length ?? 0]!,
        );
      default:
        return ValueNode.create(text);
    }
  },
};
