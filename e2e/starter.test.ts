import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { accepted, demoParts, finished, runView } from "./lib/client.ts";
import {
  newStateFolder,
  processesOf,
  removeStateFolder,
  spawnStart,
  startRegistry,
  untilSays,
} from "./lib/registry.ts";

const onLinux = process.platform === "linux";

describe("npm start, stopped in the middle of a run and started again", () => {
  const stateFolder = newStateFolder();
  afterAll(() => removeStateFolder(stateFolder));

  it("keeps its data, submits nothing twice, finishes the run, and leaves no process behind", {
    timeout: 240_000,
  }, async () => {
    const first = await startRegistry(stateFolder);
    expect(first.output()).toMatch(/submitted native: .*\n/);
    const { run } = await accepted(
      first.url,
      first.tokens.demo,
      demoParts("conformance/backends/kvm/build", { backend: "cut-off" }),
    );
    await first.stop("SIGTERM", "npm");
    if (onLinux) expect(processesOf(stateFolder)).toEqual([]);

    const second = await startRegistry(stateFolder);
    expect(second.output()).not.toContain("submitted");
    expect(second.output()).toMatch(/native is here already: run .* published/);
    expect(second.tokens).toEqual(first.tokens);
    expect(second.mediatorToken).toBe(first.mediatorToken);
    expect(await finished(second.url, run.id, 90_000)).toMatchObject({
      state: "published",
      summary: { conforms: true },
    });
    expect((await runView(second.url, run.id)).events.filter((event) => event.type === "run.published")).toHaveLength(
      1,
    );

    // As a terminal does it: Ctrl-C reaches every process of the foreground group.
    await second.stop("SIGINT", "group");
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
