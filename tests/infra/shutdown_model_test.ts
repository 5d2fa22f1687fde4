/** The shutdown against a model of it: queries, transactions and pieces of work that come and go. */
import {
  createGracefulShutdown,
  FakeClock,
  type GracefulShutdown,
  ShutdownError,
  type ShutdownPhase,
  type ShutdownReport,
} from "@kysera/infra";
import fc from "fast-check";
import { type Kysely, sql } from "kysely";
import assert from "node:assert/strict";
import { it } from "node:test";
import { fuzzSeed } from "../support/random.ts";
import { type Dummy, dummyDatabase } from "./_dummy.ts";

const TIMEOUT = 300;
const CANCEL_TIMEOUT = 100;

type Kind = "query" | "transaction" | "work";
type Told = "nothing" | "done" | "refused" | "cancelled";

/** A piece of work as the model sees it. */
interface ModelItem {
  readonly id: number;
  readonly kind: Kind;
  /** `waits` for the database, or `idles` until the test has it go on. */
  state: "waits" | "idles" | "ended";
  /** Whether it counts as in flight. */
  inside: boolean;
  told: Told;
}

interface Model {
  now: number;
  phase: ShutdownPhase;
  begunAt: number;
  cancelAt: number;
  drained: boolean;
  cancelled: number;
  abandoned: number;
  readonly items: ModelItem[];
  /** Queries that the database has not answered, whoever still waits for them. */
  readonly queries: number[];
}

interface RealItem {
  told: Told;
  /** Has it go on: another query, or the end. */
  next: ((step: "query" | "end") => void) | undefined;
}

interface Real {
  readonly clock: FakeClock;
  readonly dummy: Dummy;
  readonly shutdown: GracefulShutdown<any>;
  readonly items: RealItem[];
  readonly log: string[];
  report: ShutdownReport | undefined;
}

const inside = (model: Model): number =>
  model.items.filter((item) => item.inside).length +
  // Work holds a connection beside its own place while it waits for the database.
  model.queries.filter((id) => model.items[id]!.kind === "work").length;

const taking = (model: Model): boolean => model.phase === "running";

/** Goes as far as can be gone without time or answers. */
function progress(model: Model): void {
  if (model.phase === "draining") {
    if (inside(model) === 0) {
      model.drained = true;
      close(model);
    } else if (model.now >= model.begunAt + TIMEOUT) {
      cancel(model);
    }
  }
  if (model.phase === "cancelling") {
    if (inside(model) === 0 || model.now >= model.cancelAt + CANCEL_TIMEOUT) close(model);
  }
}

function cancel(model: Model): void {
  model.phase = "cancelling";
  model.cancelAt = model.now;
  model.cancelled = inside(model);
  for (const item of model.items) {
    if (item.told !== "nothing") continue;
    item.told = "cancelled";
    // A transaction is rolled back as soon as its query is given up; a query goes on.
    if (item.kind !== "query" && item.state === "waits") {
      item.state = "ended";
      item.inside = false;
    }
  }
}

function close(model: Model): void {
  model.phase = "closed";
  model.abandoned = inside(model);
}

function advance(model: Model, ms: number): void {
  const end = model.now + ms;
  for (const at of [model.begunAt + TIMEOUT, model.begunAt + TIMEOUT + CANCEL_TIMEOUT]) {
    if (at > model.now && at <= end) {
      model.now = at;
      progress(model);
    }
  }
  model.now = end;
  progress(model);
}

function answer(model: Model, which: number): void {
  const [id] = model.queries.splice(which, 1);
  const item = model.items[id!]!;
  if (item.state !== "waits") return;
  if (item.kind === "query") endItem(item);
  else item.state = "idles";
}

function endItem(item: ModelItem): void {
  item.state = "ended";
  item.inside = false;
  if (item.told === "nothing") item.told = "done";
}

async function compare(model: Model, real: Real): Promise<void> {
  await real.clock.settle();
  progress(model);
  const { shutdown, dummy } = real;
  assert.deepEqual(real.items.map((item) => item.told), model.items.map((item) => item.told));
  assert.equal(shutdown.phase, model.phase);
  assert.equal(shutdown.isShuttingDown, model.phase !== "running");
  assert.equal(shutdown.stopping.aborted, model.phase !== "running");
  assert.equal(shutdown.inFlight, inside(model));
  assert.equal(dummy.pending.length, model.queries.length);
  const closed = model.phase === "closed";
  assert.equal(shutdown.signal.aborted, model.cancelAt < Infinity);
  assert.deepEqual(real.log, closed ? ["callback"] : []);
  assert.equal(dummy.events.filter((event) => event === "destroy").length, closed ? 1 : 0);
  if (!closed) return;
  const { drained, cancelled, abandoned } = model;
  const { duration: _, ...report } = real.report!;
  assert.deepEqual(report, { drained, cancelled, abandoned });
}

