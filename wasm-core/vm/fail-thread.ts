// A trap or exhausted fuel inside a half: an error that names op, function and reason.
import { TRAP_DIVIDE_BY_ZERO, TRAP_INDIRECT_NULL, TRAP_INDIRECT_TYPE, TRAP_INTEGER_OVERFLOW, TRAP_INVALID_CONVERSION, TRAP_MEMORY_BOUNDS, TRAP_STACK, TRAP_TABLE_BOUNDS, TRAP_UNREACHABLE } from "../engine/index";
import { asThread } from "../engine/thread";
import { Cpu } from "./cpu";
import { FAIL_TRAP, fail } from "./failure";

/** Records that this thread trapped. */
export function failTrap(c: Cpu, thread: usize): void {
  fail(FAIL_TRAP, -1, c, thread, trapText(asThread(thread).trap));
}

function trapText(trap: i32): string {
  if (trap == TRAP_UNREACHABLE) return "trap: unreachable was executed";
  if (trap == TRAP_MEMORY_BOUNDS) return "trap: access outside the linear memory";
  if (trap == TRAP_TABLE_BOUNDS) return "trap: access outside the table";
  if (trap == TRAP_INDIRECT_NULL) return "trap: indirect call of an empty table slot";
  if (trap == TRAP_INDIRECT_TYPE) return "trap: indirect call of a function of another type";
  if (trap == TRAP_DIVIDE_BY_ZERO) return "trap: integer division by zero";
  if (trap == TRAP_INTEGER_OVERFLOW) return "trap: integer overflow";
  if (trap == TRAP_INVALID_CONVERSION) return "trap: conversion of a float that is no integer of the type";
  if (trap == TRAP_STACK) return "trap: the call stack is exhausted (too deep a recursion)";
  return "trap: a host function refused its arguments";
}
