import { env } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../app.ts";
import { toHex } from "../identity/encoding.ts";
import { QUOTAS } from "../limits.ts";
import { quickParts } from "../test/builds.ts";
import { bearer, countRows, jsonOf, ORIGIN, postJson, problemOf, registerVendor } from "../test/requests.ts";
import { zipOf } from "../test/zip.ts";
import { verifyGithub } from "./github-signature.ts";
import { readZip } from "./zip.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const API = "http://127.0.0.1:1/api";
const REPOSITORY = `${API}/repositories/2002`;
const STORE = "https://store.blob-host.net";
const parts = quickParts();
const manifest = parts.manifest as Bytes;
const guest = parts.guest as Bytes;

let token: string;
let hook: { hook: { id: string; url: string }; secret: string };
let asked: { url: string; headers: Record<string, string> }[];
let answers: Record<string, () => Response>;

beforeEach(async () => {
  token = await registerVendor("parley");
  hook = await jsonOf(await postJson("/api/v1/hooks", { kind: "github", repositoryId: "2002" }, bearer(token)));
  asked = [];
  answers = {
    [`${REPOSITORY}/releases/5`]: () =>
      Response.json({
        draft: false,
        assets: [
          { id: 51, name: "parley.json" },
          { id: 52, name: "guest.wasm" },
          { id: 53, name: "notes.txt" },
        ],
      }),
    [`${REPOSITORY}/releases/assets/51`]: () => new Response(manifest),
    [`${REPOSITORY}/releases/assets/52`]: () => to(`${STORE}/guest?sig=hidden`),
    [`${STORE}/guest?sig=hidden`]: () => new Response(guest),
    [`${REPOSITORY}/actions/runs/6`]: () => Response.json(runOf({})),
    [`${REPOSITORY}/actions/runs/6/artifacts?name=parley-build`]: () =>
      Response.json({ artifacts: [{ id: 61, name: "parley-build", expired: false }] }),
    [`${REPOSITORY}/actions/artifacts/61/zip`]: () => to(`${STORE}/zip`),
  };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    asked.push({ url: String(url), headers: (init?.headers ?? {}) as Record<string, string> });
    expect(init?.redirect).toBe("manual");
    return answers[String(url)]?.() ?? new Response("none", { status: 404 });
  });
});

afterEach(() => vi.restoreAllMocks());

const to = (address: string) => new Response(null, { status: 302, headers: { Location: address } });
const runOf = (change: object) => ({ conclusion: "success", event: "push", head_repository: { id: 2002 }, ...change });
const release = { action: "published", release: { id: 5 }, repository: { id: 2002 } };
const workflowRun = { action: "completed", workflow_run: { id: 6 }, repository: { id: 2002 } };

async function signatureOf(secret: string, body: string): Promise<string> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const key = await crypto.subtle.importKey("raw", encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return `sha256=${toHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(body))))}`;
}

interface Sending {
  event?: string;
  delivery?: string;
  secret?: string;
  sent?: string;
}

async function send(payload: unknown, { event = "release", delivery = "d-1", secret, sent }: Sending = {}) {
  const text = JSON.stringify(payload);
  const body = sent ?? text;
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": String(body.length),
    "X-GitHub-Event": event,
    "X-GitHub-Delivery": delivery,
    "X-Hub-Signature-256": await signatureOf(secret ?? hook.secret, text),
  };
  const bindings = { ...env, GITHUB_API: API, GITHUB_TOKEN: "operator-token" };
  return app.request(`${ORIGIN}/hooks/github/${hook.hook.id}`, { method: "POST", body, headers }, bindings);
}

async function nothing(response: Response, status: number): Promise<string> {
  const problem = await problemOf(response, status);
  expect(await countRows("builds", "runs", "deliveries")).toBe(0);
  return problem.detail;
}

