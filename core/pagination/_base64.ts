/** Bytes as base64 for URLs, without padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The bytes of {@linkcode encodeBase64}.
 *
 * @throws if the text is anything else
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  // There are other spellings of the same bytes; each text is to be the only one for its own
  if (encodeBase64(bytes) !== text) throw new TypeError("no base64");
  return bytes;
}
