// What a host half is told of an instruction that faulted, so that it can emulate it without reading code.
//
//   EXIT_A: | MachineOp 7:0 | operation code of rmw and cmpxchg 23:8 |
//   memory:  EXIT_B value to store (rmw: operand, cmpxchg: new value), EXIT_GPA expected value of cmpxchg
//   others:  EXIT_B first operand, EXIT_GPA second
import { MachineOp } from "./ops";
import { Vcpu } from "./vcpu";

/** Notes instruction `id` with its argument slots. */
export function remember(v: Vcpu, id: u32, args: usize): void {
  v.last_op = id;
  v.last_operand = load<u64>(args);
  v.last_second = load<u64>(args, 8);
  if (id >= <u32>MachineOp.mfence) return;
  const isModify = id == <u32>MachineOp.rmw || id == <u32>MachineOp.cmpxchg;
  if (isModify) v.last_op = id | ((load<u32>(args) & 0xffff) << 8);
  const stores = (id >= <u32>MachineOp.store8 && id <= <u32>MachineOp.store64) || id == <u32>MachineOp.fill;
  v.last_operand = id == <u32>MachineOp.cmpxchg ? load<u64>(args, 24) : isModify ? load<u64>(args, 16) : stores ? load<u64>(args, 8) : 0;
  v.last_second = id == <u32>MachineOp.cmpxchg ? load<u64>(args, 16) : 0;
}

/** Nothing is being executed: equal states have equal bytes. */
export function forget(v: Vcpu): void {
  v.last_op = 0;
  v.last_operand = 0;
  v.last_second = 0;
}
