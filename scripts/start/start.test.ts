import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isToken } from "../../worker/identity/token.ts";
import { ensureSecrets } from "./secrets.mjs";
import { startServer } from "./server.mjs";
import { localSettings, migrateLocal, wranglerEnv } from "./settings.mjs";

const folder = mkdtempSync(join(tmpdir(), "parley-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("secrets of the local Worker", () => {
  it("are made once, readable by their owner alone, and kept", async () => {
    const path = join(folder, "made.vars");
    const { mediatorToken } = await ensureSecrets(path);
    expect(isToken(mediatorToken)).toBe(true);
    expect(Buffer.from(/SECRETS_KEY=(.*)/.exec(readFileSync(path, "utf8"))?.[1] ?? "", "base64")).toHaveLength(32);
    expect(statSync(path).mode & 0o077).toBe(0);
    const before = readFileSync(path, "utf8");
    expect((await ensureSecrets(path)).mediatorToken).toBe(mediatorToken);
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  it("are added to what the developer keeps there", async () => {
    const path = join(folder, "own.vars");
    writeFileSync(path, "MINE=1\n");
    await ensureSecrets(path);
    const names = Array.from(readFileSync(path, "utf8").matchAll(/^(\w+)=/gm), ([, name]) => name);
    expect(names).toEqual(["MINE", "MEDIATOR_TOKEN", "SECRETS_KEY"]);
  });
});

describe("settings", () => {
  it("refuse a PORT that is none, and say what to do", () => {
    for (const PORT of ["0", "65536", "http", "80.5"])
      expect(() => localSettings({ PORT })).toThrow(/set it to a number/);
    expect(localSettings({ PORT: "9000", PARLEY_STATE: folder })).toMatchObject({
      port: 9000,
      url: "http://127.0.0.1:9000",
    });
  });

  it("keep wrangler quiet, and its files in the state folder", () => {
    const env = wranglerEnv(folder, {});
    expect(env).toMatchObject({
      WRANGLER_SEND_METRICS: "false",
      X_LOCAL_EXPLORER: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    });
    for (const name of ["WRANGLER_LOG_PATH", "WRANGLER_REGISTRY_PATH", "XDG_CONFIG_HOME"] as const)
      expect(env[name].startsWith(folder), name).toBe(true);
  });
});

describe("the local database", () => {
  const stamp = join(folder, "v3/d1/parley-migrated.json");
  const digest = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join("migrations", name)))
      .digest("hex");
  const names = readdirSync("migrations").filter((name) => name.endsWith(".sql"));
  const applied = (own: object) => {
    mkdirSync(join(folder, "v3/d1"), { recursive: true });
    writeFileSync(stamp, JSON.stringify({ ...Object.fromEntries(names.map((name) => [name, digest(name)])), ...own }));
  };

  it("is left alone if it has had these migrations", async () => {
    applied({});
    const before = readFileSync(stamp, "utf8");
    await migrateLocal(folder);
    expect(readFileSync(stamp, "utf8")).toBe(before);
    expect(readdirSync(join(folder, "v3/d1"))).toEqual(["parley-migrated.json"]);
  });

  it.each([[names[0] ?? ""], ["0009_gone.sql"]])("of another version is refused, with what to do: %s", async (name) => {
    applied({ [name]: "0".repeat(64) });
    const told = migrateLocal(folder);
    await expect(told).rejects.toThrow(`its migration ${name} is not the one here`);
    await expect(told).rejects.toThrow(`Delete ${folder} to begin afresh`);
  });
});

describe("server", () => {
  it("that cannot be built ends with an error instead of waiting for somebody to mend it", async () => {
    const script = join(folder, "broken.ts");
    writeFileSync(script, "export const broken: = 1;\n");
    const probe = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => probe.once("listening", resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    const settings = { port, url: `http://127.0.0.1:${port}`, stateFolder: folder };
    const server = await startServer(settings, { script });
    try {
      await expect(server.answers).rejects.toThrow(/could not be built/);
    } finally {
      await server.stop();
    }
  });

  it("refuses a port that is taken, and says how to choose another", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const starting = startServer({ port, url: `http://127.0.0.1:${port}`, stateFolder: folder });
    await expect(starting).rejects.toThrow(`port ${port} is taken`);
    other.close();
  });
});
