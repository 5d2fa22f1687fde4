/**
 * Functions that run SQL, or read a table or a file, which an argument of theirs names.
 *
 * @module
 */

/** PostgreSQL's, and those of modules that come with it. */
export const POSTGRES_READERS: RegExp = new RegExp(
  "^(?:" + [
    "(?:query|table|schema|database|cursor)_to_xml\\w*",
    "dblink\\w*",
    "crosstab\\w*",
    "connectby",
    "xpath_table",
    "ts_stat",
    "ts_rewrite",
    "lo_\\w+",
    "loread",
    "lowrite",
    "pg_read_\\w+",
    "pg_file_\\w+",
    "pg_ls_\\w+",
    "pg_stat_file",
    "pg_logical_\\w+",
    "pg_get_wal_\\w+",
    "pg_show_replication_origin_status",
    "get_raw_page",
    "fsm_page_contents",
    "(?:heap|bt|brin|gin|gist|hash)_\\w*(?:page|tuple)\\w*",
    "tuple_data_split",
    "pg_mcv_list_items",
  ].join("|") + ")$",
);

/** Those of SQLite, of its shell and of extensions that come with it. */
export const SQLITE_READERS: RegExp =
  /^(?:load_extension|readfile|writefile|edit|eval|fts3_tokenizer|sha[13]_query)$/;

/** Those of MySQL and MariaDB, and of modules that are made for them. */
export const MYSQL_READERS: RegExp = /^(?:load_file|sys_(?:eval|exec|get|set)|spider_\w+)$/;
