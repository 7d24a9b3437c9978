// The local Worker as one process group: started, waited for, and ended with everything it started.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { root } from "../lib/toolchain.mjs";
import { wranglerEnv, wranglerPath } from "./settings.mjs";

const TERMINATE_MS = 5_000;
const ANSWER_MS = 60_000;
/** Variables of the Worker that may be set for a local one. */
const VARIABLES = ["OIDC_AUDIENCE", "OIDC_ISSUER", "OIDC_JWKS_URL", "GITHUB_API"];
const BUILD_FAILED = /Build failed with \d+ error/;

/**
 * Starts `wrangler dev` for these settings.
 * @param {{port: number, url: string, stateFolder: string}} settings
 * @param {{onExit?: (code: number) => void, script?: string}} [options] onExit: it ended although nobody called stop();
 *   script: an entry other than wrangler.toml's
 * @returns {Promise<{answers: Promise<void>, stop: () => Promise<void>}>} once it is a process that can be stopped;
 *   `answers` rejects if it ends before it answers. Throws if the port is taken
 */
export async function startServer(settings, { onExit = () => {}, script } = {}) {
  if (await isListening(settings.port)) {
    throw new Error(
      `port ${settings.port} is taken; stop what listens there or choose another one: PORT=8788 npm start`,
    );
  }
  const args = [
    "dev",
    ...(script ? [script] : []),
    "--local",
    "--ip",
    "127.0.0.1",
    "--port",
    String(settings.port),
    "--inspector-port",
    "0",
  ];
  // What an operator sets in production by `[vars]` (docs/operations.md), here from the environment.
  const vars = VARIABLES.filter((name) => process.env[name]).flatMap((name) => [
    "--var",
    `${name}:${process.env[name]}`,
  ]);
  const rest = [
    ...vars,
    "--persist-to",
    settings.stateFolder,
    "--log-level",
    "error",
    "--show-interactive-dev-session=false",
  ];
  // A group of its own: a Ctrl-C in the terminal reaches only us, and we end the whole group in order.
  const child = spawn(process.execPath, [wranglerPath, ...args, ...rest], {
    cwd: root,
    env: wranglerEnv(settings.stateFolder),
    detached: true,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const state = { ended: false, stopping: false, answered: false };
  // A bundle that does not build is reported, and then wrangler waits for somebody to mend it, with every request held.
  const broken = new Promise((_, reject) => {
    child.stderr.on("data", (chunk) => {
      process.stderr.write(chunk);
      if (!state.answered && BUILD_FAILED.test(String(chunk))) {
        reject(new Error("the Worker could not be built; the messages above say where"));
      }
    });
  });
  broken.catch(() => {});
  const exited = new Promise((resolve) => child.once("exit", resolve));
  exited.then((code) => {
    state.ended = true;
    if (state.answered && !state.stopping) onExit(code ?? 1);
  });
  const stop = async () => {
    state.stopping = true;
    await endGroup(child, exited);
  };
  return { answers: Promise.race([untilAnswers(settings.url, state), broken]), stop };
}

async function untilAnswers(url, state) {
  const deadline = Date.now() + ANSWER_MS;
  while (Date.now() < deadline) {
    if (state.stopping) return;
    if (state.ended) throw new Error("the local Worker ended before it answered; its messages are above");
    const answer = await fetch(`${url}/openapi.json`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) {
      state.answered = true;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `the local Worker did not answer ${url}/openapi.json within ${ANSWER_MS / 1000} s; its messages are above`,
  );
}

/** SIGTERM to wrangler, which ends its children in order; after five seconds, or for what it left, SIGKILL to the group. */
async function endGroup(child, exited) {
  child.kill("SIGTERM");
  await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, TERMINATE_MS))]);
  // Bounded: where nobody reaps orphans, their zombies answer signals for ever.
  const deadline = Date.now() + TERMINATE_MS;
  while (signalGroup(child.pid, "SIGKILL") && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await exited;
}

/** False if the group has no process any more. */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (error.code === "ESRCH") return false;
    throw error;
  }
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
