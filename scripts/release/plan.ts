/**
 * What a release consists of, and what speaks against it.
 *
 * @module
 */
import type { Member } from "../workspace.ts";

/** What the checkout and the registries say. */
export interface ReleaseState {
  readonly members: readonly Pick<Member, "name" | "path" | "version" | "bin">[];
  readonly changelog: string;
  readonly branch: string;
  /** Whether something is not committed. */
  readonly isDirty: boolean;
  /** Tags of the repository. */
  readonly tags: readonly string[];
  /** The commit that is checked out, and those that tags stand for. */
  readonly commit: string;
  readonly commitOf: (tag: string) => string | undefined;
  /** Names of the packages whose version npm has already. */
  readonly onNpm: ReadonlySet<string>;
}

/** A command of a release. */
export interface ReleaseStep {
  readonly title: string;
  readonly command: readonly string[];
  /** Where it runs, from the root of the repository. */
  readonly cwd: string;
}

/** The branch that is released. */
const BRANCH = "main";

/**
 * Returns what keeps a checkout from being released; an empty list if nothing does.
 *
 * @param state the checkout
 */
export function problemsOf(state: ReleaseState): string[] {
  const { members, changelog, branch, isDirty, tags } = state;
  const version = versionOf(state);
  const problems: string[] = [];
  for (const { name, version: own } of members) {
    if (own !== version) problems.push(`${name} has version ${own}, and the others ${version}`);
  }
  if (!isVersion(version)) problems.push(`"${version}" is not a version, such as 1.2.3`);
  if (branch !== BRANCH) problems.push(`the branch is "${branch}"; check "${BRANCH}" out`);
  if (isDirty) problems.push("something is not committed");
  if (!sectionOf(changelog, version)) {
    problems.push(`CHANGELOG.md has no entries under "## ${version}"`);
  }
  const tagged = state.commitOf(tagOf(version));
  if (tagged !== undefined && tagged !== state.commit) {
    problems.push(`the tag ${tagOf(version)} is there, of another commit`);
  }
  const newer = tags.map((tag) => tag.slice(1)).filter((each) =>
    isVersion(each) && compareVersions(each, version) > 0
  );
  if (newer.length > 0) problems.push(`version ${newer.join(", ")} is newer`);
  return problems;
}

/**
 * Returns the commands of a release in their order. Those of what is done already are left out, so a
 * release that was stopped goes on: JSR skips by itself what it has.
 *
 * @param state the checkout
 */
export function stepsOf(state: ReleaseState): ReleaseStep[] {
  const version = versionOf(state);
  const tag = tagOf(version);
  return [
    { title: "npm packages are built", command: ["deno", "task", "build:npm"], cwd: "." },
    { title: "JSR gets all packages", command: ["deno", "publish"], cwd: "." },
    ...state.members.filter(({ name }) => !state.onNpm.has(name)).map(({ name }) => ({
      title: `npm gets ${name}`,
      command: ["npm", "publish", tarballOf(name, version), "--access", "public", "--provenance"],
      cwd: "npm/tarballs",
    })),
    ...state.tags.includes(tag)
      ? []
      : [{ title: `${tag} is set`, command: ["git", "tag", tag], cwd: "." }],
    { title: `${tag} is pushed`, command: ["git", "push", "origin", tag], cwd: "." },
  ];
}

/** Returns what the changelog says of a version; `undefined` where it says nothing. */
export function sectionOf(changelog: string, version: string): string | undefined {
  const lines = changelog.split("\n");
  const start = lines.findIndex((line) =>
    line === `## ${version}` || line.startsWith(`## ${version} `)
  );
  if (start < 0) return undefined;
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith("## "));
  const section = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  return section.join("\n").trim() || undefined;
}

/** Returns less than, more than or exactly 0, as the first version comes before the second. */
export function compareVersions(a: string, b: string): number {
  const [one, two] = [a, b].map((version) => {
    const [numbers, label] = version.split(/-(.*)/s);
    return { numbers: numbers!.split(".").map(Number), label };
  });
  for (let i = 0; i < 3; i++) {
    const difference = one!.numbers[i]! - two!.numbers[i]!;
    if (difference !== 0) return difference;
  }
  // What has a label comes before what has none.
  if (one!.label === two!.label) return 0;
  if (one!.label === undefined) return 1;
  if (two!.label === undefined) return -1;
  return one!.label.localeCompare(two!.label, "en", { numeric: true });
}

function versionOf({ members }: ReleaseState): string {
  return members[0]!.version;
}

function isVersion(version: string): boolean {
  return /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version);
}

function tagOf(version: string): string {
  return `v${version}`;
}

/** As `npm pack` names it. */
function tarballOf(name: string, version: string): string {
  return `${name.slice(1).replace("/", "-")}-${version}.tgz`;
}
