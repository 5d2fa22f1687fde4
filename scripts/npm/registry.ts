/**
 * An npm registry of the tarballs, on this machine only: with it a program is installed word for word
 * as its documentation says.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { members, ROOT } from "../workspace.ts";
import { TARBALLS } from "./project.ts";

/** A running registry. */
export interface Registry {
  /** The line of an `.npmrc` that has the packages of the scope come from here. */
  readonly npmrc: string;
  close(): Promise<void>;
}

/**
 * Serves the tarballs of `deno task build:npm`. Other packages come from where they always do.
 *
 * @returns the registry, which listens
 */
export async function serveTarballs(): Promise<Registry> {
  const packages = new Map(members().map(({ name }) => [name, name.replace("@kysera/", "")]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname).slice(1);
    const folder = packages.get(path);
    if (folder !== undefined) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(packument(folder, `http://${request.headers.host}/`)));
    } else if (readdirSync(TARBALLS).includes(path)) {
      response.end(readFileSync(join(TARBALLS, path)));
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    npmrc: `@kysera:registry=http://127.0.0.1:${port}/\n`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a registry says of a package that has one version. */
function packument(folder: string, address: string): object {
  const manifest = JSON.parse(readFileSync(join(ROOT, "npm", folder, "package.json"), "utf8"));
  const { name, version } = manifest;
  const tarball = `kysera-${folder}-${version}.tgz`;
  const content = readFileSync(join(TARBALLS, tarball));
  const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
  return {
    name,
    "dist-tags": { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball: address + tarball, integrity } } },
  };
}
