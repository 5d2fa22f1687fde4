import type { OperationNode } from "kysely";

/** Functions that only compute. What is not known to may lock, notify, or set something. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  [
    "abs age all any array array_agg array_length avg bool_and bool_or btrim cast ceil ceiling",
    "char_length coalesce concat concat_ws count cume_dist current_date date date_part date_trunc",
    "dense_rank every exists extract filter first_value floor format greatest in json json_agg",
    "json_array_elements json_array_length json_arrayagg json_build_array json_build_object",
    "json_each json_extract json_object json_object_agg json_objectagg jsonb jsonb_agg",
    "jsonb_array_elements jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each",
    "jsonb_object_agg lag last_value lead least left length lower lpad ltrim max md5 min mod",
    "now nth_value ntile nullif over percent_rank percentile_cont percentile_disc plainto_tsquery",
    "position power random rank regexp_replace repeat replace reverse right round row",
    "row_number row_to_json rpad rtrim sign some split_part sqrt strftime string_agg",
    "substr substring sum to_char to_date to_json to_jsonb to_timestamp to_tsquery to_tsvector",
    "trim trunc ts_rank unnest upper values websearch_to_tsquery width_bucket within",
    "and as between by case distinct else from having ilike is like not on or select then using",
    "when where",
  ].join(" ").split(" "),
);

const WRITES: ReadonlySet<string> = new Set([
  "InsertQueryNode",
  "UpdateQueryNode",
  "DeleteQueryNode",
  "MergeQueryNode",
  "ExplainNode",
]);

const LOCKS: ReadonlySet<unknown> = new Set([
  "ForUpdate",
  "ForNoKeyUpdate",
  "ForShare",
  "ForKeyShare",
]);

/** In raw SQL: a statement inside, a lock, or what may hide one, such as a name that is put in. */
const SUSPICIOUS =
  /\?[\w$.]*\s*\(|;|--|#|\/\*|"\s*\(|`\s*\(|\b(?:for|into|insert|update|delete|replace\s+into|merge|truncate|lock|call|do|set|copy|procedure)\b/i;
const WORD = /[a-z_][\w$.]*/gi;
const SPACE = /\s*/y;

/**
 * Whether a query reads and does nothing else, as far as can be told from it: when in doubt, it does
 * not.
 */
export function isPlainRead(root: OperationNode, functions: ReadonlySet<string>): boolean {
  return root.kind === "SelectQueryNode" && isHarmless(root, functions);
}

function isHarmless(node: OperationNode, functions: ReadonlySet<string>): boolean {
  switch (node.kind) {
    // What is in them is data, whatever it looks like.
    case "ValueNode":
    case "PrimitiveValueListNode":
      return true;
    case "SelectModifierNode": {
      const { modifier, rawModifier } = node as { modifier?: unknown; rawModifier?: unknown };
      if (rawModifier !== undefined || LOCKS.has(modifier)) return false;
      break;
    }
    case "FunctionNode":
    case "AggregateFunctionNode":
      if (!isKnown((node as unknown as { func: string }).func, functions)) return false;
      break;
    case "RawNode": {
      const { sqlFragments } = node as unknown as { sqlFragments: readonly string[] };
      if (!isHarmlessSql(sqlFragments.join("?"), functions)) return false;
      break;
    }
    default:
      if (WRITES.has(node.kind)) return false;
  }
  return Object.values(node).every((part) =>
    Array.isArray(part)
      ? part.every((item) => !isNode(item) || isHarmless(item, functions))
      : !isNode(part) || isHarmless(part, functions)
  );
}

function isHarmlessSql(sql: string, functions: ReadonlySet<string>): boolean {
  if (SUSPICIOUS.test(sql)) return false;
  for (const { 0: name, index } of sql.matchAll(WORD)) {
    SPACE.lastIndex = index + name.length;
    SPACE.test(sql);
    if (sql[SPACE.lastIndex] === "(" && !isKnown(name, functions)) return false;
  }
  return true;
}

function isKnown(name: string, functions: ReadonlySet<string>): boolean {
  const lower = name.toLowerCase();
  return FUNCTIONS.has(lower) || functions.has(lower);
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === "object" && value !== null &&
    typeof (value as { kind?: unknown }).kind === "string";
}
