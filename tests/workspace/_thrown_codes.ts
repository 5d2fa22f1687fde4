/**
 * Finds the codes that errors of the packages are thrown with, by reading the sources.
 *
 * @module
 */
import { join, relative } from "node:path";
import ts from "typescript";
import { sourceFiles } from "../../scripts/source.ts";
import { type Member, ROOT } from "../../scripts/workspace.ts";

/** A code, and where it is given to an error. */
export interface ThrownCode {
  readonly code: string;
  /** `core/errors/not_found_error.ts:43`. */
  readonly at: string;
}

/** What the sources say of codes. */
export interface ThrownCodes {
  readonly codes: readonly ThrownCode[];
  /** Where an error is given a code that cannot be told from the source. */
  readonly unknown: readonly string[];
}

/** A parameter that becomes the code of an error, and what is put round it. */
interface Sink {
  readonly parameter: ts.ParameterDeclaration;
  readonly prefix: string;
  readonly suffix: string;
}

/**
 * Collects the codes of the errors that packages create: what becomes the member `code` of a class of
 * errors, and what is given to a parameter, of whatever function, that is handed on to it.
 *
 * @param members the packages
 * @param extra the text of more files, by path
 * @returns the codes, and the places where one cannot be told
 */
export function thrownCodes(
  members: readonly Member[],
  extra: Readonly<Record<string, string>> = {},
): ThrownCodes {
  const files = [...members.flatMap((member) => sourceFiles(member)), ...Object.keys(extra)];
  const program = programOf(files, members, extra);
  const own = program.getSourceFiles().filter(({ fileName }) => files.includes(fileName));
  return new Search(program.getTypeChecker(), own).run();
}

function programOf(
  files: readonly string[],
  members: readonly Member[],
  extra: Readonly<Record<string, string>>,
): ts.Program {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.esnext.d.ts"],
    types: [],
    paths: Object.fromEntries(
      members.map(({ name, dir, exports }) => [name, [join(dir, exports["."]!)]]),
    ),
  };
  const host = ts.createCompilerHost(options);
  return ts.createProgram(files, options, {
    ...host,
    fileExists: (file) => file in extra || host.fileExists(file),
    readFile: (file) => extra[file] ?? host.readFile(file),
    getSourceFile: (file, version) =>
      file in extra
        ? ts.createSourceFile(file, extra[file]!, version, true)
        : host.getSourceFile(file, version),
  });
}

type Call = ts.CallExpression | ts.NewExpression;

class Search {
  readonly #checker: ts.TypeChecker;
  readonly #sources: readonly ts.SourceFile[];
  readonly #calls = new Map<ts.SignatureDeclaration, Call[]>();
  readonly #codes: ThrownCode[] = [];
  readonly #unknown: string[] = [];
  readonly #sinks: Sink[] = [];

  constructor(checker: ts.TypeChecker, sources: readonly ts.SourceFile[]) {
    this.#checker = checker;
    this.#sources = sources;
  }

