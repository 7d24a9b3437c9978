// Linking: every import bound by module and name, types compared, instances made. Host ids are `class << 16 | index`.
//
//   class 1 machine.* (id in ops-table.ts) · 2 host.* · 3 test.* · 4 pvi.* (import index in the kernel, see Binding) · 5 coverage.hit
import {
  bindFunc,
  bindHost,
  findExport,
  funcType,
  importCount,
  importField,
  importModule,
  importType,
  instanceCreate,
  instanceInit,
  instanceModule,
  instanceSetTag,
  internType,
  threadCreate,
  typeParamCount,
  typeResultCount,
} from "../engine/index";
import { machineOps } from "../machine/ops-table";
import { immutableAlloc } from "../memory/arena";
import { config, KIND_NATIVE } from "./config";
import { coverageCreate } from "./coverage";
import { Cpu, cpuAt } from "./cpu";
import { errorBegin, errorEnd, refuse, refuseEngine, refuseName } from "./errors";
import { hostOps, importId, importSignature, testOps } from "./imports";
import { KIND_FUNC, KIND_GLOBAL, exported, exportedFunction, moduleOf, nameIs, putType, ROLE_GUEST, ROLE_HOST, ROLE_KERNEL, ROLE_NATIVE, ROLE_ROM } from "./modules";
import { opFind } from "./ops";
import { put, putEscaped } from "./text";

export const CLASS_MACHINE: u32 = 1;
export const CLASS_HOST: u32 = 2;
export const CLASS_TEST: u32 = 3;
export const CLASS_PVI: u32 = 4;
export const CLASS_COVERAGE: u32 = 5;

/** Where a pvi import of the kernel leads. */
@unmanaged
export class Binding {
  /** Module role that implements it, -1 = nobody. */
  role: i32;
  func: u32;
  /** Number in the op table, -1 = not an op (half_init). */
  op: i32;
  argc: u32;
  results: u32;
  namePtr: usize;
  nameLen: u32;
}

const CALL_ARGS_MAX: u32 = 8;
const VCPU_STACK_BYTES: u32 = 128 << 10;
const HOST_STACK_BYTES: u32 = 128 << 10;
const CALL_DEPTH_MAX: u32 = 1000;

let bindings: usize = 0;
export let hostInstance: usize = 0;
export let hostThread: usize = 0;
/** Function indices of the host half; -1 = not exported. */
export let hostBootFunc: i32 = -1;
export let hostExitFunc: i32 = -1;
export let hostEnterFunc: i32 = -1;
export let hostSchedFunc: i32 = -1;
export let hostTimerFunc: i32 = -1;
const stackPointers: usize = memory.data(16, 4);
export let kernelStart: i32 = -1;
export let kernelApStart: i32 = -1;
export let kernelRun: i32 = -1;

@inline
export function bindingAt(index: u32): Binding {
  return changetype<Binding>(bindings + <usize>index * offsetof<Binding>());
}

/** Index of __stack_pointer among a module's globals, -1 if it is not exported. */
@inline
export function stackPointerGlobal(role: u32): i32 {
  return load<i32>(stackPointers + (role << 2));
}

/** Makes and binds every instance and thread; 0, or the refusal. */
export function linkModules(): u32 {
  const problem = findExports();
  if (problem) return problem;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const failed = linkCpu(cpuAt(i));
    if (failed) return failed;
  }
  return linkHost();
}

