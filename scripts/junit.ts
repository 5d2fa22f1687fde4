/**
 * Reads the JUnit files of the three test runners, which do not agree on much: Deno writes a flat
 * list of `outer > inner > test`, containers included; Node and Bun nest suites.
 *
 * @module
 */

/** One test that ran or was skipped. Containers (describe blocks) are no tests. */
export interface TestCase {
  /** The titles from the outermost describe block to the test, joined by ` > `. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
}

const TAG = /<(\/?)(testsuite|testcase|failure|error|skipped)\b((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g;
const SEPARATOR = " > ";

/**
 * Lists the tests in a JUnit file.
 *
 * @param xml The text of the file.
 * @returns The tests in the order of the file.
 */
export function parseJunit(xml: string): TestCase[] {
  const flat = xml.includes('<testsuites name="deno test"');
  const cases: TestCase[] = [];
  const suites: string[] = [];
  let current: { name: string; outcome: TestCase["outcome"] } | undefined;
  for (const [, closing, tag, attributes, selfClosing] of xml.matchAll(TAG)) {
    if (tag === "testsuite") {
      if (closing) suites.pop();
      else if (!selfClosing) suites.push(attribute(attributes!, "name"));
    } else if (tag === "testcase") {
      if (!closing) {
        const name = attribute(attributes!, "name");
        current = { name: flat ? name : [...suites, name].join(SEPARATOR), outcome: "passed" };
      }
      if ((closing || selfClosing) && current) {
        cases.push(current);
        current = undefined;
      }
    } else if (!closing && current) {
      current.outcome = tag === "skipped" ? "skipped" : "failed";
    }
  }
  return flat ? withoutContainers(cases) : cases;
}

/** Deno reports a describe block as a test, too; its name is the beginning of what is inside. */
function withoutContainers(cases: TestCase[]): TestCase[] {
  const containers = new Set<string>();
  for (const { name } of cases) {
    for (let end = name.indexOf(SEPARATOR); end >= 0; end = name.indexOf(SEPARATOR, end + 1)) {
      containers.add(name.slice(0, end));
    }
  }
  return cases.filter(({ name }) => !containers.has(name));
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&#10;", "\n")
    .replaceAll("&amp;", "&");
}
