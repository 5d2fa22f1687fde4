import type { Client, Reply } from "./client.ts";

/** The ids of an organisation, by what they are of. */
export type Ids = Readonly<Record<"member" | "project" | "document" | "invitation", string>> & {
  readonly others: readonly string[];
};

/** A route of the API. */
export interface Route {
  readonly method: string;
  /** With its parameters: `/projects/:id`. */
  readonly path: string;
}

/** What the body of a route must be for the route to look at its ids. */
export const BODIES: Readonly<Record<string, unknown>> = {
  "POST /signup": {
    organisation: "x",
    slug: "x-x",
    name: "x",
    email: "x@x.example",
    password: "short",
  },
  "POST /login": { organisation: "x", email: "x@x.example", password: "x" },
  "POST /invitations/accept": { token: "x.x.x", name: "x", password: "correct horse" },
  "POST /support/login": { email: "x@x.example", password: "x" },
  "POST /support/impersonate": { organisation: "x", member: "x", reason: "x" },
  "PATCH /members/:id": { name: "Taken over", phone: "1" },
  "POST /members/:id/erase": undefined,
  "POST /invitations": { email: "x@x.example" },
  "POST /projects": { name: "x" },
  "PATCH /projects/:id": { name: "Taken over" },
  "PUT /projects/:id/members/:member": undefined,
  "POST /projects/:id/documents": { title: "x", body: "x" },
  "PATCH /documents/:id": { title: "Taken over" },
};

/** What has no id, and is tried with whatever else a request may hold. */
export const WITHOUT_IDS: readonly string[] = [
  "GET /me",
  "GET /members",
  "GET /invitations",
  "GET /projects",
  "GET /usage",
  "GET /audit",
  "GET /audit/export",
  "GET /impersonations",
];

/** The routes of the API, each once. */
export function routesOf(app: { routes: readonly { method: string; path: string }[] }): Route[] {
  const found = new Map<string, Route>();
  for (const { method, path } of app.routes) {
    if (method === "ALL" || !path.startsWith("/api/")) continue;
    const route = { method, path: path.slice("/api".length) };
    found.set(`${method} ${route.path}`, route);
  }
  return [...found.values()];
}

/** A request that was sent, and what it was answered with. */
export interface Attempt {
  readonly what: string;
  readonly reply: Reply;
}

/**
 * Sends a route every combination of ids for its parameters in which at least one is foreign.
 *
 * @param client who asks
 * @param route the route
 * @param own the ids of the caller's organisation
 * @param foreign the ids of the other
 */
export async function tryIds(
  client: Client,
  route: Route,
  own: Ids,
  foreign: Ids,
): Promise<Attempt[]> {
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const { others, ...kinds } = foreign;
  const strangers = [...Object.values(kinds), ...others];
  const { others: _, ...ownKinds } = own;
  const values = [
    ...strangers.map((id) => ({ id, isForeign: true })),
    ...Object.values(ownKinds).map((id) => ({ id, isForeign: false })),
  ];
  let combinations: { path: string; isForeign: boolean }[] = [{
    path: route.path,
    isForeign: false,
  }];
  for (const name of names) {
    combinations = combinations.flatMap(({ path, isForeign }) =>
      values.map((value) => ({
        path: path.replace(`:${name}`, value.id),
        isForeign: isForeign || value.isForeign,
      }))
    );
  }
  const attempts: Attempt[] = [];
  const body = BODIES[`${route.method} ${route.path}`];
  for (const { path, isForeign } of combinations) {
    if (!isForeign) continue;
    const reply = await client.request(route.method, path, body);
    attempts.push({ what: `${route.method} ${path}`, reply });
  }
  return attempts;
}
