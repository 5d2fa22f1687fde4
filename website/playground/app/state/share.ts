import type { EngineName, Files } from "../protocol.ts";

/** What a link holds. */
export interface SharedState {
  /** The preset that the program began with. */
  readonly preset: string;
  /** The files that differ from the preset's. */
  readonly files: Partial<Files>;
  readonly engine: EngineName;
  readonly principal: string | undefined;
  readonly without: readonly string[];
}

const VERSION = "1";

/**
 * Returns the fragment of a link: the state as JSON, compressed, in base64url.
 *
 * @param state what to share
 */
export async function encodeState(state: SharedState): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  const packed = await through(bytes, new CompressionStream("deflate-raw"));
  const text = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  return VERSION + text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Reads the fragment of a link.
 *
 * @param fragment the fragment, without `#`
 * @returns the state; `undefined` if it holds none
 */
export async function decodeState(fragment: string): Promise<SharedState | undefined> {
  if (!fragment.startsWith(VERSION)) return undefined;
  try {
    const text = atob(fragment.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const bytes = await through(packed, new DecompressionStream("deflate-raw"));
    return checked(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

/** Whoever made the link may have put anything in it. */
function checked(value: unknown): SharedState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { preset, files, engine, principal, without } = value as Record<string, unknown>;
  if (typeof preset !== "string" || typeof files !== "object" || files === null) return undefined;
  const given = files as Record<string, unknown>;
  const own: Partial<Record<keyof Files, string>> = {};
  for (const name of ["schema", "plugins", "query"] as const) {
    const text = given[name];
    if (typeof text === "string") own[name] = text;
  }
  return {
    preset,
    files: own,
    engine: engine === "postgres" ? "postgres" : "sqlite",
    principal: typeof principal === "string" ? principal : undefined,
    without: Array.isArray(without) ? without.filter((name) => typeof name === "string") : [],
  };
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = new Response(new Blob([bytes]).stream().pipeThrough(stream));
  return new Uint8Array(await response.arrayBuffer());
}
