import { describe, expect, it } from "vitest";
import { booted, run, unit } from "../testing/harness.ts";

describe("a batch of page-table updates as a multicall of a kernel at CPL 3", () => {
  it.each([
    ["machine frames", false],
    ["a second level below", true],
  ])("%s: single entries, a continuation, a refusal, and no drain by SYSCALL", async (_, slat) => {
    const direct = await booted("direct", 1, { slat });
    expect(run(direct, unit(59, 1))).toMatchObject({ end: "ok", reached: [59], failure: null });
  });
});
