import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import process from "node:process";
import { commandLine, type Project } from "./program.ts";

/** What a tool has answered. */
export interface ToolResult {
  readonly isError: boolean;
  /** What it returned; what is in it depends on the tool. */
  readonly data: any;
  readonly text: string;
}

/** An assistant, as far as a server sees one. */
export interface Assistant {
  readonly client: Client;
  call(tool: string, args?: Record<string, unknown>): Promise<ToolResult>;
  /** What the server has said on its standard error so far. */
  log(): string;
}

/** Runs `kysera mcp` in a process of its own, and a test with a client of the official library. */
export async function withAssistant(
  project: Project,
  args: readonly string[],
  test: (assistant: Assistant) => Promise<void>,
): Promise<void> {
  const [command, ...rest] = [...commandLine(), "mcp", ...args];
  const transport = new StdioClientTransport({
    command: command!,
    args: rest,
    cwd: project.folder,
    stderr: "pipe",
    env: environment(),
  });
  let said = "";
  transport.stderr?.on("data", (chunk: unknown) => said += String(chunk));
  const client = new Client({ name: "test", version: "1.0.0" });
  const errors: Error[] = [];
  // What is not the protocol on the standard output is an error of the transport.
  client.onerror = (error) => errors.push(error);
  try {
    await client.connect(transport);
    await test({
      client,
      log: () => said,
      async call(name, args = {}) {
        const result = await client.callTool({ name, arguments: args });
        const [first] = result.content as readonly { readonly text?: string }[];
        return {
          isError: result.isError === true,
          data: result.structuredContent,
          text: first?.text ?? "",
        };
      },
    });
    if (errors.length > 0) throw new AggregateError(errors, `The client failed: ${errors[0]}`);
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : error}\nThe server said:\n${said}`,
      {
        cause: error,
      },
    );
  } finally {
    await client.close();
  }
}

/** What the process needs to find programs, caches and certificates. */
function environment(): Record<string, string> {
  const kept = /^(?:PATH|HOME|TMPDIR|XDG_CACHE_HOME|DENO_\w+|\w*_CERTS?|SSL_CERT_\w+)$/;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && kept.test(name) ? [[name, value]] : []
    ),
  );
}
