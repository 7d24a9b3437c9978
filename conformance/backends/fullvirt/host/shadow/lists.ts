// Lists of shadow entries: of a machine frame, the leaves that map it; of a shadow table, the entries that point at it.
//
//   node (u32): | table 6:0 | index 15:7 | next node 29:16, 0 = last |      head: u16, 0 = empty
export const NODES: i32 = 5120;
const nodes: usize = memory.data(20480, 8);
let unused: i32 = 0;
let used: i32 = 0;

/** All lists are empty: to be called with all heads zeroed. */
export function listsReset(): void {
  for (let i = 1; i < NODES; i++) setNode(i, i + 1 < NODES ? (i + 1) << 16 : 0);
  unused = 1;
  used = 0;
}

export function nodesLeft(): i32 {
  return NODES - 1 - used;
}

@inline
function node(i: i32): i32 {
  return load<i32>(nodes + (i << 2));
}

@inline
function setNode(i: i32, value: i32): void {
  store<i32>(nodes + (i << 2), value);
}

/** Adds entry `index` of table `sp`; there must be a node left. */
export function listAdd(head: usize, sp: i32, index: i32): void {
  const i = unused;
  unused = node(i) >> 16;
  used += 1;
  setNode(i, sp | (index << 7) | (<i32>load<u16>(head) << 16));
  store<u16>(head, <u16>i);
}

export function listRemove(head: usize, sp: i32, index: i32): void {
  let before = 0;
  let i = <i32>load<u16>(head);
  while (i && (node(i) & 0xffff) != (sp | (index << 7))) {
    before = i;
    i = node(i) >> 16;
  }
  if (!i) return;
  const next = node(i) >> 16;
  if (before) setNode(before, (node(before) & 0xffff) | (next << 16));
  else store<u16>(head, <u16>next);
  setNode(i, unused << 16);
  unused = i;
  used -= 1;
}

/** First node of a list, and the one behind a node; 0 = none. */
export function listFirst(head: usize): i32 {
  return load<u16>(head);
}

export function listNext(i: i32): i32 {
  return node(i) >> 16;
}

export function nodeTable(i: i32): i32 {
  return node(i) & 0x7f;
}

export function nodeIndex(i: i32): i32 {
  return (node(i) >> 7) & 511;
}
