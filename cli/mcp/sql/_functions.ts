/**
 * The functions that a text of SQL can call: they compute something of their arguments, and neither
 * read tables, files or settings, nor wait, nor change anything. Some have arguments with words of
 * their own, as `cast(a as text)` has.
 */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  // Aggregates
  ...["count", "sum", "avg", "min", "max", "total", "stddev", "stddev_pop", "stddev_samp"],
  ...["variance", "var_pop", "var_samp", "bool_and", "bool_or", "every", "string_agg", "array_agg"],
  ...["json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "group_concat"],
  ...["json_group_array", "json_group_object", "json_arrayagg", "json_objectagg", "mode"],
  ...["percentile_cont", "percentile_disc", "corr"],
  // Windows
  ...["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"],
  ...["first_value", "last_value", "nth_value"],
  // Conditions
  ...["coalesce", "nullif", "ifnull", "iif", "if", "isnull", "greatest", "least", "cast"],
  // Texts
  ...["lower", "upper", "length", "char_length", "character_length", "octet_length", "substr"],
  ...["substring", "substring_index", "trim", "ltrim", "rtrim", "btrim", "replace", "concat"],
  ...["concat_ws", "left", "right", "position", "strpos", "instr", "locate", "split_part"],
  ...["initcap", "reverse", "ascii", "hex", "md5", "to_char", "starts_with", "overlay"],
  // Numbers
  ...[
    "abs",
    "ceil",
    "ceiling",
    "floor",
    "round",
    "trunc",
    "truncate",
    "mod",
    "div",
    "power",
    "pow",
  ],
  ...["sqrt", "exp", "ln", "log", "sign", "to_number", "width_bucket"],
  // Times
  ...["now", "date", "time", "datetime", "julianday", "unixepoch", "strftime", "date_trunc"],
  ...["date_part", "extract", "age", "make_date", "make_interval", "to_date", "to_timestamp"],
  ...["curdate", "date_add", "date_sub", "date_format", "datediff", "timestampdiff", "year"],
  ...["quarter", "month", "week", "day", "dayofweek", "dayofmonth", "hour", "minute", "second"],
  ...["unix_timestamp", "from_unixtime", "last_day"],
  // JSON and arrays
  ...["json_extract", "json_extract_path", "json_extract_path_text", "jsonb_extract_path"],
  ...["jsonb_extract_path_text", "json_type", "json_valid", "json_array_length"],
  ...["jsonb_array_length", "json_typeof", "jsonb_typeof", "json_unquote", "json_value"],
  ...["json_contains", "json_length", "json_array_elements", "json_array_elements_text"],
  ...["jsonb_array_elements", "jsonb_array_elements_text", "json_each", "jsonb_each"],
  ...["json_each_text", "jsonb_each_text", "jsonb_object_keys", "json_object_keys"],
  ...["json_build_object", "jsonb_build_object", "json_build_array", "jsonb_build_array"],
  ...["to_json", "to_jsonb", "row_to_json", "json_object", "json_array", "array_length"],
  ...["cardinality", "array_position", "array_to_string", "unnest"],
]);

/** The words that a bracket can stand behind, and that are not functions. */
export const BEFORE_BRACKETS: ReadonlySet<string> = new Set([
  ...["select", "distinct", "all", "any", "some", "exists", "in", "not", "and", "or", "xor", "as"],
  ...["from", "join", "lateral", "on", "using", "where", "by", "having", "when", "then", "else"],
  ...["case", "between", "like", "ilike", "is", "union", "except", "intersect", "values", "over"],
  ...["filter", "group", "array", "row", "limit", "offset", "with", "materialized", "partition"],
  ...["escape", "regexp", "similar", "interval", "sets", "rollup", "cube"],
  // Types with a length
  ...["varchar", "char", "character", "decimal", "numeric", "timestamp", "timestamptz", "float"],
  ...["bit", "varying", "binary", "varbinary"],
]);

/** The words that begin or belong to a statement that does more than read. */
export const REFUSED_WORDS: ReadonlySet<string> = new Set([
  ...["into", "insert", "update", "delete", "merge", "create", "alter", "drop", "grant", "revoke"],
  ...["copy", "call", "do", "set", "lock", "share", "pragma", "attach", "detach", "vacuum"],
  ...["reindex", "analyze", "explain", "prepare", "execute", "deallocate", "declare", "fetch"],
  ...["listen", "notify", "unlisten", "begin", "commit", "rollback", "savepoint", "release"],
  ...["outfile", "dumpfile", "load", "handler", "install", "uninstall", "procedure", "returning"],
  ...["refresh", "cluster", "checkpoint", "discard", "reset", "show", "use", "tablesample"],
]);
