/**
 * What stands for `node:test` inside of Cloudflare's runtime, which has none: as much of it as the
 * contract of the dialects uses.
 *
 * @module
 */

/** How a test has ended. */
export interface TestResult {
  /** The titles of the groups around the test, and its own. */
  readonly name: string;
  /** Why it was not run. */
  readonly skip?: string | undefined;
  /** Why it has failed. */
  readonly error?: string | undefined;
}

interface Options {
  readonly skip?: boolean | string | undefined;
}
type Work = () => unknown;

class Group {
  readonly name: string;
  readonly skip: Options["skip"];
  readonly before: Work[] = [];
  readonly after: Work[] = [];
  readonly beforeEach: Work[] = [];
  readonly afterEach: Work[] = [];
  readonly members: (Group | { name: string; skip: Options["skip"]; work: Work })[] = [];

  constructor(name: string, skip: Options["skip"]) {
    this.name = name;
    this.skip = skip;
  }
}

let current = new Group("", false);
const root = current;

/** Declares a group of tests. */
export function describe(name: string, ...rest: [Work] | [Options, Work]): void {
  const { options, work } = parse(rest);
  const around = current;
  const group = new Group(name, options.skip);
  around.members.push(group);
  current = group;
  try {
    work();
  } finally {
    current = around;
  }
}

/** Declares a test. */
export function it(name: string, ...rest: [Work] | [Options, Work]): void {
  const { options, work } = parse(rest);
  current.members.push({ name, skip: options.skip, work });
}

/** Declares what runs before the tests of a group. */
export function before(work: Work, _options?: unknown): void {
  current.before.push(work);
}

/** Declares what runs after the tests of a group. */
export function after(work: Work, _options?: unknown): void {
  current.after.push(work);
}

/** Declares what runs before each test of a group. */
export function beforeEach(work: Work, _options?: unknown): void {
  current.beforeEach.push(work);
}

/** Declares what runs after each test of a group. */
export function afterEach(work: Work, _options?: unknown): void {
  current.afterEach.push(work);
}

/** Runs what was declared. */
export async function runTests(): Promise<TestResult[]> {
  const results: TestResult[] = [];
  await runGroup(root, [], results);
  return results;
}

async function runGroup(
  group: Group,
  path: string[],
  results: TestResult[],
  around: readonly Group[] = [],
): Promise<void> {
  const groups = [...around, group];
  const failed = await outcome(async () => {
    for (const work of group.before) await work();
  });
  for (const member of group.members) {
    const names = [...path, member.name];
    const name = names.join(" > ");
    if (member.skip) results.push({ name, skip: String(member.skip) });
    else if (failed !== undefined) results.push({ name, error: failed });
    else if (member instanceof Group) await runGroup(member, names, results, groups);
    else results.push({ name, error: await runTest(member.work, groups) });
  }
  const error = await outcome(async () => {
    for (const work of group.after) await work();
  });
  if (error !== undefined) results.push({ name: [...path, "after"].join(" > "), error });
}

/** Runs a test, with what runs before and after each of its groups' tests. */
async function runTest(work: Work, groups: readonly Group[]): Promise<string | undefined> {
  const failed = await outcome(async () => {
    for (const { beforeEach } of groups) for (const each of beforeEach) await each();
    await work();
  });
  const after = await outcome(async () => {
    for (const { afterEach } of [...groups].reverse()) for (const each of afterEach) await each();
  });
  return failed ?? after;
}

async function outcome(work: Work): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.stack ?? error.message : String(error);
  }
}

function parse(rest: [Work] | [Options, Work]): { options: Options; work: Work } {
  return rest.length === 1 ? { options: {}, work: rest[0] } : { options: rest[0], work: rest[1] };
}
