import { Hono } from "hono";
import { html } from "hono/html";
import type { Env } from "../accounts/session.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

/** `/`: signs in as two organisations, side by side. */
export function pageRoutes(): Hono<Env> {
  return new Hono<Env>()
    .get("/", (c) => c.html(PAGE))
    .get("/style.css", (c) => c.body(STYLE, 200, { "content-type": "text/css; charset=utf-8" }))
    .get(
      "/page.js",
      (c) => c.body(SCRIPT, 200, { "content-type": "text/javascript; charset=utf-8" }),
    );
}

/** One of the two sides. The page keeps the token of each in memory, so they are two sessions. */
const side = (name: string, title: string, organisation: string, email: string) =>
  html`
    <section aria-labelledby="${name}-title" data-side="${name}" data-title="${title}">
      <h2 id="${name}-title">${title}: not signed in</h2>
      <form class="login">
        <label for="${name}-organisation">Organisation</label>
        <input id="${name}-organisation" name="organisation" value="${organisation}" autocomplete="off">
        <label for="${name}-email">Address</label>
        <input id="${name}-email" name="email" type="email" value="${email}" autocomplete="off">
        <label for="${name}-password">Password</label>
        <input id="${name}-password" name="password" type="password" autocomplete="off">
        <button>Sign in</button>
      </form>
      <div class="inside" hidden>
        <p class="usage"></p>
        <form class="project">
          <label for="${name}-project">New project</label>
          <div class="row">
            <input id="${name}-project" name="name" autocomplete="off" required>
            <button>Create</button>
          </div>
        </form>
        <h3>Projects</h3>
        <ul class="projects"></ul>
        <button class="probe">Ask for the other side's projects by their ids</button>
        <button class="logout plain">Sign out</button>
      </div>
      <p class="message" role="status"></p>
    </section>
  `;

const PAGE = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Two organisations</title>
    <link rel="stylesheet" href="/style.css">
    <link rel="icon" href="data:,">
    <script type="module" src="/page.js"></script>
  </head>
  <body>
    <header>
      <h1>Two organisations, side by side</h1>
      <p>
        The same program and the same requests: what differs is the token. Ask for an id of the other
        side, and the response is that there is no such thing.
      </p>
    </header>
    <main>
      ${side("left", "Left side", "acme", "ada@acme.example")}
      ${side("right", "Right side", "initech", "grace@initech.example")}
    </main>
  </body>
</html>`;
