// A second level built by a host half: guest-physical pages to machine frames, 4 KiB each, in tables of its own frames.
//
//   entry: | read 0 | write 1 | execute 2 | frame 39:12 |
import { frames, load64, owner, store64 } from "../host-imports";

const ALL: i64 = 7;
export const READ_ONLY: i64 = 5;
const FRAME: i64 = 0x000ffffffffff000;
let root: i64 = 0;
let searched: i64 = 0;

/** Machine address of a host frame that nobody has yet. */
export function hostFrame(): i64 {
  while (searched < frames() && owner(searched) != 0) searched++;
  return searched++ << 12;
}

/** SLAT_ROOT. */
export function secondLevelRoot(): i64 {
  if (!root) root = hostFrame();
  return root;
}

/** Machine address of the entry of a guest-physical address; missing tables are made. */
function entryOf(gpa: i64): i64 {
  let table = secondLevelRoot();
  for (let level = 4; level > 1; level--) {
    const at = table + (((gpa >> (3 + 9 * level)) & 511) << 3);
    if (!load64(at)) store64(at, hostFrame() | ALL);
    table = load64(at) & FRAME;
  }
  return table + (((gpa >> 12) & 511) << 3);
}

/** Maps a page; answers the machine frame that was there. */
export function mapPage(gpa: i64, ma: i64, rights: i64 = ALL): i64 {
  const at = entryOf(gpa);
  const before = load64(at) & FRAME;
  store64(at, ma | rights);
  return before;
}

/** Machine address behind a guest-physical one; 0 where nothing is mapped. */
export function behind(gpa: i64): i64 {
  const entry = load64(entryOf(gpa));
  return entry & 1 ? (entry & FRAME) | (gpa & 0xfff) : 0;
}
