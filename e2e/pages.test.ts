import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Matrix } from "../worker/registry/views.ts";
import { browserReason, hasBrowser, launchBrowser } from "./lib/browser.ts";
import { accepted, demoParts, finished } from "./lib/client.ts";

const url = inject("url");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

describe.skipIf(!hasBrowser)(`pages in a browser (${browserReason})`, () => {
  let browser: Browser;
  let failedRun: string;
  let addresses: string[];
  let disputed: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    const parts = demoParts("conformance/mutants/native-halt-window/build", { backend: "shown" });
    const { run, build } = await accepted(url, inject("demoToken"), parts);
    await finished(url, run.id);
    failedRun = `/runs/${run.id}`;
    addresses = ["/", "/ops/mmu.flush_tlb_multi", `/builds/${build.digest}`, failedRun];
    // Another party that differs: its reproduction and the dispute are on these pages too.
    disputed = await disputedRun(run.id);
    addresses.push(
      "/vendors/demo",
      "/backends/demo/shown",
      `/runs/${disputed}`,
      "/problems",
      "/problems/invalid-build",
    );
  });
  afterAll(() => browser?.close());

  const open = async (path: string, options: { width?: number; scheme?: "light" | "dark"; script?: boolean } = {}) => {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1200, height: 800 },
      colorScheme: options.scheme ?? "light",
      javaScriptEnabled: options.script ?? true,
      // axe is injected by the test; the CSP itself is checked below.
      bypassCSP: true,
    });
    const page = await context.newPage();
    const answer = await page.goto(url + path);
    expect(answer?.status(), path).toBe(200);
    return page;
  };

  const violations = async (path: string, scheme: "light" | "dark"): Promise<string[]> => {
    const page = await open(path, { scheme });
    await page.evaluate(axe);
    const found = await page.evaluate(async (tags) => {
      const { violations } = await (globalThis as unknown as { axe: { run(o: object): Promise<AxeResult> } }).axe.run({
        runOnly: tags,
      });
      return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    }, rules);
    await page.context().close();
    return found;
  };

  it.each(["light", "dark"] as const)("have no accessibility violation in %s", { timeout: 120_000 }, async (scheme) => {
    for (const path of addresses) expect(await violations(path, scheme), path).toEqual([]);
  });

  it.each(["light", "dark"] as const)("have none where every clause is listed, a long page, in %s", async (scheme) => {
    expect(await violations("/coverage", scheme)).toEqual([]);
  });

  it("show a dispute on run, backend and matrix, in words", async () => {
    for (const path of [`/runs/${disputed}`, "/backends/demo/shown", "/"]) {
      const page = await open(path);
      expect(await page.getByText("‽ disputed").count(), path).toBeGreaterThan(0);
      await page.context().close();
    }
  });

  it("never scroll sideways at 320 pixels", async () => {
    for (const path of [...addresses, "/coverage"]) {
      const page = await open(path, { width: 320 });
      expect(await page.locator("html").evaluate((html) => html.scrollWidth), path).toBeLessThanOrEqual(320);
      await page.context().close();
    }
  });

  it("show all groups of the matrix at 1200 pixels; where they scroll, by keyboard too, the backend's name stays", async () => {
    const wide = await open("/", { width: 1200 });
    const matrix = (page: Page) => page.getByRole("region", { name: "Backends by op group" });
    const beyond = (page: Page) => matrix(page).evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(await beyond(wide)).toBe(0);
    await wide.context().close();
    const narrow = await open("/", { width: 700 });
    expect(await beyond(narrow)).toBeGreaterThan(100);
    const name = matrix(narrow).getByRole("rowheader").first();
    const before = await name.evaluate((cell) => cell.getBoundingClientRect().left);
    await matrix(narrow).focus();
    for (let press = 0; press < 5; press++) await narrow.keyboard.press("ArrowRight");
    await expect.poll(() => matrix(narrow).evaluate((box) => box.scrollLeft)).toBeGreaterThan(50);
    expect(await name.evaluate((cell) => cell.getBoundingClientRect().left)).toBe(before);
    await narrow.context().close();
  });

  it("lead from the matrix to a clause, without script", async () => {
    const page = await open("/", { script: false });
    await page.getByRole("region", { name: "Backends by op group" }).getByRole("link", { name: "mmu" }).click();
    await page.getByRole("link", { name: "mmu.flush_tlb_multi" }).click();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("mmu.flush_tlb_multi");
    expect(await page.getByRole("rowheader", { name: "mmu.flush_tlb_multi.1", exact: true }).count()).toBe(1);
    await page.context().close();
  });

  it("show a failure first: expected, seen and a schedule, with a timeline per vCPU", async () => {
    const page = await open(failedRun);
    const failure = page.getByRole("article").first();
    for (const term of ["Expected", "Seen", "Schedule", "Where"])
      expect(await failure.getByText(term, { exact: true }).count(), term).toBe(1);
    const timeline = failure.locator("details");
    if ((await timeline.getAttribute("open")) === null) await timeline.locator("summary").click();
    await failure
      .getByRole("columnheader", { name: /^vCPU \d+$/ })
      .first()
      .waitFor({ timeout: 5_000 });
    await page.context().close();
  });

  it("follow a run to its end without a reload by hand", async () => {
    const { run } = await accepted(
      url,
      inject("demoToken"),
      demoParts("conformance/backends/kvm/build", { backend: "followed" }),
    );
    const page = await open(`/runs/${run.id}`);
    await page.getByText("core clauses held, published").waitFor({ timeout: 30_000 });
    await page.context().close();
  });

  it("obey a policy that refuses everything inline", async () => {
    const messages: string[] = [];
    const page: Page = await browser.newPage();
    page.on("console", (message) => messages.push(message.text()));
    page.on("pageerror", (error) => messages.push(error.message));
    const answer = await page.goto(url + failedRun);
    expect(answer?.headers()["content-security-policy"]).toContain("default-src 'none'");
    await page.getByRole("button", { name: "Copy" }).first().waitFor();
    expect(messages).toEqual([]);
    await page.close();
  });
});

