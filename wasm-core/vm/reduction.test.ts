import { beforeAll, describe, expect, it } from "vitest";
import { randomOf } from "../../conformance/runner/testing/random.ts";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, run, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("native", 2);
});

/** Instructions of the test kernel's case 36; "send" is an interrupt to the other vCPU, whose handler reads x. */
const words = "- Rx Ry Wx Wy Xx add mfence send cli sti read-page remap invlpg seen".split(" ");

function encode(program: string): bigint {
  let seed = 0n;
  program.split("|").forEach((role, t) => {
    for (const [i, word] of role.trim().split(" ").entries()) {
      expect(words).toContain(word);
      seed |= BigInt(words.indexOf(word)) << BigInt(4 * (4 * t + i));
    }
  });
  return seed;
}

function explored(program: string, flags: number) {
  const seed = encode(program);
  const settings = { strategy: 1, bound: 60, schedules_max: 40_000, seed, flags: flags | unitFlags.evict };
  const { end, exhausted, outcomes, tried } = run(vm, unit(36, 2, settings));
  return { end, exhausted, tried, seen: outcomes.map((vector) => vector.join(" ")).sort() };
}

/** Both searches end, and see the same; the answer is how many schedules each tried. */
function compare(program: string): [number, number] | null {
  const full = explored(program, unitFlags.unreduced);
  if (!full.exhausted) return null;
  const { tried, ...reduced } = explored(program, 0);
  expect({ program, ...reduced }).toEqual({ program, end: "ok", exhausted: 1, seen: full.seen });
  return [tried, full.tried];
}

describe("the reduced search sees every outcome that the unreduced one sees", () => {
  it.each([
    // Between accesses that conflict with nobody.
    "send | Ry Ry Ry",
    "send | Rx seen",
    "Wx send | seen",
    // Windows that IF and the sti shadow leave.
    "send | cli Ry sti",
    "send send | sti cli Ry",
    // Stores drain, entries are stale or evicted, walks read what others write.
    "remap | read-page read-page",
    "remap invlpg | invlpg read-page",
    "remap mfence Wy | Ry read-page",
    "Wx Ry | Wy Rx",
    "add | add Rx",
  ])("%s", (program) => {
    const tried = compare(program);
    expect(tried?.[1]).toBeGreaterThan(tried?.[0] ?? Number.NaN);
  });

  it("for programs drawn from a seed", () => {
    const random = randomOf(4);
    const draw = (n: number) => Math.floor(random() * n);
    const role = (length: number) => Array.from({ length }, () => words[1 + draw(words.length - 1)]).join(" ");
    let compared = 0;
    for (let k = 0; k < 14; k++) {
      const first = 1 + draw(2);
      if (compare(`${role(first)} | ${role(1 + draw(3 - first))}`)) compared += 1;
    }
    expect(compared).toBeGreaterThan(10);
  });
});

describe("what a delivery reads is an access", () => {
  const arrivals = [{ kind: 0, vector: 0x46, vcpu: 1, max: 1 }];
  // The other vCPU says so and rewrites the gate, the code segment, or the handler's stack; the interrupt is sent, or arrives.
  it.each([
    ["IDT", 0n, ["0", "1", "10", "11", "12", "2"]],
    ["GDT", 1n, ["0", "1", "10", "11"]],
    ["TSS", 2n, ["0", "1", "10", "11", "12", "2"]],
    ["IDT, an arrival", 4n, ["0", "1", "10", "11", "12", "2"]],
  ])("of the %s", (_, seed, outcomes) => {
    const seen = (flags: number) => {
      const settings = {
        strategy: 1,
        bound: 2,
        schedules_max: 40_000,
        seed,
        flags,
        arrivals: seed & 4n ? arrivals : [],
      };
      const found = run(vm, unit(78, 2, settings));
      expect(found).toMatchObject({ end: "ok", exhausted: 1 });
      return found.outcomes.map(String).sort();
    };
    expect(seen(0)).toEqual(outcomes);
    expect(seen(unitFlags.unreduced)).toEqual(outcomes);
  });
});

describe("every word and page that an instruction touches is an access", () => {
  // Slot 0: whether role 0, behind its store, sees that role 1 is about to begin; slot 1: what role 1 got.
  const storeBuffers = ["0,0", "0,1", "1,0", "1,1"];
  it.each([
    ["a load across two lines", 0n, storeBuffers],
    ["a locked instruction across two lines", 1n, storeBuffers],
    ["a locked instruction across two pages", 2n, storeBuffers],
    ["an unlocked read-modify-write across two lines", 3n, ["0,1", "0,2", "1,1", "1,2"]],
    ["INT: the gate", 4n, ["0,1", "0,2", "1,1", "1,2"]],
    ["IRET: the frame", 5n, storeBuffers],
    ["code", 6n, ["0,1", "0,2", "1,1", "1,2"]],
    ["SIPI: the page it names", 7n, ["1", "2"]],
  ])("%s", (_, seed, outcomes) => {
    const seen = (flags: number) => {
      const settings = { strategy: 1, bound: 2, schedules_max: 60_000, seed, flags };
      const { outcomes, ...found } = run(vm, unit(79, seed === 7n ? 1 : 2, settings));
      expect(found).toMatchObject({ end: "ok", exhausted: 1 });
      return outcomes.map((slots) => slots.slice(0, seed === 7n ? 1 : 2).join()).sort();
    };
    expect(seen(0)).toEqual(outcomes);
    expect(seen(unitFlags.unreduced)).toEqual(outcomes);
  });
});
