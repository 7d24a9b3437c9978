import { beforeAll, describe, expect, it } from "vitest";
import { randomOf } from "../../../../conformance/runner/testing/random.ts";
import { compileTesting } from "../harness.ts";
import { checkPublished } from "./check.ts";
import { exploreProgram } from "./explore.ts";
import { modelOutcomes } from "./model.ts";
import { parseProgram } from "./program.ts";
import { published } from "./published.ts";

beforeAll(compileTesting);

describe("published tests", () => {
  it("have different names, and final states of their own registers and words", () => {
    const names = published.flatMap(({ name }) => name.split("/"));
    expect(new Set(names).size).toBe(names.length);
    for (const { program, final } of published)
      for (const value of final.split(" ")) expect(program).toContain(value[0]);
  });

  // All of them: npm run -s litmus.
  const sample = published.filter(({ program }, index) => program.split("|").length < 3 || index % 4 === 0);
  it.each(sample.map((test) => [test.name, test] as const))("%s: exactly the outcomes of x86-TSO", async (_, test) => {
    expect(await checkPublished(test)).toMatchObject({ problems: [] });
  });

  it("are reported when the machine and the paper differ", async () => {
    const wrong = { name: "SB", program: "x=1 a=y | y=1 b=x", final: "a=0 b=0", allowed: false };
    const { problems } = await checkPublished(wrong);
    expect(problems).toEqual(["published as forbidden: a=0 b=0"]);
  });
});

describe("programs drawn from a seed", () => {
  it("have exactly the outcomes of x86-TSO", async () => {
    const random = randomOf(2009);
    const draw = (n: number) => Math.floor(random() * n);
    for (let k = 0; k < 40; k++) {
      let register = 0;
      const instruction = () => {
        const word = "xy"[draw(2)];
        const name = () => String.fromCharCode(97 + register++);
        const kinds = [
          () => `${name()}=${word}`,
          () => `${word}=${1 + draw(3)}`,
          () => `${name()}=${word}<-${1 + draw(3)}`,
        ];
        return kinds[[0, 0, 0, 1, 1, 1, 2][draw(8)] ?? 3]?.() ?? "mfence";
      };
      const role = () => Array.from({ length: 1 + draw(3) }, instruction).join(" ");
      const text = Array.from({ length: 2 + (draw(4) >> 1 ? 0 : 1) }, role).join(" | ");
      const program = parseProgram(text);
      const { outcomes, exhausted } = await exploreProgram(program);
      expect({ text, exhausted, outcomes }).toEqual({ text, exhausted: true, outcomes: modelOutcomes(program) });
    }
  });
});
