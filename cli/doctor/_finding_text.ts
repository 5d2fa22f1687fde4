import type { Colors } from "../terminal/_colors.ts";
import type { Finding } from "./_check.ts";

/** A finding as people read it: what, why, and what mends it. */
export function findingText(
  { check, severity, message, reason, fix }: Finding,
  { red, yellow, cyan, bold, dim }: Colors,
): string {
  const paint = { error: red, warning: yellow, info: cyan }[severity];
  return `${paint(severity)} ${message} ${dim(`(${check})`)}\n  ${reason}\n  ${
    bold("Instead:")
  } ${fix}`;
}
