import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
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

describe("npm start, stopped in the middle of a run and started again", () => {
  const stateFolder = newStateFolder();
  // If an expectation fails half-way, the server must not outlive the test.
  let running: Registry | undefined;
  afterAll(async () => {
    await running?.stop("SIGTERM", "npm");
    removeStateFolder(stateFolder);
  });

  it("keeps its data, submits nothing twice, finishes the run, and leaves no process behind", {
    timeout: 240_000,
  }, async () => {
    const first = await startRegistry(stateFolder);
    running = first;
    expect(first.output()).toMatch(/submitted native: .*\n/);
    const { run } = await accepted(
      first.url,
      first.tokens.demo,
      demoParts("conformance/backends/kvm/build", { backend: "cut-off" }),
    );
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
    expect(await finished(second.url, run.id, 90_000)).toMatchObject({
      state: "published",
      summary: { conforms: true },
    });
    const { events } = await runView(second.url, run.id);
    const published = events.filter((event) => event.type === "run.published");
    expect(published).toHaveLength(1);
    // It was cut off indeed, and the second server finished it.
    expect(Date.parse(published[0]?.at ?? "")).toBeGreaterThanOrEqual(stoppedAt);

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
