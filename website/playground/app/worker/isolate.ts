/** What a program could use to reach the network, or what the site has stored. */
const FORBIDDEN: readonly string[] = [
  "BroadcastChannel",
  "EventSource",
  "FileSystemHandle",
  "Notification",
  "SharedWorker",
  "WebSocket",
  "WebSocketStream",
  "WebTransport",
  "Worker",
  "XMLHttpRequest",
  "caches",
  "cookieStore",
  "fetch",
  "importScripts",
  "indexedDB",
  "webkitRequestFileSystem",
  "webkitRequestFileSystemSync",
];

/**
 * Takes what reaches beyond the worker out of its global scope: a program may come from a link that
 * a stranger has made.
 */
export function isolate(): void {
  for (const name of FORBIDDEN) remove(globalThis, name);
  for (const name of ["storage", "serviceWorker", "locks"]) remove(globalThis.navigator, name);
}

/** A global is a property of one of the prototypes of the global object. */
function remove(object: object, name: string): void {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    if (!Object.hasOwn(at, name)) continue;
    if (!Reflect.deleteProperty(at, name)) {
      Object.defineProperty(at, name, { value: undefined });
    }
  }
}
