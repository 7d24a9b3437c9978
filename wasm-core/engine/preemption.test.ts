// The same program run whole, in slices, and with snapshots between: equal results, fuel and traces.
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { Engine, RAN } from "./testing/engine.ts";
import { asc, EngineProgram, PROGRAMS, type Program } from "./testing/programs.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});

/** Instructions between two checkpoints: stops that every way of slicing makes. */
const CHECKPOINT = 7000;
const CHECKPOINTS_MAX = 40;
const WHOLE = Number.MAX_SAFE_INTEGER;

interface Trace {
  answer: number | undefined;
  fuel: number;
  /** Digest of every host call with its arguments, what it printed, and the fuel used before it. */
  calls: string;
  /** Digest of all state after the return. */
  end: string;
  /** At the checkpoints: call stack and digest of the memory; digest of all state. */
  checkpoints: string[];
  states: string[];
}

/** Runs to the end in slices of `size`; with `detours`, every checkpoint is a snapshot from which a stretch is run twice. */
function trace(program: Program, size: number, detours = false): Trace {
  const hash = createHash("sha256");
  let used = 0;
  let given = 0;
  const running = new EngineProgram(engine, program, () => {
    running.log.push(`after ${used + (given - Number(engine.fuel(running.thread)))}`);
  });
  const { thread, log } = running;
  const checkpoints: string[] = [];
  const states: string[] = [];
  let ran: number = RAN.fuel;
  while (ran === RAN.fuel) {
    // Behind the last checkpoint all go on in one piece.
    const isCut = size !== WHOLE && checkpoints.length < CHECKPOINTS_MAX;
    given = isCut ? Math.min(size, CHECKPOINT - (used % CHECKPOINT)) : WHOLE;
    engine.setFuel(thread, BigInt(given));
    ran = engine.run(thread);
    used += given - Number(engine.fuel(thread));
    given = 0;
    engine.setFuel(thread, 0n);
    if (ran !== RAN.fuel || !isCut || used % CHECKPOINT !== 0) continue;
    const visible = () => `${running.memoryDigest()} ${JSON.stringify(engine.frames(thread))}`;
    checkpoints.push(visible());
    states.push(String(engine.wasm.snapshotDigest()));
    if (!detours) continue;
    expect(engine.wasm.snapshotTake()).toBe(1);
    const logged = log.length;
    engine.setFuel(thread, 2500n);
    engine.run(thread);
    engine.wasm.snapshotRestore();
    log.length = logged;
    expect([visible(), String(engine.wasm.snapshotDigest())]).toEqual([checkpoints.at(-1), states.at(-1)]);
  }
  const answer = running.answer(ran);
  for (const line of log) hash.update(`${line}\n`);
  return {
    answer,
    fuel: used,
    calls: hash.digest("hex"),
    end: String(engine.wasm.snapshotDigest()),
    checkpoints,
    states,
  };
}

describe("a program", () => {
  const programs = [...PROGRAMS, ...["glue", "recursion", "compressor"].map(asc)];

  it.each(programs.map((program) => [program.name, program] as const))(
    "%s does the same however it is cut",
    (_, program) => {
      const { answer, fuel, calls, end } = trace(program, WHOLE);
      const reference = trace(program, CHECKPOINT);
      expect(reference).toMatchObject({ answer, fuel, calls, end });
      expect(reference.checkpoints.length).toBeGreaterThan(5);
      for (const size of [1, 7, 1000]) expect([size, trace(program, size)]).toEqual([size, reference]);
      // What calls left above the stack's end is cleared by a restore: unused slots of later frames differ, nothing else.
      expect({ ...trace(program, 1000, true), states: [] }).toEqual({ ...reference, states: [] });
    },
  );
});
