// Which WebAssembly instructions were executed: calls run one instruction at a time, and every stop tells where it was.
import type { Engine } from "./engine.ts";
import { RAN } from "./engine.ts";
import { type Instruction, instructionsOf, isCounted, OPCODES } from "./instructions.ts";

/** Offsets in Thread: extra cost still to be paid, and the instructions already paid of the operation where it stands. */
const DEBT = 16;
const CARRY = 56;

interface Place {
  body: Instruction[];
  i: number;
}
/** The instructions of a module by their offset. */
export type Places = Map<number, Place>;

export function placesOf(bytes: Uint8Array): Places {
  return new Map(instructionsOf(bytes).flatMap((body) => body.map((one, i) => [one.offset, { body, i }] as const)));
}

export class Coverage {
  private readonly missing = new Set(OPCODES);

  /** Opcodes not executed yet, as hexadecimal text. */
  get left(): string[] {
    return [...this.missing].map((opcode) => `0x${opcode.toString(16)}`);
  }

  /** Steps the thread to its end (at most `most` instructions) and counts what it executed; answers what it ran into. */
  step(engine: Engine, thread: number, places: Places, most: number): { ran: number; used: number } {
    let used = 0;
    let ran: number = RAN.fuel;
    while (ran === RAN.fuel && used < most) {
      const view = engine.view;
      // What a bulk operation still costs is paid before the next instruction.
      const inDebt = view.getBigInt64(thread + DEBT, true) > 0n;
      const carry = view.getUint32(thread + CARRY, true);
      const offset = engine.wasm.nextOffset(thread);
      engine.setFuel(thread, 1n);
      ran = engine.run(thread);
      used += 1 - Number(engine.fuel(thread));
      // The operation is done: it stands for as many instructions, up to the one at its offset, as were paid.
      if (!inDebt && (ran !== RAN.fuel || engine.view.getUint32(thread + CARRY, true) === 0))
        this.count(places.get(offset), carry + 1);
    }
    return { ran, used };
  }

  private count(place: Place | undefined, paid: number): void {
    for (let i = place?.i ?? -1; i >= 0 && paid > 0; i--) {
      const one = place?.body[i] as Instruction;
      if (!isCounted(one)) continue;
      this.missing.delete(one.opcode);
      paid -= 1;
    }
  }
}
