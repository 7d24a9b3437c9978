// Which schedule a unit tries next.
import { result } from "./outcome";

let tried: u32 = 0;

export function searchBegin(): void {
  tried = 0;
}

export function searchTried(): u32 {
  return tried;
}

/** Plans the next schedule; false when there is none. */
export function searchNext(): bool {
  if (tried == 0) {
    tried = 1;
    return true;
  }
  result.exhausted = 1;
  return false;
}
