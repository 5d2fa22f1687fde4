import { spawnSync } from "node:child_process";
import process from "node:process";
import { type Project, run } from "./program.ts";

/** Why no terminal can be made here, for the `skip` of a test; `false` if one can. */
export function whyNoTerminal(): string | false {
  const { status } = spawnSync("python3", ["-c", "import pty"]);
  return status === 0 ? false : "there is no Python";
}

/** Runs a command in a terminal, and types a line whenever it asks. */
export async function inTerminal(
  project: Project,
  command: readonly string[],
  lines: readonly string[],
  question: string,
): Promise<{ code: number | null; stdout: string }> {
  const program = `
import fcntl, json, os, pty, select, struct, sys, termios
command, lines, question = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
seen = b""
at = 0
while True:
    ready, _, _ = select.select([fd], [], [], 20)
    if not ready:
        os.kill(pid, 9)
        break
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
    seen += data
    if lines and question.encode() in seen[at:]:
        at = len(seen)
        os.write(fd, lines.pop(0).encode() + b"\\r")
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)`;
  const argument = JSON.stringify([command, lines, question]);
  const { code, stdout } = await run(["python3", "-c", program, argument], project.folder, {
    env: {
      TERM: "xterm",
      ...process.env["PATH"] === undefined ? {} : { PATH: process.env["PATH"] },
    },
  });
  // deno-lint-ignore no-control-regex
  return { code, stdout: stdout.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "") };
}
