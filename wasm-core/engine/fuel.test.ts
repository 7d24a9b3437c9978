import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assemble, I32, signed } from "./testing/assemble.ts";
import { Engine, RAN } from "./testing/engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

describe("fuel at a trap", () => {
  /** x = 10 / x, then ten more instructions of the same block. */
  const divide = () =>
    assemble({
      functions: [
        {
          export: "f",
          params: [I32],
          results: [I32],
          code: [
            0x41,
            ...signed(10),
            0x20,
            0,
            0x6d,
            0x22,
            0,
            ...new Array(4).fill([0x41, 3, 0x73]).flat(),
            0x20,
            0,
            0x6a,
          ],
        },
      ],
    });

  it("is given back for what did not run", () => {
    const instance = engine.instantiate(divide());
    const thread = engine.thread();
    for (const slice of [1000, 1, 2, 3]) {
      for (const [x, ran, used] of [
        [0n, RAN.trap, 3],
        [5n, RAN.returned, 14],
      ] as const) {
        engine.wasm.threadReset(thread);
        engine.enter(thread, instance, 0, [x]);
        expect(engine.runSliced(thread, () => slice)).toEqual({ ran, used });
      }
    }
  });

  it("is given back in the caller's block too: what follows a call that traps is not paid", () => {
    const inner = { params: [I32], results: [I32], code: [0x20, 0, 0x00] };
    const outer = { export: "f", results: [I32], code: [0x41, 1, 0x10, 0, 0x41, 2, 0x6a, 0x41, 3, 0x6a] };
    const instance = engine.instantiate(assemble({ functions: [inner, outer] }));
    const thread = engine.thread();
    for (const slice of [1000, 1, 2]) {
      engine.wasm.threadReset(thread);
      engine.enter(thread, instance, 1, []);
      expect(engine.runSliced(thread, () => slice)).toEqual({ ran: RAN.trap, used: 4 });
    }
  });
});
