import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { ROOT } from "../workspace.ts";
import { brokenLinks } from "./_check_links.ts";
import { wrongWords } from "./_check_words.ts";
import { signatureOf } from "./_signatures.ts";

describe("wrongWords()", () => {
  it("finds phrases in prose, and leaves code alone", () => {
    const text =
      "There is no rule.\n\nIt is no rule, but for `is no code`.\n\n```sh\nis no rule\n```\n";
    assert.deepEqual(
      wrongWords("a.md", text).map((problem) => problem.split(" (")[0]),
      ['a.md: "is no rule"', 'a.md: "but for"'],
    );
  });
});

describe("brokenLinks()", () => {
  it("finds pages that are missing, and pictures without a text", () => {
    const html =
      '<a href="/kysera/not-there">x</a><a href="https://example.org/">y</a><img src="data:,">';
    assert.deepEqual(brokenLinks([{ path: "a.html", html }]), [
      "a.html: there is no /kysera/not-there",
      'a.html: a picture has no text: <img src="data:,">',
    ]);
  });
});

describe("signatureOf()", () => {
  const url = (path: string) => pathToFileURL(join(ROOT, path)).href;

  it("leaves out bodies and private members", () => {
    const text = signatureOf(url("executor/api/bind_context.ts"), "bindContext", 0);
    assert.equal(
      text,
      "function bindContext<K extends AnyKysely<any>>(executor: K, context: object): K;",
    );
    const monitor = signatureOf(url("infra/health/health_monitor.ts"), "HealthMonitor", 0)!;
    assert.match(monitor, /^class HealthMonitor/);
    assert.doesNotMatch(monitor, /#|return |^ {4}\w.*=/m);
  });

  it("knows nothing of files outside of the repository", () => {
    assert.equal(signatureOf("npm:kysely", "Kysely", 0), undefined);
  });
});
