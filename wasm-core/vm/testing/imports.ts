// What the test kernel and halves import: a few of machine.*, test.*, pvi.* and host.*.
export const DIRECT_MAP: i64 = 0xffff8880_00000000;

@external("machine", "load64") export declare function load64(va: i64): i64;
@external("machine", "store64") export declare function store64(va: i64, v: i64): void;
@external("machine", "store32") export declare function store32(va: i64, v: i32): void;
@external("machine", "load32") export declare function load32(va: i64): i32;
@external("machine", "rmw") export declare function rmw(op: i32, va: i64, v: i64): i64;
@external("machine", "mfence") export declare function mfence(): void;
@external("machine", "pause") export declare function pause(): void;
@external("machine", "cli") export declare function cli(): void;
@external("machine", "sti") export declare function sti(): void;
@external("machine", "hlt") export declare function hlt(): void;
@external("machine", "wrmsr") export declare function wrmsr(msr: i32, v: i64): void;
@external("machine", "rdtsc") export declare function rdtsc(): i64;
@external("machine", "invlpg") export declare function invlpg(va: i64): void;
@external("machine", "out") export declare function outPort(port: i32, size: i32, v: i32): void;
@external("machine", "int") export declare function softInterrupt(n: i32): void;
@external("machine", "iret") export declare function iret(frame: i64): void;
@external("machine", "hypercall") export declare function hypercall(nr: i64, a0: i64, a1: i64, a2: i64, a3: i64, a4: i64, a5: i64): i64;
@external("machine", "code_addr") export declare function codeAddr(slot: i32, user: i32): i64;
@external("machine", "call_code") export declare function callCode(addr: i64, arg: i64): void;
@external("machine", "set_reg") export declare function setReg(r: i32, v: i64): void;
@external("machine", "reg") export declare function reg(r: i32): i64;
@external("machine", "vcpu") export declare function vcpu(): i32;

@external("test", "expect") export declare function expect(clause: i32, ok: i32): void;
@external("test", "expect_eq") export declare function expectEq(clause: i32, got: i64, want: i64): void;
@external("test", "note") export declare function note(ptr: usize, len: i32): void;
@external("test", "may_end") export declare function mayEnd(mask: i32): void;
@external("test", "barrier") export declare function barrier(id: i32): void;
@external("test", "quiet") export declare function quiet(on: i32): void;
@external("test", "outcome") export declare function outcome(slot: i32, v: i64): void;
@external("test", "choose") export declare function choose(n: i32): i32;
@external("test", "plan") export declare function plan(kind: i32, vcpu: i32, at: i64, arg: i64): void;
@external("test", "advance") export declare function advance(ns: i64): void;
@external("test", "state") export declare function state(vcpu: i32, what: i32): i64;
@external("test", "param") export declare function param(k: i32): i64;

@external("pvi", "t_add") export declare function opAdd(a: i32, b: i32): i32;
@external("pvi", "t_trap") export declare function opTrap(): void;
@external("pvi", "t_loop") export declare function opLoop(): void;
@external("pvi", "t_recurse") export declare function opRecurse(): void;
@external("pvi", "t_grow") export declare function opGrow(): i32;
@external("pvi", "race_prepare") export declare function racePrepare(at: i64): void;
@external("pvi", "race_run") export declare function raceRun(role: i32, at: i64): void;
@external("pvi", "race_event") export declare function raceEvent(at: i64): void;
@external("pvi", "race_check") export declare function raceCheck(role: i32): i32;
@external("pvi", "t_missing") export declare function opMissing(): void;
