import { describe, expect, inject, it } from "vitest";
import type { Report } from "../conformance/runner/report.ts";
import { accepted, demoParts, finished, runView } from "./lib/client.ts";
import { GUEST_PAGES_MAX, hostileGuest, misbehaviours } from "./lib/hostile.ts";

const url = inject("url");
const token = inject("demoToken");
const BADGE_MAX_MS = 100;

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
  let attempt = 0;

  // Tried again, because whatever else the machine does counts against the badge; each time with a new build.
  it(`a badge answers in under ${BADGE_MAX_MS} ms`, { retry: 2 }, async () => {
    attempt += 1;
    const parts = hostileParts("looping", hostileGuest("loop", "irq_disable"));
    parts.manifest.version = `1.0.${attempt}`;
    await badge();
    const { run } = await accepted(url, token, parts);
    const times_ms: number[] = [];
    while ((await runView(url, run.id)).state !== "published") times_ms.push(await badge());
    expect(times_ms.length).toBeGreaterThan(3);
    expect(Math.max(...times_ms)).toBeLessThan(BADGE_MAX_MS);
  });
});

/** Milliseconds that a badge took, its body included. */
async function badge(): Promise<number> {
  const began = performance.now();
  const answer = await fetch(`${url}/badge/parley/native.svg`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain("<svg");
  return performance.now() - began;
}
