import type { CommandGroup } from "../../program/_command.ts";

/** `kysera migrate`. */
export const group: CommandGroup = {
  create: {
    summary: "Write the file of a new migration",
    aliases: ["make"],
    load: () => import("./create.ts"),
  },
  rename: {
    summary: "Write the migrations that rename a column while programs run",
    load: () => import("./rename.ts"),
  },
  up: {
    summary: "Apply the migrations that are not applied",
    aliases: ["latest"],
    load: () => import("./up.ts"),
  },
  down: {
    summary: "Undo the migrations that were applied last",
    aliases: ["rollback"],
    load: () => import("./down.ts"),
  },
  to: {
    summary: "Apply or undo migrations until one is the last that is applied",
    load: () => import("./to.ts"),
  },
  redo: {
    summary: "Undo the migrations that were applied last, and apply them again",
    load: () => import("./redo.ts"),
  },
  status: {
    summary: "Tell what is applied, what is not, and what does not fit",
    load: () => import("./status.ts"),
  },
  list: {
    summary: "List the migrations",
    load: () => import("./list.ts"),
  },
  plan: {
    summary: "Show the statements that `up` would send; nothing is changed",
    load: () => import("./plan.ts"),
  },
  sql: {
    summary: "Write what `up` would send as a script of SQL",
    load: () => import("./sql.ts"),
  },
  lint: {
    summary: "Find what is dangerous in migrations that are not applied",
    load: () => import("./lint.ts"),
  },
  reset: {
    summary: "Undo every migration",
    load: () => import("./reset.ts"),
  },
  fresh: {
    summary: "Drop everything in the database, and apply every migration",
    load: () => import("./fresh.ts"),
  },
  verify: {
    summary: "Find migrations that were changed, or whose down does not undo their up",
    load: () => import("./verify.ts"),
  },
  watch: {
    summary: "Try migrations on a scratch database whenever they are saved",
    load: () => import("./watch.ts"),
  },
  resume: {
    summary: "Go on with a migration that stopped halfway",
    load: () => import("./resume.ts"),
  },
  repair: {
    summary: "Mend the history: forget what stopped halfway, accept what was changed",
    load: () => import("./repair.ts"),
  },
  mark: {
    summary: "Record a migration as applied or not applied, without running it",
    load: () => import("./mark.ts"),
  },
  unlock: {
    summary: "Take the lock from a runner that is dead",
    load: () => import("./unlock.ts"),
  },
  drift: {
    summary: "Find where the database is not what the migrations make",
    load: () => import("./drift.ts"),
  },
  dump: {
    summary: "Write the schema of the database as a script of SQL",
    load: () => import("./dump.ts"),
  },
  squash: {
    summary: "Write one migration in place of all",
    load: () => import("./squash.ts"),
  },
  baseline: {
    summary: "Record migrations as applied whose schema was there before them",
    load: () => import("./baseline.ts"),
  },
  adopt: {
    summary: "Take the history of another tool over",
    load: () => import("./adopt.ts"),
  },
  lock: {
    summary: "Write kysera.lock, in which branches that both add migrations conflict",
    load: () => import("./lock.ts"),
  },
  rebase: {
    summary: "Rename migrations that are not applied, so that they come last",
    load: () => import("./rebase.ts"),
  },
};
