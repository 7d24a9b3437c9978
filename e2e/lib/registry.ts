import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const READY_MS = 180_000;

/** A registry that `npm start` runs, with a folder and a port of its own. */
export interface Registry {
  url: string;
  stateFolder: string;
  mediatorToken: string;
  /** Tokens of the vendors `parley` and `demo`. */
  tokens: Record<"parley" | "demo", string>;
  output(): string;
  /** Sends the signal to npm alone, or as a terminal does to its whole group; resolves when npm has ended. */
  stop(signal: "SIGTERM" | "SIGINT", to: "npm" | "group"): Promise<void>;
}

export function newStateFolder(): string {
  return mkdtempSync(join(tmpdir(), "parley-e2e-"));
}

export function removeStateFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

export interface Starting {
  child: ChildProcess;
  url: string;
  output(): string;
  ended: Promise<void>;
}

/** Runs `npm start` as the leader of a process group, as a terminal does. */
export async function spawnStart(
  stateFolder: string,
  { project = root, variables = {} }: { project?: string; variables?: Record<string, string> } = {},
): Promise<Starting> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), PARLEY_STATE: stateFolder, ...variables };
  const child = spawn("npm", ["start"], { cwd: project, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return { child, url: `http://127.0.0.1:${port}`, output: () => output, ended };
}

/** Runs `npm start` until it says that it is ready; throws an Error with its output if it ends or takes too long. */
export async function startRegistry(
  stateFolder: string,
  options: Parameters<typeof spawnStart>[1] = {},
): Promise<Registry> {
  const { child, url, output, ended } = await spawnStart(stateFolder, options);
  await untilSays(child, output, "Parley is ready");
  return {
    url,
    stateFolder,
    mediatorToken: /Mediator token:\s+(\S+)/.exec(output())?.[1] ?? "",
    tokens: JSON.parse(readFileSync(join(stateFolder, "parley-tokens.json"), "utf8")),
    output,
    stop: async (signal, to) => {
      process.kill(to === "group" ? -(child.pid as number) : (child.pid as number), signal);
      await ended;
    },
  };
}

export async function untilSays(child: ChildProcess, output: () => string, text: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (!output().includes(text)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      if (child.exitCode === null) process.kill(-(child.pid as number), "SIGTERM");
      throw new Error(`npm start did not say "${text}"; it said:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Processes of a registry, by the environment that all of them inherit. Linux only. */
export function processesOf(stateFolder: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environmentOf(pid).includes(`PARLEY_STATE=${stateFolder}\0`)).map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return ""; // It ended meanwhile, or is not ours to read.
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