async function post<T>(path: string, token: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) };
  const answer = await fetch(url + path, { method: "POST", headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** A verified party commits to a digest that the registry does not get, twice. @returns the run that is disputed then */
async function disputedRun(run: string): Promise<string> {
  const mediator = inject("mediatorToken");
  const { token } = await post<{ token: { value: string } }>("/api/v1/vendors", mediator, {
    slug: "party",
    name: "Party",
  });
  await post("/api/v1/vendors/party/verify", mediator);
  type Issued = { reproduction: { id: string; state: string } };
  const { reproduction } = await post<Issued>(`/api/v1/runs/${run}/reproductions`, token.value);
  await post(`/api/v1/reproductions/${reproduction.id}/commit`, token.value, {
    reportDigest: `sha256:${"e".repeat(64)}`,
  });
  for (let poll = 0; poll < 400; poll++) {
    const now = (await (await fetch(`${url}/api/v1/reproductions/${reproduction.id}`)).json()) as Issued;
    if (now.reproduction.state === "disputed") return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`reproduction ${reproduction.id} does not end`);
}

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[];
}

describe("pages as data", () => {
  it("have the same address with .json", async () => {
    const matrix = (await (await fetch(`${url}/index.json`)).json()) as Matrix;
    const row = matrix.rows[0];
    for (const path of [`/ops/irq.disable.json`, `/builds/${row?.build}.json`, `/runs/${row?.run.id}.json`]) {
      const answer = await fetch(url + path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get("content-type"), path).toContain("application/json");
    }
  });

  it("answer 404 in words for what is not there", async () => {
    const answer = await fetch(`${url}/runs/no-such-run`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("There is no run no-such-run here.");
  });
});
