/** Returns what a database says of something as a comment of TypeScript, or nothing. */
export function docComment(comment: string | null, indent: string): string {
  if (comment === null || comment.trim() === "") return "";
  // What ends a comment must not end this one.
  const lines = comment.trim().replaceAll("*/", "* /").split(/\r?\n/);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${
    lines.map((line) => `${indent} * ${line}`.trimEnd() + "\n").join("")
  }${indent} */\n`;
}
