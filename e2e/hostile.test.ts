import { describe, expect, inject, it } from "vitest";
import type { Report } from "../conformance/runner/report.ts";
import { accepted, demoParts, finished, runView } from "./lib/client.ts";
import { GUEST_PAGES_MAX, hostileGuest, misbehaviours } from "./lib/hostile.ts";

const url = inject("url");
const token = inject("demoToken");

function hostileParts(backend: string, guest: Uint8Array) {
  const parts = demoParts("conformance/backends/native/build", { backend });
  parts.manifest.needs = { ...(parts.manifest.needs as object), guest_memory_pages: GUEST_PAGES_MAX };
  return { ...parts, guest };
}

describe.each(misbehaviours)("a guest half that does %s", (does) => {
  it.each(["half_init", "irq_disable"] as const)(
    "in %s: a finished run, whose errors name function and reason",
    async (name) => {
      const parts = hostileParts(`${does}-${name}`.replace("_", "-"), hostileGuest(does, name));
      const { run } = await accepted(url, token, parts);
      expect(await finished(url, run.id)).toMatchObject({ state: "published", summary: { conforms: false } });
      const report = (await (await fetch(`${url}/api/v1/runs/${run.id}/report`)).json()) as Report;
      const failures = [...report.boots, ...report.cases].flatMap(({ failure }) =>
        failure && !failure.boot ? [failure] : [],
      );
      const charged = failures.filter((failure) => failure.half === "guest");
      expect(charged.length).toBeGreaterThan(0);
      for (const failure of charged) {
        expect(failure.function).toContain(name);
        expect(failure.reason).not.toBe("");
        if (name === "irq_disable") expect(failure.op).toBe("irq.disable");
      }
      const verdicts = new Set(report.ops.map((op) => op.verdict));
      expect(verdicts).toContain("error");
    },
  );
});

describe("while a build that loops for ever runs", () => {
  it("badges are answered between its slices, not after its end", async () => {
    await badge();
    const parts = hostileParts("looping", hostileGuest("loop", "irq_disable"));
    const { run } = await accepted(url, token, parts);
    let answeredMeanwhile = 0;
    while (answeredMeanwhile < 4) {
      const before = await runView(url, run.id);
      expect(before.state).not.toBe("published");
      await badge();
      // Still running after the badge came: so the badge did not wait for the end.
      const after = await runView(url, run.id);
      if (before.state === "running" && after.state === "running") answeredMeanwhile += 1;
    }
    const headers = { authorization: `Bearer ${token}` };
    const cancelled = await fetch(`${url}/api/v1/runs/${run.id}/cancel`, { method: "POST", headers });
    expect(cancelled.status).toBe(200);
    expect(await finished(url, run.id)).toMatchObject({ state: "cancelled", reportDigest: null });
  });
});

async function badge(): Promise<void> {
  const answer = await fetch(`${url}/badge/parley/native.svg`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain("<svg");
}
