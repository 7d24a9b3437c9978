// Moves, globals, branches, calls and returns. Every handler that ends a block pays for the block it goes to.
//
//   CHARGE |op . cost32|      JUMP |op . rel32|      BR_TABLE |op a count32| rel32 × (count + 1), each from its own address
//   CALL   |op base func32|   CALL_IMPORT |op base index32|   CALL_INDIRECT |op base a table|type32 .|
//   TAIL_CALL |op base func32|link32 count32|   TAIL_CALL_INDIRECT |op base a table|type32 .|link32 count32|   count: arguments
//   RETURN |op a link32|      RETURN_I |op . link32|imm64|    RETURN_MANY |op a link32|count32 .|
//   MOVE |op d a .|  KEEP |op d . .| (acc to slot)  CONST |op d . .|imm64|  COPY |op d a n|  SELECT |op d a b|cond|
//   GLOBAL_GET/SET |op d/a offset32| from the instance; _X |op d/a index32| through globalCells
import {
  binaryOperands,
  CHARGE,
  FORMS,
  type Form,
  formWords,
  keep,
  type Operation,
  read64,
  slotAddress,
  trap,
} from "./forms.ts";
import { comparisons } from "./integer.ts";

const taken = (at: number) => `pc += <usize>load<i32>(pc, ${at + 4})`;

function branch(name: string, words: number, condition: (at: number) => string): Operation {
  return {
    name,
    words,
    ends: true,
    body: (at) => `if (${condition(at)}) ${taken(at)}${at ? ` + ${at}` : ""}; else pc += ${at + words * 8}; ${CHARGE}`,
  };
}

export const branchName = (comparison: string, form: Form) => `br_${comparison}_${form}`;

export function branchOperations(): Operation[] {
  const compared = comparisons.flatMap((comparison) =>
    FORMS.map((form) =>
      branch(branchName(comparison.name, form), form === "SS" ? 2 : formWords(form), (at) => {
        const [x, y] = binaryOperands(form, comparison.bits, at, at + 2, at + 8);
        return comparison.value(x, y);
      }),
    ),
  );
  return [
    branch("br_true_S", 1, (at) => `${read64(at + 2)} != 0`),
    branch("br_true_A", 1, () => "acc != 0"),
    branch("br_false_S", 1, (at) => `${read64(at + 2)} == 0`),
    branch("br_false_A", 1, () => "acc == 0"),
    ...compared,
  ];
}

const table = (index: string, at: number) =>
  `x32 = <u32>${index}; y32 = load<u32>(pc, ${at + 4}); p = pc + ${at + 8} + (<usize>(x32 < y32 ? x32 : y32) << 2); pc = p + <usize>load<i32>(p); ${CHARGE}`;

/** Statements of a call to `func` (a Func address) whose frame starts at `n`. */
const enter = (returnTo: string) => `
  if (n + changetype<Func>(callee).frameBytes > stackLimit || depth >= depthMax) { leave = LEAVE_STACK; break; }
  store<u64>(n + changetype<Func>(callee).link, <u64>(${returnTo}) | (<u64>fp << 32));
  x32 = changetype<Func>(callee).zeroBytes;
  if (x32) {
    p = n + changetype<Func>(callee).zeroStart;
    if (x32 > 128) memory.fill(p, 0, x32);
    else do { store<u64>(p, 0); p += 8; x32 -= 8; } while (x32);
  }
  fp = n; pc = changetype<Func>(callee).code; depth += 1; ${CHARGE}`;

/** Statements of a tail call: the arguments move to the frame's start, the link moves to where the callee has it. */
const replace = (at: number) => `
  if (fp + changetype<Func>(callee).frameBytes > stackLimit) { n = fp; leave = LEAVE_STACK; break; }
  ea = load<u64>(fp + <usize>load<u32>(pc, ${at}));
  memory.copy(fp, ${slotAddress(2)}, <usize>load<u32>(pc, ${at + 4}) << 3);
  store<u64>(fp + changetype<Func>(callee).link, ea);
  memory.fill(fp + changetype<Func>(callee).zeroStart, 0, changetype<Func>(callee).zeroBytes);
  pc = changetype<Func>(callee).code; ${CHARGE}`;

const indirect = (index: string, words: number, go: string) => `
  x32 = <u32>${index};
  p = <usize>load<u32>(changetype<Instance>(inst).tables + (<usize>load<u16>(pc, 6) << 2));
  if (x32 >= changetype<Table>(p).size) ${trap("TRAP_TABLE_BOUNDS", 0)}
  target = <usize>load<u32>(changetype<Table>(p).base + (<usize>x32 << 3));
  if (target == 0) ${trap("TRAP_INDIRECT_NULL", 0)}
  if (changetype<FuncRef>(target).type != <usize>load<u32>(pc, 8)) ${trap("TRAP_INDIRECT_TYPE", 0)}
  n = ${slotAddress(2)};
  callee = changetype<FuncRef>(target).func;
  if (callee == 0 || changetype<FuncRef>(target).instance != inst) { returnTo = pc + ${words * 8}; leave = LEAVE_CALL; break; }
  ${go}`;

