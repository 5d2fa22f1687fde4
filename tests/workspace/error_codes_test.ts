import { ErrorCodes, errorPage } from "@kysera/core";
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";
import { SITE } from "../../scripts/repository.ts";
import { parseSource, sourceFiles } from "../../scripts/source.ts";
import { members, ROOT } from "../../scripts/workspace.ts";
import { isErrorClass, thrownCodes } from "./_thrown_codes.ts";

/** What drivers and databases throw: where a package stands for one, its codes are not ours. */
const FOREIGN: readonly string[] = ["ECONNRESET", "25P02"];
/** Their codes are not in the catalogue: what a test injects, and what the program explains itself. */
const WITHOUT_PAGE: readonly string[] = ["InjectedFaultError", "CliError"];
const CATALOGUE = join(ROOT, "core/errors/error_codes.ts");

const all = members();

describe("the catalogue of error codes", () => {
  const { codes, unknown } = thrownCodes(all);
  const thrown = new Set(codes.map(({ code }) => code));

  it("can be compared with the sources: each code that is thrown is written there", () => {
    assert.deepEqual(unknown, []);
  });

  it("has every code that a package throws", () => {
    const missing = codes.filter(({ code }) =>
      !Object.hasOwn(ErrorCodes, code) && !FOREIGN.includes(code)
    );
    assert.deepEqual(missing.map(({ code, at }) => `${code} of ${at}`), []);
  });

  it("calls deprecated what no package throws, and nothing else", () => {
    const deprecated = deprecatedCodes();
    const dead = Object.keys(ErrorCodes).filter((code) => !thrown.has(code));
    assert.deepEqual(dead.sort(), [...deprecated].sort());
  });
});

describe("errorPage()", () => {
  it("is on the site, where docs:build puts the section of a code", () => {
    assert.equal(errorPage("QUERY_REPLACE"), `${SITE}errors#QUERY_REPLACE`);
  });
});

describe("the classes of errors", () => {
  it("that have a code tell the page that explains it", () => {
    const declares = (node: ts.ClassLikeDeclaration, name: string) =>
      node.members.some((each) => ts.isPropertyDeclaration(each) && each.name.getText() === name);
    const silent = all.flatMap(sourceFiles).flatMap((file) => errorClasses(parseSource(file)))
      // A class that narrows the code has the page from the one that it extends.
      .filter((node) => declares(node, "code") && /^(Aggregate)?Error$/.test(baseOf(node)))
      .filter((node) => !declares(node, "docs")).map((node) => node.name?.text);
    assert.deepEqual(silent.sort(), [...WITHOUT_PAGE].sort());
  });

  for (const member of all) {
    it(`of ${member.name} have a name that no minifier changes`, () => {
      const found = sourceFiles(member).flatMap((file) =>
        errorClasses(parseSource(file))
          .filter((node) => nameSetBy(node) !== node.name?.text)
          .map((node) => `${relative(ROOT, file)}: ${node.name?.text} sets "${nameSetBy(node)}"`)
      );
      assert.deepEqual(found, []);
    });
  }
});

describe("thrownCodes()", () => {
  /** What is found in one file. */
  const read = (text: string) => {
    const { codes, unknown } = thrownCodes([], { [join(ROOT, "_sample.ts")]: text });
    return { codes: codes.map(({ code }) => code).sort(), unknown: unknown.length };
  };
  const BASE = `
    class BaseError extends Error {
      readonly code: string;
      constructor(message: string, code: string) { super(message); this.code = code; }
    }`;

  it("follows a code from where it is written to the error", () => {
    const { codes, unknown } = read(`${BASE}
      type Reason = "A" | "B";
      class Refused extends BaseError {
        constructor(reason: Reason = "B") { super("", \`REFUSED_\${reason}\`); }
      }
      const CODES = { FROM_TABLE: "FROM_TABLE" } as const;
      const invalid = (code: string) => new BaseError("", code);
      export const errors = (isFirst: boolean) => [
        new BaseError("", "LITERAL"),
        new BaseError("", isFirst ? "FIRST" : ("SECOND" as string)),
        new BaseError("", CODES.FROM_TABLE),
        invalid("BY_FUNCTION"),
        new Refused("A"),
        new Refused(),
        Object.assign(new Error(), { code: "ASSIGNED" }),
      ];`);
    assert.deepEqual(codes, [
      "ASSIGNED",
      "BY_FUNCTION",
      "FIRST",
      "FROM_TABLE",
      "LITERAL",
      "REFUSED_A",
      "REFUSED_B",
      "SECOND",
    ]);
    assert.equal(unknown, 0);
  });

  it("finds the code of a class's own, and one that a subclass inherits the constructor for", () => {
    const { codes } = read(`${BASE}
      class Inheriting extends BaseError {}
      class Own extends Error { readonly code = "OWN"; }
      export const errors = [new Inheriting("", "INHERITED"), new Own()];`);
    assert.deepEqual(codes, ["INHERITED", "OWN"]);
  });

  it("does not take what a type allows for what is thrown", () => {
    const { codes } = read(`${BASE}
      class Typed extends BaseError {
        constructor(code: "USED" | "UNUSED") { super("", code); }
      }
      export const error = new Typed("USED");`);
    assert.deepEqual(codes, ["USED"]);
  });

  it("says where a code cannot be told", () => {
    const { unknown } = read(`${BASE}
      declare function codeOf(): string;
      export const error = new BaseError("", codeOf());`);
    assert.equal(unknown, 1);
  });
});

/** The codes that are marked as deprecated, or whose table is. */
function deprecatedCodes(): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node, isDeprecated: boolean): void => {
    const deprecated = isDeprecated || ts.getJSDocDeprecatedTag(node) !== undefined;
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.initializer) && deprecated) {
      found.add(node.initializer.text);
    }
    ts.forEachChild(node, (child) => visit(child, deprecated));
  };
  visit(parseSource(CATALOGUE), false);
  return found;
}

function errorClasses(source: ts.SourceFile): ts.ClassLikeDeclaration[] {
  const found: ts.ClassLikeDeclaration[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node) && isErrorClass(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The name of the class that a class extends. */
function baseOf(node: ts.ClassLikeDeclaration): string {
  return node.heritageClauses?.[0]?.types[0]?.expression.getText() ?? "";
}

/** The text that a class sets its `name` to: as a member, or on its prototype. */
function nameSetBy(node: ts.ClassLikeDeclaration): string | undefined {
  for (const member of node.members) {
    if (ts.isPropertyDeclaration(member) && member.name.getText() === "name") {
      const { initializer } = member;
      return initializer && ts.isStringLiteral(initializer) ? initializer.text : undefined;
    }
    if (!ts.isClassStaticBlockDeclaration(member)) continue;
    const [, name] = /^this\.prototype\.name = "(\w+)";$/m.exec(
      member.body.statements.map((statement) => statement.getText()).join("\n"),
    ) ?? [];
    if (name !== undefined) return name;
  }
  return undefined;
}