  run(): ThrownCodes {
    for (const source of this.#sources) this.#visit(source);
    // The list grows while it is gone through.
    for (const sink of this.#sinks) this.#follow(sink);
    return { codes: this.#codes, unknown: this.#unknown };
  }

  /** Notes calls by what they call, and the members of errors that are codes. */
  #visit(node: ts.Node): void {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const declaration = this.#checker.getResolvedSignature(node)?.declaration;
      if (declaration !== undefined && !ts.isJSDocSignature(declaration)) {
        const calls = this.#calls.get(declaration);
        if (calls === undefined) this.#calls.set(declaration, [node]);
        else calls.push(node);
      }
    }
    if (ts.isClassLike(node) && isErrorClass(node)) this.#visitError(node);
    if (ts.isCallExpression(node) && node.expression.getText() === "Object.assign") {
      for (const argument of node.arguments) {
        if (!ts.isObjectLiteralExpression(argument)) continue;
        for (const property of argument.properties) {
          if (!ts.isPropertyAssignment(property) || nameOf(property.name) !== "code") continue;
          this.#read(property.initializer, "", "");
        }
      }
    }
    ts.forEachChild(node, (child) => this.#visit(child));
  }

  #visitError(node: ts.ClassLikeDeclaration): void {
    for (const member of node.members) {
      if (ts.isPropertyDeclaration(member) && nameOf(member.name) === "code") {
        if (member.initializer) this.#read(member.initializer, "", "");
      }
      if (!ts.isConstructorDeclaration(member) || member.body === undefined) continue;
      const visit = (inner: ts.Node): void => {
        if (
          ts.isBinaryExpression(inner) && inner.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
          ts.isPropertyAccessExpression(inner.left) && inner.left.name.text === "code" &&
          inner.left.expression.kind === ts.SyntaxKind.ThisKeyword
        ) this.#read(inner.right, "", "");
        ts.forEachChild(inner, visit);
      };
      visit(member.body);
    }
  }

  /** Reads what is given to a parameter, wherever its function is called. */
  #follow({ parameter, prefix, suffix }: Sink): void {
    const declaration = parameter.parent;
    const index = declaration.parameters.indexOf(parameter);
    for (const call of this.#calls.get(declaration) ?? []) {
      const argument = call.arguments?.[index];
      if (argument !== undefined) this.#read(argument, prefix, suffix);
      else if (parameter.initializer) this.#read(parameter.initializer, prefix, suffix);
    }
  }

  #read(node: ts.Expression, prefix: string, suffix: string): void {
    if (
      ts.isParenthesizedExpression(node) || ts.isAsExpression(node) ||
      ts.isSatisfiesExpression(node) || ts.isNonNullExpression(node)
    ) return this.#read(node.expression, prefix, suffix);
    if (ts.isConditionalExpression(node)) {
      this.#read(node.whenTrue, prefix, suffix);
      return this.#read(node.whenFalse, prefix, suffix);
    }
    if (ts.isTemplateExpression(node) && node.templateSpans.length === 1) {
      const [span] = node.templateSpans;
      return this.#read(span!.expression, prefix + node.head.text, span!.literal.text + suffix);
    }
    if (ts.isIdentifier(node)) {
      const declaration = this.#checker.getSymbolAtLocation(node)?.valueDeclaration;
      if (declaration !== undefined && ts.isParameter(declaration)) {
        return this.#add({ parameter: declaration, prefix, suffix });
      }
    }
    // A code that is passed on was read where the error was made.
    if (ts.isPropertyAccessExpression(node) && node.name.text === "code") {
      const made = this.#checker.getTypeAtLocation(node.expression).symbol?.valueDeclaration;
      if (made !== undefined && ts.isClassLike(made) && isErrorClass(made)) return;
    }
    const texts = textsOf(this.#checker.getTypeAtLocation(node));
    if (texts === undefined) this.#unknown.push(`${placeOf(node)}: ${node.getText()}`);
    else {
      for (const text of texts) {
        this.#codes.push({ code: prefix + text + suffix, at: placeOf(node) });
      }
    }
  }

  #add(sink: Sink): void {
    const isKnown = this.#sinks.some((other) =>
      other.parameter === sink.parameter && other.prefix === sink.prefix &&
      other.suffix === sink.suffix
    );
    if (!isKnown) this.#sinks.push(sink);
  }
}

/**
 * Tells whether a class is an error, by the name of what it extends.
 *
 * @param node the class
 */
export function isErrorClass(node: ts.ClassLikeDeclaration): boolean {
  const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  return base !== undefined && /Error$/.test(base.types[0]!.expression.getText());
}

function nameOf(name: ts.PropertyName): string | undefined {
  return ts.isIdentifier(name) ? name.text : undefined;
}

/** The texts that a type allows; `undefined` where it allows any. */
function textsOf(type: ts.Type): readonly string[] | undefined {
  if (type.isStringLiteral()) return [type.value];
  if (!type.isUnion()) return undefined;
  const texts = type.types.map(textsOf);
  return texts.includes(undefined) ? undefined : texts.flatMap((each) => each!);
}

function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${relative(ROOT, source.fileName)}:${line + 1}`;
}
