// HV_STATUS (TLFS) as the error of a hypercall of Xen (public/errno.h).

/** Negative errno of a status; those that no call of the core answers are −EIO. */
export function errnoOf(status: i32): i64 {
  switch (status) {
    case 0: return 0;
    case 2: return -38; // INVALID_HYPERCALL_CODE: ENOSYS
    case 3: case 4: case 5: return -22; // INVALID_HYPERCALL_INPUT, _ALIGNMENT, _PARAMETER: EINVAL
    case 6: return -1; // ACCESS_DENIED: EPERM
    case 7: return -16; // INVALID_PARTITION_STATE: EBUSY
    case 0xb: return -12; // INSUFFICIENT_MEMORY: ENOMEM
    case 0xd: return -3; // INVALID_PARTITION_ID: ESRCH
    case 0xe: return -2; // INVALID_VP_INDEX: ENOENT
    case 0x15: return -17; // INVALID_VP_STATE: EEXIST
    default: return -5;
  }
}
