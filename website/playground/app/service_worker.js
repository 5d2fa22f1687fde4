// Keeps the playground working without a network. The build writes VERSION and FILES before this.
const CACHE = `kysera-playground-${VERSION}`;

self.addEventListener("install", (event) => {
  const load = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })));
  };
  event.waitUntil(load());
});

self.addEventListener("activate", (event) => {
  const start = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("kysera-playground-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  };
  event.waitUntil(start());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(self.registration.scope)) {
    event.respondWith(answer(request));
  }
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request.mode === "navigate" ? "./" : request, {
    ignoreSearch: true,
  });
  if (found !== undefined) return found;
  const response = await fetch(request);
  // PostgreSQL and TypeScript are kept when they were used. The names of assets change with what is in them.
  if (response.ok && new URL(request.url).pathname.includes("/assets/")) {
    await cache.put(request, response.clone());
  }
  return response;
}
