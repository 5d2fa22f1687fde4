/**
 * An address that stands for a server, and later for another one: what a virtual address, or a proxy
 * in front of a cluster, is to its clients.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** An address. */
export interface Address {
  readonly port: number;
  /** Ends all connections; new ones go to another port, or to nobody. */
  pointTo(port: number | undefined): void;
  close(): Promise<void>;
}

/** Opens an address that stands for nobody yet. */
export async function openAddress(): Promise<Address> {
  let target: number | undefined;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    client.on("error", () => client.destroy());
    if (target === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    // A server that listens on TCP has such an address.
    port: (server.address() as AddressInfo).port,
    pointTo(port) {
      target = port;
      for (const socket of open) socket.destroy();
    },
    async close() {
      target = undefined;
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