function findExports(): u32 {
  const kernel = moduleOf(ROLE_KERNEL);
  if (!kernel) return refuse("E_EXPORT", ROLE_KERNEL, "no kernel was loaded");
  if (!moduleOf(ROLE_NATIVE)) return refuse("E_EXPORT", ROLE_NATIVE, "no native half was loaded");
  kernelStart = exportedFunction(kernel, "start");
  kernelApStart = exportedFunction(kernel, "ap_start");
  kernelRun = exportedFunction(kernel, "run");
  if (kernelStart < 0 || kernelApStart < 0 || kernelRun < 0) return refuse("E_EXPORT", ROLE_KERNEL, "the kernel must export start, ap_start and run");
  if (!typeIs(kernel, kernelStart, 1, 0x7e, 0) || !typeIs(kernel, kernelApStart, 1, 0x7e, 0) || !typeIs(kernel, kernelRun, 2, 0x7f, 0)) {
    return refuse("E_SIGNATURE", ROLE_KERNEL, "start and ap_start must be (i64)->(), run (i32,i32)->()");
  }
  for (let role: u32 = 0; role < ROLE_HOST; role++) store<i32>(stackPointers + (role << 2), exported(moduleOf(role), "__stack_pointer", KIND_GLOBAL));
  const host = moduleOf(ROLE_HOST);
  hostBootFunc = exportedFunction(host, "boot");
  hostExitFunc = exportedFunction(host, "exit");
  hostEnterFunc = exportedFunction(host, "enter");
  hostSchedFunc = exportedFunction(host, "sched");
  hostTimerFunc = exportedFunction(host, "timer");
  if (config.kind == KIND_NATIVE) return host ? refuse("E_EXPORT", ROLE_HOST, "a native machine has no host half: leave it out or choose another machine kind") : 0;
  if (hostBootFunc < 0 || hostExitFunc < 0) return refuse("E_EXPORT", ROLE_HOST, "this machine kind needs a host half that exports boot and exit");
  const right =
    typeIs(host, hostBootFunc, 0, 0x7f, 1) && typeIs(host, hostExitFunc, 2, 0x7f, 1) && typeIs(host, hostEnterFunc, 1, 0x7f, 0) &&
    typeIs(host, hostSchedFunc, 2, 0x7f, 0) && typeIs(host, hostTimerFunc, 2, 0x7f, 0);
  return right ? 0 : refuse("E_SIGNATURE", ROLE_HOST, "boot must be ()->(i32), exit (i32,i32)->(i32), enter (i32)->(), sched and timer (i32,i32)->()");
}

const typeCell: usize = memory.data(4, 4);

/** Whether the function (if there is one) has `params` parameters of one type and `results` i32 results. */
function typeIs(m: usize, func: i32, params: u32, paramType: u32, results: u32): bool {
  if (func < 0) return true;
  memory.fill(typeCell, <u8>paramType, 2);
  store<u8>(typeCell, 0x7f, 2);
  return funcType(m, func) == internType(typeCell, params, typeCell + 2, results);
}

function linkCpu(c: Cpu): u32 {
  // Every vCPU has its own kernel, native half, guest half and ROM: linear memories are private.
  c.native = create(ROLE_NATIVE, c.index);
  c.rom = create(ROLE_ROM, c.index);
  c.guest = create(ROLE_GUEST, c.index);
  c.kernel = create(ROLE_KERNEL, c.index);
  c.thread = threadCreate(VCPU_STACK_BYTES, CALL_DEPTH_MAX);
  for (let role: u32 = 0; role < ROLE_HOST; role++) {
    const inst = role == ROLE_KERNEL ? c.kernel : role == ROLE_NATIVE ? c.native : role == ROLE_GUEST ? c.guest : c.rom;
    if (!moduleOf(role)) continue;
    if (!inst || !c.thread) return refuseEngine(role);
    const problem = bindImports(c, role, inst);
    if (problem) return problem;
    if (!instanceInit(inst)) return refuseEngine(role);
  }
  return 0;
}

function linkHost(): u32 {
  hostInstance = 0;
  if (!moduleOf(ROLE_HOST)) return 0;
  hostInstance = create(ROLE_HOST, 0);
  hostThread = threadCreate(HOST_STACK_BYTES, CALL_DEPTH_MAX);
  if (!hostInstance || !hostThread) return refuseEngine(ROLE_HOST);
  const problem = bindImports(cpuAt(0), ROLE_HOST, hostInstance);
  if (problem) return problem;
  return instanceInit(hostInstance) ? 0 : refuseEngine(ROLE_HOST);
}

function create(role: u32, vcpu: u32): usize {
  const m = moduleOf(role);
  if (!m) return 0;
  const inst = instanceCreate(m);
  if (inst) instanceSetTag(inst, role | (vcpu << 8));
  return inst;
}

function bindImports(c: Cpu, role: u32, inst: usize): u32 {
  const m = instanceModule(inst);
  const count = importCount(m);
  if (role == ROLE_KERNEL && c.index == 0) bindings = immutableAlloc(<usize>(count + 1) * offsetof<Binding>());
  for (let i: u32 = 0; i < count; i++) {
    const problem = bindImport(c, role, inst, m, i);
    if (problem) return problem;
  }
  return 0;
}

