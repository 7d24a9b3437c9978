// What the starters need before any dependency exists: runs on Node 20, imports nothing but Node.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const stamp = join(root, "node_modules/.cache/parley-installed");

/** Installs the locked dependencies if node_modules does not match the lock file. */
export async function install() {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const lock = createHash("sha256").update(lockText).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  if (!isInstalled(JSON.parse(lockText))) {
    console.log("parley: installing dependencies (npm ci) …");
    const code = await run("npm", ["ci", "--no-audit", "--no-fund"]);
    if (code !== 0) throw new Error(`npm ci failed with exit code ${code}; run it by hand to see why`);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** True if every package that all platforms need is there in the locked version; npm keeps that list in a hidden file. */
function isInstalled(lock) {
  const hidden = join(root, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const wanted = Object.entries(lock.packages).filter(([path, entry]) => path !== "" && !entry.optional);
  return wanted.every(([path, entry]) => installed[path]?.version === entry.version);
}

/** Path of a Node that runs the tools: the one npm installed, else this one if it is new enough. */
export function nodePath() {
  const installed = join(root, "node_modules/.bin/node");
  if (existsSync(installed)) return installed;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  throw new Error(
    `Node ${process.versions.node} is too old here: this platform has no packaged Node 24, install Node 22.12 or newer`,
  );
}

/** Runs a command with this terminal; signals reach it; resolves to its exit code. */
export function run(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env });
    const pass = (signal) => child.kill(signal);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, pass);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const name of signals) process.off(name, pass);
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}