describe("POST /hooks/github/{id}", () => {
  it("pulls a published release from the registered repository, and forwards no credentials", async () => {
    const response = await send({ ...release, evil: { assets_url: "https://evil.net/" } });
    expect(response.status).toBe(202);
    expect(await countRows("builds", "runs", "deliveries")).toBe(3);
    expect(asked.map(({ url }) => url)).toEqual([
      `${REPOSITORY}/releases/5`,
      `${REPOSITORY}/releases/assets/51`,
      `${REPOSITORY}/releases/assets/52`,
      `${STORE}/guest?sig=hidden`,
    ]);
    expect(asked[0]?.headers.Authorization).toBe("Bearer operator-token");
    expect(asked[3]?.headers).toEqual({ "User-Agent": "parley-registry" });
    const used = await env.DB.prepare("SELECT used FROM quota_use WHERE quota = 'bytes'").first<number>("used");
    expect(used).toBeGreaterThan(manifest.length + guest.length);
  });

  it("charges what it pulled, and stores nothing beyond the quota", async () => {
    const most = QUOTAS.bytes.max - manifest.length - guest.length;
    await env.DB.prepare("INSERT INTO quota_use VALUES ('vendor:parley', 'bytes', ?, ?)").bind(Date.now(), most).run();
    const refused = await send(release);
    expect(refused.status).toBe(429);
    expect(await jsonOf(refused)).toMatchObject({ "violated-policies": ["bytes"] });
    expect(await countRows("builds", "runs", "deliveries")).toBe(0);
  });

  it("pulls the artefact of a workflow run", async () => {
    const zip = await zipOf([
      { name: "parley.json", bytes: manifest },
      { name: "guest.wasm", bytes: guest },
      { name: "../host.wasm", bytes: guest },
    ]);
    answers[`${STORE}/zip`] = () => new Response(zip);
    expect((await send(workflowRun, { event: "workflow_run" })).status).toBe(202);
    expect(await countRows("builds")).toBe(1);
  });

  it("takes a delivery once, and one that failed again", async () => {
    const whole = answers[`${STORE}/guest?sig=hidden`] as () => Response;
    answers[`${STORE}/guest?sig=hidden`] = () => new Response("down", { status: 503 });
    expect(await nothing(await send(release), 422)).toContain("503");
    answers[`${STORE}/guest?sig=hidden`] = whole;
    expect((await send(release)).status).toBe(202);
    const again = await send(release);
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual({ ignored: expect.stringContaining("before") });
    expect(await countRows("builds", "deliveries")).toBe(2);
  });

  it("refuses a wrong secret, a body written anew, and an unknown hook", async () => {
    await nothing(await send(release, { secret: "other" }), 401);
    await nothing(await send(release, { sent: JSON.stringify(release, null, 1) }), 401);
    hook.hook.id = "unknown";
    await nothing(await send(release), 404);
    expect(asked).toEqual([]);
  });

  it("refuses events of another repository, and ids that are no numbers", async () => {
    expect(await nothing(await send({ ...release, repository: { id: 2003 } }), 403)).toContain("2002");
    await nothing(await send({ ...release, release: { id: "5/../../6" } }), 400);
    expect(asked).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["ping", { zen: "x" }, "ping"],
    ["a release that is only created", { ...release, action: "created" }, "release"],
    ["a run that only began", { ...workflowRun, action: "requested" }, "workflow_run"],
  ])("ignores %s", async (_, payload, event) => {
    const response = await send(payload, { event });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ignored: expect.any(String) });
    expect(asked).toEqual([]);
  });

  it.each([
    "http://store.blob-host.net/x",
    "https://127.0.0.1/x",
    "https://2130706433/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest",
    "https://localhost/",
    "/relative",
  ])("is not sent on to %s", async (address) => {
    answers[`${REPOSITORY}/releases/assets/52`] = () => to(address);
    expect(await nothing(await send(release), 422)).toContain("sends on");
    expect(asked.map(({ url }) => url)).not.toContain(address);
  });

  it("stops at the fourth hop and at the limit of a part", async () => {
    answers[`${STORE}/guest?sig=hidden`] = () => to(`${STORE}/guest?sig=hidden`);
    expect(await nothing(await send(release), 422)).toContain("302");
    answers[`${STORE}/guest?sig=hidden`] = () => new Response(new Uint8Array((1 << 20) + 1));
    const detail = await nothing(await send(release), 422);
    expect(detail).toContain("1048576");
    expect(detail).not.toContain("hidden");
  });

  it.each<[string, object]>([
    ["that failed", { conclusion: "failure" }],
    ["of a fork's commit", { head_repository: { id: 9 } }],
    ["of a pull request", { event: "pull_request_target" }],
  ])("does not take a workflow run %s", async (_, change) => {
    answers[`${REPOSITORY}/actions/runs/6`] = () => Response.json(runOf(change));
    await nothing(await send(workflowRun, { event: "workflow_run" }), 422);
    expect(asked).toHaveLength(1);
  });
});

describe("X-Hub-Signature-256", () => {
  const secret = new TextEncoder().encode("It's a Secret to Everybody");
  const body = new TextEncoder().encode("Hello, World!");
  const good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

  it("holds for GitHub's own example, and for nothing near it", async () => {
    await verifyGithub([secret], good, body);
    for (const wrong of [undefined, "", good.slice(0, -1), `${good.slice(0, -1)}8`, good.replace("sha256", "sha1")]) {
      await expect(verifyGithub([secret], wrong, body)).rejects.toThrow(/does not match/);
    }
  });
});

describe("readZip", () => {
  const bytes = new TextEncoder().encode("a".repeat(1000));
  const read = async (entries: Parameters<typeof zipOf>[0], max = 1000) => readZip(await zipOf(entries), { a: max });

  it("reads known names alone", async () => {
    const found = await read([
      { name: "a", bytes },
      { name: "x/a", bytes },
      { name: "__proto__", bytes },
    ]);
    expect([...found]).toEqual([["a", bytes]]);
  });

  it.each<[string, Parameters<typeof zipOf>[0], number, RegExp]>([
    [
      "a name twice",
      [
        { name: "a", bytes },
        { name: "a", bytes },
      ],
      1000,
      /more than once/,
    ],
    ["a file that grows beyond its limit", [{ name: "a", bytes }], 999, /larger than 999/],
    ["a wrong checksum", [{ name: "a", bytes, crc: 1 }], 1000, /checksum/],
    ["an encrypted file", [{ name: "a", bytes, flags: 1 }], 1000, /neither stored/],
    ["too many entries", Array.from({ length: 65 }, (_, i) => ({ name: `f${i}`, bytes })), 1000, /65 entries/],
  ])("refuses %s", async (_, entries, max, why) => {
    await expect(read(entries, max)).rejects.toThrow(why);
  });

  it("refuses whatever is cut off", async () => {
    const whole = await zipOf([{ name: "a", bytes }]);
    for (let from = 1; from < whole.length; from += 3) {
      await expect(readZip(whole.slice(from), { a: 1000 }), `from ${from}`).rejects.toThrow(
        /zip|inflate|stored|checksum/,
      );
      await expect(readZip(whole.slice(0, -from), { a: 1000 }), `to ${from}`).rejects.toThrow(/zip/);
    }
  });
});
