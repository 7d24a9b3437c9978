// Rare operations: one helper call each, dispatched by the second switch.
//
//   memory_size |op d . .|   memory_grow |op d a .|
//   bulk |op base kind .|immediates u32 u32|   operands in consecutive slots from base; a result goes to the first
import { keep, type Operation, read32, slotAddress } from "./forms.ts";

/** Kinds of `bulk`, by WebAssembly opcode: 0xfc prefix + 0x100, others as they are. Handled by bulk.ts. */
export const bulkKinds: [string, number][] = [
  ["TABLE_GET", 0x25],
  ["TABLE_SET", 0x26],
  ["REF_FUNC", 0xd2],
  ["MEMORY_INIT", 0x108],
  ["DATA_DROP", 0x109],
  ["MEMORY_COPY", 0x10a],
  ["MEMORY_FILL", 0x10b],
  ["TABLE_INIT", 0x10c],
  ["ELEM_DROP", 0x10d],
  ["TABLE_COPY", 0x10e],
  ["TABLE_GROW", 0x10f],
  ["TABLE_SIZE", 0x110],
  ["TABLE_FILL", 0x111],
];

export function coldOperations(): Operation[] {
  const cold = true;
  return [
    { name: "memory_size", words: 1, cold, body: (at) => keep("msize >> 16", false, at) },
    {
      name: "memory_grow",
      words: 1,
      cold,
      body: (at) =>
        `${keep(`memoryGrow(inst, ${read32(at + 4)})`, false, at)} mbase = changetype<Instance>(inst).memory.base; msize = memorySizeOf(inst);`,
    },
    {
      name: "bulk",
      words: 2,
      cold,
      body: () =>
        `x32 = bulk(inst, load<u16>(pc, 4), ${slotAddress(2)}, load<u32>(pc, 8), load<u32>(pc, 12)); if (x32) { leave = x32; break; } acc = load<u64>(${slotAddress(2)}); pc += 16; fuel -= bulkExtra; if (fuel < 0) { leave = LEAVE_EXTRA; break; } continue;`,
      moves: true,
    },
  ];
}
