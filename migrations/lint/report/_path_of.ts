/** Where the files of migrations are. */
export interface LintPaths {
  /** The folder of the migrations, from the root of the repository on. Default: none. */
  readonly folder?: string | undefined;
}

/** Returns the path of a file from the root of the repository on, with slashes. */
export function pathOf(file: string, { folder = "" }: LintPaths): string {
  const path = folder === "" ? file : `${folder.replaceAll("\\", "/")}/${file}`;
  const parts = path.replaceAll("\\", "/").split("/").filter((part, i) =>
    part !== "." && (part !== "" || i === 0)
  );
  return parts.join("/");
}