/** The link is read before the results are written: they may lie on top of it. */
const leaveFrame = (results: (at: number) => string) =>
  `ea = load<u64>(fp + <usize>load<u32>(pc, 4)); ${results(0)} pc = <usize>(ea & 0xffffffff); fp = <usize>(ea >> 32); depth -= 1; ${CHARGE}`;

export function controlOperations(): Operation[] {
  const ends = true;
  return [
    { name: "charge", words: 1, ends, body: () => CHARGE },
    { name: "break", words: 1, ends, body: () => "leave = LEAVE_BREAK; break;" },
    { name: "nop", words: 1, body: () => "" },
    { name: "jump", words: 1, ends, body: (at) => `${taken(at)}${at ? ` + ${at}` : ""}; ${CHARGE}` },
    { name: "br_table_S", words: 1, ends, body: (at) => table(read64(at + 2), at) },
    { name: "br_table_A", words: 1, ends, body: (at) => table("acc", at) },
    { name: "unreachable", words: 1, ends, body: () => trap("TRAP_UNREACHABLE", 0) },
    {
      name: "call",
      words: 1,
      ends,
      body: () => `n = ${slotAddress(2)}; callee = <usize>load<u32>(pc, 4); ${enter("pc + 8")}`,
    },
    {
      name: "call_import",
      words: 1,
      ends,
      body: () =>
        `n = ${slotAddress(2)}; target = changetype<Instance>(inst).funcs + <usize>load<u32>(pc, 4) * offsetof<FuncRef>(); callee = changetype<FuncRef>(target).func; returnTo = pc + 8; leave = LEAVE_CALL; break;`,
    },
    { name: "call_indirect_S", words: 2, ends, body: () => indirect(read64(4), 2, enter("pc + 16")) },
    { name: "call_indirect_A", words: 2, ends, body: () => indirect("acc", 2, enter("pc + 16")) },
    { name: "tail_call", words: 2, ends, body: () => `callee = <usize>load<u32>(pc, 4); ${replace(8)}` },
    { name: "tail_call_indirect_S", words: 3, ends, body: () => indirect(read64(4), 3, replace(16)) },
    { name: "tail_call_indirect_A", words: 3, ends, body: () => indirect("acc", 3, replace(16)) },
    { name: "return", words: 1, ends, body: () => leaveFrame(() => "") },
    {
      name: "return_S",
      words: 1,
      ends,
      body: () => leaveFrame((at) => `acc = ${read64(at + 2)}; store<u64>(fp, acc);`),
    },
    { name: "return_A", words: 1, ends, body: () => leaveFrame(() => "store<u64>(fp, acc);") },
    {
      name: "return_I",
      words: 2,
      ends,
      body: () => leaveFrame((at) => `acc = load<u64>(pc, ${at + 8}); store<u64>(fp, acc);`),
    },
    {
      name: "return_many",
      words: 2,
      ends,
      body: () => leaveFrame((at) => `memory.copy(fp, ${slotAddress(at + 2)}, <usize>load<u32>(pc, ${at + 8}) << 3);`),
    },
    { name: "entry_return", words: 1, ends, body: () => "leave = LEAVE_RETURNED; break;" },
    { name: "cross_return", words: 1, ends, body: () => "leave = LEAVE_CROSSED; break;" },
  ];
}

export function moveOperations(): Operation[] {
  const global = (at: number) => `inst + <usize>load<u32>(pc, ${at + 4})`;
  const cell = (at: number) =>
    `<usize>load<u32>(changetype<Instance>(inst).globalCells + (<usize>load<u32>(pc, ${at + 4}) << 2))`;
  const select = (condition: (at: number) => string) => (at: number, accOnly: boolean) =>
    keep(`${condition(at)} != 0 ? ${read64(at + 4)} : ${read64(at + 6)}`, accOnly, at);
  return [
    { name: "select_S", words: 2, paired: true, body: select((at) => read64(at + 8)) },
    { name: "select_A", words: 1, paired: true, body: select(() => "acc") },
    {
      name: "global_get",
      words: 1,
      paired: true,
      body: (at, accOnly) => keep(`load<u64>(${global(at)})`, accOnly, at),
    },
    {
      name: "global_get_x",
      words: 1,
      paired: true,
      body: (at, accOnly) => keep(`load<u64>(${cell(at)})`, accOnly, at),
    },
    { name: "global_set_S", words: 1, body: (at) => `store<u64>(${global(at)}, ${read64(at + 2)});` },
    { name: "global_set_A", words: 1, body: (at) => `store<u64>(${global(at)}, acc);` },
    { name: "global_set_x", words: 1, body: (at) => `store<u64>(${cell(at)}, ${read64(at + 2)});` },
    { name: "move", words: 1, body: (at) => `store<u64>(${slotAddress(at + 2)}, ${read64(at + 4)});` },
    { name: "keep", words: 1, body: (at) => `store<u64>(${slotAddress(at + 2)}, acc);` },
    { name: "const", words: 2, body: (at) => `store<u64>(${slotAddress(at + 2)}, load<u64>(pc, ${at + 8}));` },
    {
      name: "copy",
      words: 1,
      body: (at) =>
        `memory.copy(${slotAddress(at + 2)}, ${slotAddress(at + 4)}, <usize>load<u16>(pc, ${at + 6}) << 3);`,
    },
  ];
}
