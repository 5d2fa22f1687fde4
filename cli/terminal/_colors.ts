import pc from "picocolors";
import type { Host, HostStream } from "../contract/_host.ts";

/** Functions that colour text, or leave it alone. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Returns the colours of a stream: none in a pipe, nor where they are not wanted. */
export function colorsOf(
  stream: HostStream,
  env: Host["env"],
  isWanted: boolean,
): Colors {
  return pc.createColors(isWanted && !env["NO_COLOR"] && (forced(env) ?? stream.isTTY));
}

function forced({ FORCE_COLOR: value, TERM }: Host["env"]): boolean | undefined {
  if (value !== undefined && value !== "") return value !== "0" && value !== "false";
  return TERM === "dumb" ? false : undefined;
}
