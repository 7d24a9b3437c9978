// The ways in from CI, as the documents give them to copy, against a GitHub on this machine over real HTTP.
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { parse } from "yaml";
import type { BuildView } from "../worker/registry/views.ts";
import { demoParts, finished } from "./lib/client.ts";
import { type GitHub, repository, startGitHub } from "./lib/github.ts";
import { root } from "./lib/registry.ts";

const url = inject("url");
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "parley-ci-"));
let github: GitHub;
let token: string;

beforeAll(async () => {
  github = await startGitHub(inject("githubPort"));
  const made = await post<{ token: { value: string } }>("/api/v1/vendors", { slug: "hvcorp", name: "Hvcorp" });
  token = made.token.value;
  writeBuild("1.0.0");
});
afterAll(async () => {
  await github.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  github.requests.length = 0;
});

async function post<T>(path: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  const as: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const all = { "content-type": "application/json", ...as, ...headers };
  const answer = await fetch(`${url}${path}`, { method: "POST", headers: all, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** A build folder as a vendor's CI has it. */
function writeBuild(version: string): void {
  const { manifest, guest } = demoParts("conformance/backends/native/build", {
    vendor: "hvcorp",
    backend: "hv",
    version,
  });
  writeFileSync(join(folder, "parley.json"), JSON.stringify(manifest));
  if (guest) writeFileSync(join(folder, "guest.wasm"), guest);
}

async function newestBuild(): Promise<BuildView> {
  const list = await fetch(`${url}/api/v1/builds?vendor=hvcorp&limit=1`);
  const [build] = ((await list.json()) as { items: { digest: string }[] }).items;
  return (await (await fetch(`${url}/api/v1/builds/${build?.digest}`)).json()) as BuildView;
}

describe("docs/submit.sh", () => {
  const submit = (as = token) =>
    run(join(root, "docs/submit.sh"), [folder], { env: { ...process.env, PARLEY_URL: url, PARLEY_TOKEN: as } });

  it("submits a folder and says what the verdict is", async () => {
    const { stdout, stderr } = await submit();
    expect(JSON.parse(stdout)).toMatchObject({ conforms: true });
    expect(stderr).toMatch(/run: http:.*\/api\/v1\/runs\/[0-9a-f]{24}/);
    expect(await newestBuild()).toMatchObject({ vendor: "hvcorp", backend: "hv", provenance: "token" });
    // Again: the same answer, no second run.
    expect((await submit()).stdout).toBe(stdout);
    expect((await newestBuild()).runs).toHaveLength(1);
  });

  it("shows a refusal whole and ends with 2, and says nothing of the token", async () => {
    const refused = submit(`${token.slice(0, -1)}x`);
    await expect(refused).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('"status": 401') });
    await refused.catch(({ stdout, stderr }) => expect(stdout + stderr).not.toContain(token.slice(0, 20)));
  });
});

describe("docs/parley-workflow.yml", () => {
  interface Workflow {
    permissions: Record<string, string>;
    env: Record<string, string>;
    jobs: { submit: { steps: { run?: string }[] } };
  }
  const workflow = parse(readFileSync(join(root, "docs/parley-workflow.yml"), "utf8")) as Workflow;
  const script = workflow.jobs.submit.steps.flatMap((step) => step.run ?? []).join("\n");
  /** As a runner does: its shell, the workflow's variables, and what GitHub gives the job. */
  const job = (backend = "hv") => {
    const own = { PARLEY_URL: url, PARLEY_BUILD: folder, PARLEY_BACKEND: backend };
    const env = { ...process.env, ...workflow.env, ...own, ...github.jobEnvironment };
    return run("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], { env, cwd: folder });
  };

  it("asks for what it needs and no more", () => {
    expect(workflow.permissions).toEqual({ contents: "read", "id-token": "write" });
    expect(workflow.env.PARLEY_AUDIENCE).toBe("parley");
    // Expressions in a script are how jobs are taken over: everything comes by environment.
    expect(script).not.toContain("${{");
  });

  it("is refused until its file is registered as a publisher", async () => {
    await expect(job()).rejects.toMatchObject({ stderr: expect.stringContaining("No publisher of hvcorp/hv") });
  });

  it("publishes without any kept secret: the build is attested, the vendor's repository proved", async () => {
    const { id, owner, name, workflow: file } = repository;
    const publisher = { backend: "hv", ownerId: owner, repositoryId: id, repository: name, workflow: file };
    await post("/api/v1/publishers", publisher);
    writeBuild("2.0.0");
    const { stdout } = await job();
    expect(stdout).toContain('"conforms": true');
    expect(await newestBuild()).toMatchObject({ version: "2.0.0", provenance: "ci-attested", unverified: false });
    expect(github.requests.some(({ path }) => path === "/.well-known/jwks" || path.startsWith("/token"))).toBe(true);
    const masked = /::add-mask::(parley_\S+)/.exec(stdout)?.[1] ?? "";
    expect(stdout.split(masked)).toHaveLength(2);
    const answer = await fetch(`${url}/api/v1/tokens`, { headers: { authorization: `Bearer ${masked}` } });
    expect(answer.status).toBe(403);
  });
});

describe("a GitHub hook", () => {
  async function deliver(secret: string, address: string, delivery: string): Promise<Response> {
    const body = JSON.stringify({ action: "published", release: { id: 5 }, repository: { id: 2002 } });
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const headers = {
      "content-type": "application/json",
      "x-github-event": "release",
      "x-github-delivery": delivery,
      "x-hub-signature-256": signature,
    };
    return fetch(address, { method: "POST", headers, body });
  }

  it("pulls a release, follows its store, and forwards no credentials; another machine's address is not fetched", async () => {
    const { hook, secret } = await post<{ hook: { url: string }; secret: string }>("/api/v1/hooks", {
      kind: "github",
      repositoryId: repository.id,
    });
    writeBuild("3.0.0");
    for (const name of ["parley.json", "guest.wasm"]) github.assets.set(name, readFileSync(join(folder, name)));
    github.store = "http://127.0.0.1:9";
    const refused = await deliver(secret, hook.url, "d-1");
    expect(refused.status).toBe(422);
    expect(((await refused.json()) as { detail: string }).detail).toContain(
      "sends on to an address that is not fetched",
    );
    github.store = null;
    const taken = await deliver(secret, hook.url, "d-1");
    expect(taken.status).toBe(202);
    const { run: made } = (await taken.json()) as { run: { id: string } };
    expect(await finished(url, made.id)).toMatchObject({ state: "published", summary: { conforms: true } });
    expect(github.requests.map(({ path }) => path)).toContain("/store/51?sig=s");
    expect(github.requests.every(({ authorization }) => authorization === null)).toBe(true);
  });
});
