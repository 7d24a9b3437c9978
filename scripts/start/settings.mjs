// Where a local registry lives and how wrangler is told to stay on this machine.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { root } from "../lib/toolchain.mjs";

export const wranglerPath = join(root, "node_modules/wrangler/bin/wrangler.js");

/**
 * Settings of one local registry, from the environment.
 * @returns {{port: number, url: string, stateFolder: string}} `PORT` (default 8787); `PARLEY_STATE`, the folder that
 *   keeps D1, R2 and the seed (default `.wrangler/state`). Throws an Error if PORT is no port.
 */
export function localSettings(env = process.env) {
  const port = Number(env.PORT ?? 8787);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`PORT is "${env.PORT}", which is no TCP port; set it to a number from 1 to 65535`);
  }
  const stateFolder = resolve(root, env.PARLEY_STATE ?? ".wrangler/state");
  mkdirSync(stateFolder, { recursive: true });
  return { port, url: `http://127.0.0.1:${port}`, stateFolder };
}

/** wrangler's environment: no telemetry, no update check, no prompts, no explorer on the public port, nothing in $HOME. */
export function wranglerEnv(stateFolder, env = process.env) {
  const own = join(stateFolder, "wrangler");
  return {
    ...env,
    CI: "1",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(own, "logs"),
    WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
    WRANGLER_REGISTRY_PATH: join(own, "registry"),
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_SEND_METRICS: "false",
    XDG_CONFIG_HOME: join(own, "config"),
    // The explorer would let anybody who reaches the port read D1 and R2; observability halves the throughput.
    X_LOCAL_EXPLORER: "false",
    X_LOCAL_OBSERVABILITY: "false",
  };
}

/**
 * Applies the D1 migrations to the local database, unless it has had these very ones: asking wrangler takes seconds.
 * Throws an Error with wrangler's own words if one fails.
 */
export async function migrateLocal(stateFolder) {
  const current = hashOfFiles(join(root, "migrations"));
  // Beside the database, so that whoever deletes one deletes both.
  const stamp = join(stateFolder, "v3/d1/parley-migrated");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === current) return;
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateFolder];
  const options = { cwd: root, env: wranglerEnv(stateFolder) };
  await promisify(execFile)(process.execPath, [wranglerPath, ...args], options).catch(({ stdout, stderr }) => {
    throw new Error(`migrating the local D1 failed\n${stdout}${stderr}\nDelete ${stateFolder} to begin afresh.`);
  });
  writeFileSync(stamp, current);
}

function hashOfFiles(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}
