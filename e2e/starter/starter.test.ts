import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Matrix } from "../../worker/registry/views.ts";
import { accepted, demoParts, finished, runView } from "../lib/client.ts";
import {
  newStateFolder,
  processesOf,
  type Registry,
  removeStateFolder,
  spawnStart,
  startRegistry,
  untilSays,
} from "../lib/registry.ts";

const onLinux = process.platform === "linux";

/** The way of a run, each step once. */
const way = ["received", "queued", "running", "merging", "judging", "published"].map((state) => `run.${state}`);

describe("npm start, stopped in the middle of a run with others queued, and started again", () => {
  const stateFolder = newStateFolder();
  // If an expectation fails half-way, the server must not outlive the test.
  let running: Registry | undefined;
  afterAll(async () => {
    await running?.stop("SIGTERM", "npm");
    removeStateFolder(stateFolder);
  });

  it("keeps its data, submits nothing twice, finishes every run once, and leaves no process behind", {
    timeout: 240_000,
  }, async () => {
    const first = await startRegistry(stateFolder);
    running = first;
    expect(first.output()).toMatch(/submitted native: .*\n/);
    const submitted = async (name: string, backend: string) =>
      (
        await accepted(
          first.url,
          first.tokens.demo,
          demoParts(`conformance/backends/${name}/build`, { backend, shares: ["parley"] }),
        )
      ).run.id;
    const ids = [await submitted("kvm", "cut-off")];
    for (const number of [1, 2, 3]) ids.push(await submitted("native", `queued-${number}`));
    const states = await Promise.all(ids.map(async (id) => (await runView(first.url, id)).state));
    expect(states.slice(1)).toEqual(["queued", "queued", "queued"]);
    await first.stop("SIGTERM", "npm");
    running = undefined;
    const stoppedAt = Date.now();
    if (onLinux) expect(processesOf(stateFolder)).toEqual([]);

    const second = await startRegistry(stateFolder);
    running = second;
    expect(second.output()).not.toContain("submitted");
    expect(second.output()).toMatch(/native is here already: run .* published/);
    expect(second.tokens).toEqual(first.tokens);
    expect(second.mediatorToken).toBe(first.mediatorToken);
    for (const id of ids) {
      const { state, summary, events, attempt } = await finished(second.url, id, 90_000);
      expect({ state, conforms: summary?.conforms, attempt }).toEqual({
        state: "published",
        conforms: true,
        attempt: 1,
      });
      expect(events.map(({ type }) => type)).toEqual(way);
      // It was cut off indeed, and the second server finished it. Times are whole seconds.
      expect(Date.parse(events.at(-1)?.at ?? "") + 1000).toBeGreaterThan(stoppedAt);
    }
    const matrix = (await (await fetch(`${second.url}/index.json`)).json()) as Matrix;
    expect(
      matrix.rows
        .filter(({ vendor }) => vendor === "demo")
        .map(({ run }) => run.id)
        .sort(),
    ).toEqual(ids.sort());

    // As a terminal does it: Ctrl-C reaches every process of the foreground group.
    await second.stop("SIGINT", "group");
    running = undefined;
    if (onLinux) expect(processesOf(stateFolder)).toEqual([]);
  });
});

describe.skipIf(!onLinux)("npm start, stopped while it starts (processes are found in /proc, so Linux only)", () => {
  it("leaves no process behind", { timeout: 120_000 }, async () => {
    const stateFolder = newStateFolder();
    const { child, output, ended } = await spawnStart(stateFolder);
    await untilSays(child, output, "starting the Worker");
    while (!processesOf(stateFolder).some(isWorkerd)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGTERM");
    await ended;
    expect(processesOf(stateFolder)).toEqual([]);
    removeStateFolder(stateFolder);
  });
});

function isWorkerd(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("workerd");
}