function bindImport(c: Cpu, role: u32, inst: usize, m: usize, i: u32): u32 {
  const from = importModule(m, i);
  const field = importField(m, i);
  const fromPtr = from.ptr;
  const fromLen = from.len;
  if (role != ROLE_KERNEL && nameIs(fromPtr, fromLen, "coverage")) return bindCoverage(role, inst, i);
  if (role == ROLE_HOST) {
    if (nameIs(fromPtr, fromLen, "host")) return bindTable(hostOps, CLASS_HOST, role, inst, i);
  } else {
    if (nameIs(fromPtr, fromLen, "machine")) return bindTable(machineOps, CLASS_MACHINE, role, inst, i);
    if (role == ROLE_KERNEL && nameIs(fromPtr, fromLen, "test")) return bindTable(testOps, CLASS_TEST, role, inst, i);
    if (role == ROLE_KERNEL && nameIs(fromPtr, fromLen, "pvi")) return bindOp(m, inst, i);
    if (role == ROLE_GUEST && nameIs(fromPtr, fromLen, "native")) return bindPeer(c.native, ROLE_NATIVE, inst, i);
    if (role == ROLE_GUEST && nameIs(fromPtr, fromLen, "rom") && c.rom) return bindPeer(c.rom, ROLE_ROM, inst, i);
  }
  return refuseName("E_IMPORT", role, "the module imports from", fromPtr, fromLen, ", which this role cannot import from");
}

const hitType: usize = memory.data(4, 4);

function bindCoverage(role: u32, inst: usize, i: u32): u32 {
  store<u8>(hitType, 0x7f);
  const wanted = internType(hitType, 1, hitType + 1, 0);
  if (importType(instanceModule(inst), i) != wanted) return refuseType(role, instanceModule(inst), i, wanted);
  if (!coverageCreate()) return refuse("E_MEMORY", role, "no memory for coverage marks");
  bindHost(inst, i, CLASS_COVERAGE << 16);
  return 0;
}

function bindTable(table: string, cls: u32, role: u32, inst: usize, i: u32): u32 {
  const m = instanceModule(inst);
  const field = importField(m, i);
  const id = importId(table, field.ptr, field.len);
  if (id < 0) return refuseName("E_IMPORT", role, "the module imports the unknown function", field.ptr, field.len, ": see the SDK for what there is");
  const wanted = importSignature(table, id);
  if (importType(m, i) != wanted) return refuseType(role, m, i, wanted);
  bindHost(inst, i, (cls << 16) | id);
  return 0;
}

function bindPeer(target: usize, targetRole: u32, inst: usize, i: u32): u32 {
  const m = instanceModule(inst);
  const field = importField(m, i);
  const peer = instanceModule(target);
  const func = findExport(peer, field.ptr, field.len, KIND_FUNC);
  if (func < 0) return refuseName("E_IMPORT", ROLE_GUEST, targetRole == ROLE_NATIVE ? "the native half has no function" : "the ROM has no function", field.ptr, field.len, "");
  if (importType(m, i) != funcType(peer, func)) return refuseType(ROLE_GUEST, m, i, funcType(peer, func));
  bindFunc(inst, i, target, func);
  return 0;
}

/** pvi.X of the kernel: guest half, else native half, else nobody. Calls go through the VM, which so knows what op runs. */
function bindOp(m: usize, inst: usize, i: u32): u32 {
  const field = importField(m, i);
  const type = importType(m, i);
  const b = bindingAt(i);
  b.namePtr = field.ptr;
  b.nameLen = field.len;
  b.op = opFind(b.namePtr, b.nameLen);
  b.argc = typeParamCount(type);
  b.results = typeResultCount(type);
  b.role = -1;
  if (b.argc > CALL_ARGS_MAX || b.results > 1) return refuseName("E_SIGNATURE", ROLE_KERNEL, "an op has at most 8 parameters and 1 result:", b.namePtr, b.nameLen, "");
  for (let role = ROLE_GUEST; role >= ROLE_NATIVE; role--) {
    const module = moduleOf(role);
    const func = module ? findExport(module, b.namePtr, b.nameLen, KIND_FUNC) : -1;
    if (func < 0) continue;
    if (funcType(module, func) != type) return refuseExport(role, module, func, b, type);
    b.role = role;
    b.func = func;
    break;
  }
  bindHost(inst, i, (CLASS_PVI << 16) | i);
  return 0;
}

function refuseType(role: u32, m: usize, i: u32, wanted: usize): u32 {
  const field = importField(m, i);
  errorBegin("E_SIGNATURE", role, -1, -1);
  put("the import '");
  putEscaped(field.ptr, field.len);
  put("' has the type ");
  putType(importType(m, i));
  put(", it must be ");
  putType(wanted);
  return errorEnd();
}

function refuseExport(role: u32, m: usize, func: u32, b: Binding, wanted: usize): u32 {
  errorBegin("E_SIGNATURE", role, -1, func);
  put("the export '");
  putEscaped(b.namePtr, b.nameLen);
  put("' has the type ");
  putType(funcType(m, func));
  put(", the op has ");
  putType(wanted);
  return errorEnd();
}
