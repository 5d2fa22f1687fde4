import { partsOf } from "../../sql/_nodes.ts";
import type { TriggerStrategy } from "../trigger_strategy.ts";
import { handOverOnMysql } from "./_hand_over.ts";
import { findMysqlTriggers, mysqlTriggers } from "./_triggers.ts";

/** Triggers of MariaDB, which read variables of the session. */
export const MYSQL_TRIGGERS: TriggerStrategy = {
  make: mysqlTriggers,
  replaces: true,
  find: findMysqlTriggers,
  sees({ node }) {
    const { replace, ignore, orAction } = partsOf(node);
    // To triggers REPLACE is a row that goes and another one that comes, and under IGNORE an entry that
    // cannot be written is none.
    return replace !== true && ignore !== true && orAction === undefined;
  },
  handOver: handOverOnMysql,
};
