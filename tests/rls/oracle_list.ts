/** The oracles of policies, for whoever runs them for longer than the tests do. */
import type { Oracle } from "../oracle/oracles.ts";
import { runOracle } from "../oracle/run.ts";
import { ownRows } from "./oracle_data.ts";
import { pairs } from "./oracle_composition.ts";
import { interference } from "./oracle_interference.ts";
import { NativeWorld } from "./oracle_native.ts";
import { PairWorld } from "./oracle_pair.ts";
import { subjects, variants } from "./oracle_subjects.ts";
import { VisibleWorld } from "./oracle_visible.ts";

export const policyOracles: readonly Oracle[] = [
  ...[...subjects, ...variants].map((subject): Oracle => ({
    name: "policies",
    subject: subject.name,
    run: (effort) =>
      runOracle({
        ...effort,
        open: (dialect) => VisibleWorld.open(dialect, subject),
        file: "tests/rls/oracle_test.ts",
        prepare: ownRows,
      }),
  })),
  ...subjects.map((subject): Oracle => ({
    name: "native policies",
    subject: subject.name,
    dialects: ["pglite", "postgres"],
    run: (effort) =>
      runOracle({
        ...effort,
        open: (dialect) => NativeWorld.open(dialect, subject),
        file: "tests/rls/oracle_native_test.ts",
        prepare: ownRows,
      }),
  })),
  ...subjects.map((subject): Oracle => ({
    name: "rows of others",
    subject: subject.name,
    run: (effort) =>
      runOracle({
        ...effort,
        open: (dialect) => PairWorld.open(dialect, interference(subject)),
        file: "tests/rls/oracle_interference_test.ts",
        prepare: ownRows,
      }),
  })),
  ...pairs.map((pair): Oracle => ({
    name: "plugins together",
    subject: pair.name,
    run: (effort) =>
      runOracle({
        ...effort,
        open: (dialect) => PairWorld.open(dialect, pair),
        file: "tests/rls/oracle_composition_test.ts",
        prepare: ownRows,
      }),
  })),
];
