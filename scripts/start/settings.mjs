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
 * Throws an Error with wrangler's own words if one fails, and if the database has had others than these: wrangler goes by their
 * names alone, and the Worker would meet tables that it does not know.
 */
export async function migrateLocal(stateFolder) {
  const current = hashesOf(join(root, "migrations"));
  // Beside the database, so that whoever deletes one deletes both.
  const stamp = join(stateFolder, "v3/d1/parley-migrated.json");
  const applied = existsSync(stamp) ? JSON.parse(readFileSync(stamp, "utf8")) : {};
  const changed = Object.keys(applied).find((name) => applied[name] !== current[name]);
  if (changed) {
    throw new Error(
      `the local database in ${stateFolder} was made by another version of Parley: its migration ${changed} is not the one here. ` +
        `Delete ${stateFolder} to begin afresh, or keep it and start with another one: PARLEY_STATE=.wrangler/other npm start`,
    );
  }
  if (Object.keys(current).every((name) => name in applied)) return;
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateFolder];
  const options = { cwd: root, env: wranglerEnv(stateFolder) };
  await promisify(execFile)(process.execPath, [wranglerPath, ...args], options).catch(({ stdout, stderr }) => {
    throw new Error(`migrating the local D1 failed\n${stdout}${stderr}\nDelete ${stateFolder} to begin afresh.`);
  });
  writeFileSync(stamp, JSON.stringify(current, null, 2));
}

/** Digest of each migration by file name. */
function hashesOf(folder) {
  const names = readdirSync(folder).filter((file) => file.endsWith(".sql"));
  const digest = (name) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(names.sort().map((name) => [name, digest(name)]));
}
