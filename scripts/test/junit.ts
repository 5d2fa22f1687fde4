/**
 * Reads the JUnit files of the three test runners, which do not agree on much: Deno writes a flat
 * list of `outer > inner > test`, containers included; Node and Bun nest suites.
 *
 * @module
 */

/** One test that ran or was skipped. Containers (describe blocks) are not tests. */
export interface TestCase {
  /** The titles from the outermost describe block to the test, joined by ` > `. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** What went wrong, as far as the runner tells; Bun tells more in its output. */
  readonly error?: string;
  /** Why the test was skipped, where the runner tells. */
  readonly reason?: string;
}

/** What stands between the titles of a {@linkcode TestCase}. */
export const SEPARATOR = " > ";

const TAG = /<(\/?)(testsuite|testcase|failure|error|skipped)\b((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g;
/** What Deno says of a describe block whose tests failed, or which was ended with them. */
const BY_ITS_TESTS = /^(\d+ test steps? failed|Cancelled)/;

/**
 * Lists the tests in a JUnit file.
 *
 * @param xml The text of the file.
 * @returns The tests in the order of the file. A describe block that failed by itself, by a hook for
 * example, is among them.
 */
export function parseJunit(xml: string): TestCase[] {
  const flat = xml.includes('<testsuites name="deno test"');
  const cases: TestCase[] = [];
  const suites: string[] = [];
  let current: { -readonly [K in keyof TestCase]: TestCase[K] } | undefined;
  for (
    const { 0: text, 1: closing, 2: tag, 3: attributes, 4: closed, index } of xml.matchAll(TAG)
  ) {
    if (tag === "testsuite") {
      if (closing) suites.pop();
      else if (!closed) suites.push(isFile(attributes!) ? "" : attribute(attributes!, "name"));
    } else if (tag === "testcase") {
      if (!closing) {
        const name = attribute(attributes!, "name");
        current = {
          name: flat ? name : [...suites, name].filter(Boolean).join(SEPARATOR),
          outcome: "passed",
          seconds: Number(attribute(attributes!, "time")) || 0,
        };
      }
      if ((closing || closed) && current) {
        cases.push(current);
        current = undefined;
      }
    } else if (!closing && current) {
      const message = attribute(attributes!, "message");
      if (tag === "skipped") {
        current.outcome = "skipped";
        if (message !== "") current.reason = message;
      } else {
        const start = index + text.length;
        const inner = closed ? "" : xml.slice(start, xml.indexOf(`</${tag}>`, start));
        current.outcome = "failed";
        current.error = unescape(inner).trim() || message;
      }
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
  return cases.filter(({ name, error }) =>
    !containers.has(name) || (error !== undefined && !BY_ITS_TESTS.test(error))
  );
}

/** Whether a suite is a file, as Bun's outermost ones are. */
function isFile(attributes: string): boolean {
  return attribute(attributes, "name") === attribute(attributes, "file");
}

function attribute(attributes: string, name: string): string {
  return unescape(new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

function unescape(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll(/&#x([\da-f]+);/gi, (_, code) => String.fromCodePoint(parseInt(code, 16)))
    .replaceAll("&amp;", "&");
}
