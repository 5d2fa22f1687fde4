import {
  readExpression,
  readStatement,
  refuseCall,
  refuseOpaque,
  refuseOpenAlias,
  refuseOpenColumn,
  refuseOpenComma,
  refuseOpenJoint,
  refuseOpenJoints,
} from "../clauses/_raw_denied.ts";
import { refuseText } from "../_text.ts";

/** Reads raw SQL, and refuses what may read any table: see `clauses/_raw_denied.ts`. */
export interface RawPart {
  readonly readExpression: typeof readExpression;
  readonly readStatement: typeof readStatement;
  readonly refuseCall: typeof refuseCall;
  readonly refuseOpaque: typeof refuseOpaque;
  readonly refuseOpenAlias: typeof refuseOpenAlias;
  readonly refuseOpenColumn: typeof refuseOpenColumn;
  readonly refuseOpenComma: typeof refuseOpenComma;
  readonly refuseOpenJoint: typeof refuseOpenJoint;
  readonly refuseOpenJoints: typeof refuseOpenJoints;
  readonly refuseText: typeof refuseText;
}

/** The rules for raw SQL under `rawSql: "deny"`. */
export const RAW: RawPart = {
  readExpression,
  readStatement,
  refuseCall,
  refuseOpaque,
  refuseOpenAlias,
  refuseOpenColumn,
  refuseOpenComma,
  refuseOpenJoint,
  refuseOpenJoints,
  refuseText,
};