type Command = fc.AsyncCommand<Model, Real>;

const ask = (db: Kysely<any>): Promise<unknown> => sql`select 1`.execute(db);

async function untilEnd(db: Kysely<any>, item: RealItem): Promise<void> {
  while (true) {
    const step = await new Promise<"query" | "end">((resolve) => item.next = resolve);
    item.next = undefined;
    if (step === "end") return;
    await ask(db);
  }
}

function run(real: Real, kind: Kind, item: RealItem): Promise<unknown> {
  const { shutdown } = real;
  if (kind === "query") return ask(shutdown.db);
  if (kind === "work") return shutdown.execute(({ db }) => untilEnd(db, item));
  return shutdown.db.transaction().execute((trx) => untilEnd(trx, item));
}

const begin = fc.constantFrom<Kind>("query", "transaction", "work").map((kind): Command => ({
  check: (model) => model.items.length < 8,
  async run(model, real) {
    const taken = taking(model);
    const id = model.items.length;
    model.items.push({
      id,
      kind,
      state: !taken ? "ended" : kind === "query" ? "waits" : "idles",
      inside: taken,
      told: taken ? "nothing" : "refused",
    });
    if (taken && kind === "query") model.queries.push(id);
    const item: RealItem = { told: "nothing", next: undefined };
    real.items.push(item);
    run(real, kind, item).then(() => item.told = "done", (error) => {
      assert.ok(error instanceof ShutdownError, String(error));
      item.told = error.begun ? "cancelled" : "refused";
    });
    await compare(model, real);
  },
  toString: () => `begin(${kind})`,
}));

const goOn = fc.record({ which: fc.nat(), step: fc.constantFrom("query", "end") })
  .map(({ which, step }): Command => ({
    check: (model) => model.items.some((item) => item.state === "idles"),
    async run(model, real) {
      const idle = model.items.filter((item) => item.state === "idles");
      const item = idle[which % idle.length]!;
      if (step === "end") {
        endItem(item);
      } else if (model.cancelAt < Infinity) {
        // What was cancelled gets no further: its query is refused.
        endItem(item);
      } else {
        item.state = "waits";
        model.queries.push(item.id);
      }
      real.items[item.id]!.next!(step as "query" | "end");
      await compare(model, real);
    },
    toString: () => `goOn(${which}, ${step})`,
  }));

const answerOne = fc.nat().map((which): Command => ({
  check: (model) => model.queries.length > 0,
  async run(model, real) {
    const at = which % model.queries.length;
    answer(model, at);
    real.dummy.pending[at]!.answer();
    await compare(model, real);
  },
  toString: () => `answer(${which})`,
}));

const wait = fc.constantFrom(1, 50, 100, 299, 300).map((ms): Command => ({
  check: () => true,
  async run(model, real) {
    await real.clock.settle();
    advance(model, ms);
    await real.clock.advance(ms);
    await compare(model, real);
  },
  toString: () => `wait(${ms})`,
}));

const shutDown = fc.constant<Command>({
  check: () => true,
  async run(model, real) {
    if (model.phase === "running") {
      model.phase = "draining";
      model.begunAt = model.now;
    }
    real.shutdown.shutdown().then((report) => real.report = report);
    await compare(model, real);
  },
  toString: () => "shutdown",
});

it("a graceful shutdown does what its model does, whatever comes in whatever order", async () => {
  const commands = fc.commands([begin, begin, goOn, goOn, answerOne, wait, shutDown], {
    maxCommands: 50,
    size: "max",
  });
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const setup = () => {
        const clock = new FakeClock();
        const dummy = dummyDatabase();
        const log: string[] = [];
        const shutdown = createGracefulShutdown<any>(dummy.db, {
          timeout: TIMEOUT,
          cancelTimeout: CANCEL_TIMEOUT,
          onShutdown: () => {
            log.push("callback");
            assert.ok(!dummy.events.includes("destroy"), "the pool is closed last");
          },
          clock,
        });
        const model: Model = {
          now: 0,
          phase: "running",
          begunAt: Infinity,
          cancelAt: Infinity,
          drained: false,
          cancelled: 0,
          abandoned: 0,
          items: [],
          queries: [],
        };
        const real: Real = { clock, dummy, shutdown, items: [], log, report: undefined };
        // The pool is closed only where it was opened.
        dummy.db.getExecutor().provideConnection(() => Promise.resolve()).catch(() => {});
        return { model, real };
      };
      await fc.asyncModelRun(setup, sequence);
    }),
    { numRuns: 300, seed: fuzzSeed().seed },
  );
});
