// The steps of a demanding guest half, one question each.
import { KVM_PV_SEND_IPI, PVCLOCK_GUEST_STOPPED } from "../../backends/kvm/abi";
import { self, vcpus } from "../../backends/lib/info";
import { ASK_STEAL, ASK_USER, DONE, WRONG_CALL } from "./lib";
import {
  callsAreGated,
  destinationsAreRefused,
  downIsSkipped,
  ipisAreCounted,
  leavesFit,
  offers,
  prepareUserCall,
  otherPortsAreEmpty,
  registersStay,
  userWasRefused,
  USER_CALLS,
  windowReachesSelf,
} from "./published";
import {
  absentAreRefused,
  areasGo,
  countIsIgnored,
  clockAreaIsPublished,
  firstBytesAreAnArea,
  goneAreasStayUnwritten,
  lastPageIsEmpty,
  registersReadBack,
  stealAreaHasGrown,
  stealAreaMoves,
  wallClockIsPublished,
} from "./published-registers";

const STOLEN_NS: i64 = 20_000;
const FIRST_USER_STEP: i32 = 15;

export function parley_hostile_step(k: i32, end: i64): i32 {
  switch (k) {
    case 0:
      return registersReadBack() ? 0 : 1;
    case 1:
      return absentAreRefused() && countIsIgnored() ? 0 : 1;
    case 2:
      return clockAreaIsPublished(6, 0) ? 0 : 1;
    case 3:
      return clockAreaIsPublished(7, PVCLOCK_GUEST_STOPPED) ? 0 : 1;
    case 4:
      return wallClockIsPublished(6) ? 0 : 1;
    case 5:
      return wallClockIsPublished(7) ? 0 : 1;
    case 6:
      return stealAreaMoves() ? ASK_STEAL : 1;
    case 7:
      return stealAreaHasGrown(STOLEN_NS) ? 0 : 1;
    case 8:
      areasGo();
      return ASK_STEAL;
    case 9:
      return goneAreasStayUnwritten() ? 0 : 1;
    case 10:
      return firstBytesAreAnArea() && lastPageIsEmpty(end) ? 0 : 1;
    case 11:
      return leavesFit() ? 0 : 1;
    case 12:
      return otherPortsAreEmpty() ? 0 : 1;
    case 13:
      return callsAreGated() ? 0 : WRONG_CALL;
    case 14:
      return registersStay() ? 0 : WRONG_CALL;
    default:
      return beyond(k - FIRST_USER_STEP);
  }
}

function beyond(k: i32): i32 {
  const userSteps = 2 * USER_CALLS.length;
  return k < userSteps ? user(k) : interrupts(k - userSteps);
}

/** For each call a step that asks for it and one that looks at the answer. */
function user(k: i32): i32 {
  if (k & 1) return userWasRefused() ? 0 : WRONG_CALL;
  prepareUserCall(k >> 1);
  return ASK_USER;
}

/** A vCPU that is taken down stays so: last. */
function interrupts(k: i32): i32 {
  if (!offers(KVM_PV_SEND_IPI)) return DONE;
  switch (k) {
    case 0:
      return windowReachesSelf() ? 0 : WRONG_CALL;
    case 1:
      return ipisAreCounted() ? 0 : WRONG_CALL;
    case 2:
      return destinationsAreRefused() ? 0 : WRONG_CALL;
    case 3:
      return downIsSkipped(self == vcpus - 1 ? 0 : vcpus - 1) ? 0 : WRONG_CALL;
    default:
      return DONE;
  }
}
