import { computed, effect, signal } from "@preact/signals";
import type { RunOutcome } from "../../runtime/run/run_program.ts";
import type { EngineName, Files, RunFailure } from "../protocol.ts";
import { type Attempt, presetOf, presets } from "./presets.ts";
import { Runner } from "./runner.ts";
import { decodeState, encodeState } from "./share.ts";

/** What is shown of the last run. */
export type Shown =
  | { readonly kind: "finished"; readonly outcome: RunOutcome; readonly output: readonly string[] }
  | { readonly kind: "failed"; readonly failure: RunFailure }
  | { readonly kind: "stopped"; readonly limit: number }
  | { readonly kind: "unavailable"; readonly reason: string };

/** What the playground is doing. */
export type Activity = "idle" | "opening" | "running";

export const FILES: readonly (keyof Files)[] = ["query", "plugins", "schema"];

export const preset = signal(presets[0].id);
export const files = signal<Files>(presets[0].files);
export const file = signal<keyof Files>("query");
/** The attempt whose query is in the editor. */
export const attempt = signal<string | undefined>(undefined);
export const engine = signal<EngineName>("sqlite");
export const principal = signal<string | undefined>(undefined);
export const without = signal<readonly string[]>([]);
export const shown = signal<Shown | undefined>(undefined);
export const activity = signal<Activity>("opening");
/** Whether the program came from a link, and was not run yet. */
export const isForeign = signal(false);
/** Counts the results: each is announced. */
export const runs = signal(0);
/** The last outcome, for as long as the next one is not there. */
export const outcome = computed(() =>
  shown.value?.kind === "finished" ? shown.value.outcome : undefined
);
/** The names of the principals of the last outcome. */
export const principals = signal<readonly string[]>([]);

const runners = new Map<EngineName, Runner>();
const opened = new Set<EngineName>();
const TYPING = 350;
let typing: ReturnType<typeof setTimeout> | undefined;

function runner(): Runner {
  let found = runners.get(engine.value);
  if (found === undefined) runners.set(engine.value, found = new Runner(engine.value));
  return found;
}

/** Runs the program in the editor. */
export async function run(): Promise<void> {
  clearTimeout(typing);
  isForeign.value = false;
  const used = engine.value;
  activity.value = opened.has(used) ? "running" : "opening";
  const reply = await runner().run(files.value, {
    principal: principal.value,
    without: without.value,
  });
  // Another run has been asked for meanwhile, or another database.
  if (reply.kind === "superseded" || used !== engine.value) return;
  if (reply.kind !== "unavailable") opened.add(used);
  if (reply.kind === "stopped") opened.delete(used);
  if (reply.kind === "finished") principals.value = reply.outcome.principals;
  activity.value = "idle";
  shown.value = reply;
  runs.value++;
}

/** Takes what was typed, and runs it when nothing more is typed for a moment. */
export function edit(name: keyof Files, text: string): void {
  files.value = { ...files.value, [name]: text };
  if (name === "query") attempt.value = undefined;
  if (isForeign.value) return;
  clearTimeout(typing);
  typing = setTimeout(() => void run(), TYPING);
}

/** Puts a preset into the editor, and runs it. */
export function choosePreset(id: string): void {
  const chosen = presetOf(id);
  preset.value = chosen.id;
  files.value = chosen.files;
  file.value = "query";
  attempt.value = undefined;
  principal.value = undefined;
  principals.value = [];
  without.value = [];
  void run();
}

/** Puts a query that tries to get past the plugins into the editor, and runs it. */
export function chooseAttempt({ id, query }: Attempt): void {
  // The attempts are written for the tables and policies of the first preset.
  if (preset.value !== presets[0].id) {
    preset.value = presets[0].id;
    principal.value = undefined;
  }
  files.value = { ...presets[0].files, query };
  file.value = "query";
  attempt.value = id;
  void run();
}

/** Chooses the database, and runs the program on it. */
export function chooseEngine(name: EngineName): void {
  engine.value = name;
  void run();
}

/** Chooses who runs the program. */
export function choosePrincipal(name: string): void {
  principal.value = name;
  void run();
}

/** Leaves a plugin out, or takes it in again. */
export function togglePlugin(name: string): void {
  without.value = without.value.includes(name)
    ? without.value.filter((each) => each !== name)
    : [...without.value, name];
  void run();
}

/** Returns a link that opens the playground as it is. */
export async function link(): Promise<string> {
  const base = presetOf(preset.value).files;
  const changed = FILES.filter((name) => files.value[name] !== base[name]);
  const state = {
    preset: preset.value,
    files: Object.fromEntries(changed.map((name) => [name, files.value[name]])),
    engine: engine.value,
    principal: principal.value,
    without: without.value,
  };
  const url = new URL(location.href);
  url.hash = await encodeState(state);
  return url.href;
}

/** Opens what the address holds, or the first preset. */
export async function start(): Promise<void> {
  // The database is opened while the link is read.
  if (location.hash.length < 2) runner();
  const state = await decodeState(location.hash.slice(1));
  if (state !== undefined) {
    const { id, files: base } = presetOf(state.preset);
    preset.value = id;
    files.value = { ...base, ...state.files };
    engine.value = state.engine;
    principal.value = state.principal;
    without.value = state.without;
    // What a stranger wrote is read before it is run; the presets are ours.
    isForeign.value = Object.keys(state.files).length > 0;
  }
  if (isForeign.value) {
    runner();
    activity.value = "idle";
  } else await run();
}

/** Opens the next link in the same page. */
export function watchAddress(): void {
  addEventListener("hashchange", () => {
    if (location.hash.length > 1) void start();
  });
}

/** Calls a function with each result, now and later. */
export function onResult(listener: (result: Shown | undefined) => void): void {
  effect(() => listener(shown.value));
}
