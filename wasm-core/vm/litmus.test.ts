import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { booted, compileTesting, run, unit } from "./testing/harness.ts";
import { encode, type Instruction, outcomesOf, type Program } from "./testing/tso.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("native", 4);
});

/** Reads "Wx Ry|Wy Rx": R load, W store, X xchg, F mfence. */
function parse(text: string): Program {
  const kinds = { R: "load", W: "store", X: "xchg", F: "mfence" } as const;
  const instruction = (word: string): Instruction => ({
    kind: kinds[word[0] as "R"],
    variable: word[1] === "y" ? 1 : 0,
  });
  return text.split("|").map((role) => role.trim().split(" ").map(instruction));
}

function explored(program: Program): string[] {
  const settings = { strategy: 1, bound: program.length > 2 ? 3 : 12, schedules_max: 60_000, seed: encode(program) };
  const { end, exhausted, outcomes } = run(vm, unit(26, program.length, settings));
  expect({ end, exhausted }).toEqual({ end: "ok", exhausted: 1 });
  return outcomes.map((vector) => vector.join(" ")).sort();
}

const published: Record<string, string> = {
  SB: "Wx Ry|Wy Rx",
  "SB+mfences": "Wx F Ry|Wy F Rx",
  "SB+xchg": "Xx Ry|Xy Rx",
  MP: "Wx Wy|Ry Rx",
  LB: "Rx Wy|Ry Wx",
  CoRR: "Wx|Rx Rx",
  "2+2W": "Wx Wy|Wy Wx",
  R: "Wx Wy|Wy Rx",
  S: "Wx Wy|Ry Wx",
  n5: "Wx Rx|Wx Rx",
  n6: "Wx Rx Ry|Wy Wx",
  IRIW: "Wx|Wy|Rx Ry|Ry Rx",
  "W+RWC": "Wx|Rx Ry|Wy F Rx",
  n2: "Wx Wy|Wy|Ry Rx|Ry Ry",
};

describe("the explored set of outcomes is that of x86-TSO", () => {
  for (const [name, text] of Object.entries(published)) {
    it(name, () => {
      const program = parse(text);
      expect(explored(program)).toEqual(outcomesOf(program));
    });
  }

  it("for programs drawn from a seed", () => {
    let state = 12345;
    const draw = (n: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 16) % n;
    };
    const kinds = ["load", "load", "store", "store", "xchg", "mfence"] as const;
    for (let k = 0; k < 40; k++) {
      const instruction = (): Instruction => ({ kind: kinds[draw(6)] ?? "load", variable: draw(2) as 0 | 1 });
      const program = [0, 1].map(() => Array.from({ length: 2 + draw(2) }, instruction));
      expect({ program, seen: explored(program) }).toEqual({ program, seen: outcomesOf(program) });
    }
  });
});
