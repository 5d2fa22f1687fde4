import { filteredNames } from "../oracle/schema.ts";
import { amongOthers } from "./oracle_data.ts";
import type { Pair } from "./oracle_pair.ts";
import type { Subject } from "./oracle_visible.ts";

/** The same handle over the same rows of the caller, among different rows of others. */
export function interference({ name, shape, make }: Subject): Pair {
  const mayDiffer: Pair["mayDiffer"] = (table, row) =>
    filteredNames.includes(table) && !shape.reads(row);
  return {
    name,
    sides: [{ name: "among some rows", make }, { name: "among other rows", make }],
    dataOf: (data) => amongOthers(data, mayDiffer),
    mayDiffer,
  };
}
