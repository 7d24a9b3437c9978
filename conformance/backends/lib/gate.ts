// Gates of the vectors that belong to the guest half, in this vCPU's IDT.
//   16 bytes: 0 offset 15:0 │ 2 selector │ 4 IST │ 5 type │ 6 offset 31:16 │ 8 offset 63:32 │ 12 zero
import * as machine from "../../sdk/as/machine";
import { firstVector, idtVa } from "./info";

const KERNEL_CS: i64 = 0x08;
/** Present, DPL 0, 64-bit interrupt gate. */
const INTERRUPT_GATE: i64 = 0x8e;

/** Use of the half's vectors, counted from its first one. */
export const VECTOR_FLUSH: i32 = 0;
export const VECTOR_ALARM: i32 = 1;

/** Points the half's vector number `index` to the function in this table slot, whose argument is the frame. */
export function gateWrite(index: i32, slot: i32): void {
  const address = machine.code_addr(slot, 0);
  const gate = idtVa + ((firstVector + index) << 4);
  const low = (address & 0xffff) | (KERNEL_CS << 16) | (INTERRUPT_GATE << 40) | (((address >> 16) & 0xffff) << 48);
  machine.store64(gate, low);
  machine.store64(gate + 8, (address >> 32) & 0xffff_ffff);
}
