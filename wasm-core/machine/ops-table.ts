// The import table of `machine.*`: the one list of names, ids and types. Plain TypeScript, so that Node reads it too.
//
// One line per import; its id is its place. `name:parameters>results`, i = i32, I = i64. Class letter before the name:
//   m memory   x instruction   r registers, code and contexts (never a scheduling point)
export const machineOps: string = `m load8:I>i
m load16:I>i
m load32:I>i
m load64:I>I
m store8:Ii>
m store16:Ii>
m store32:Ii>
m store64:II>
m rmw:iII>I
m cmpxchg:iIII>I
m copy_in:iIi>
m copy_out:iIi>
m fill:IIi>
m mfence:>
m sfence:>
m lfence:>
m pause:>
x cli:>
x sti:>
x pushf:>I
x popf:I>
x hlt:>
x read_cr:i>I
x write_cr:iI>
x read_dr:i>I
x write_dr:iI>
x invlpg:I>
x invpcid:iII>
x rdmsr:i>I
x wrmsr:iI>
x lgdt:Ii>
x lidt:Ii>
x lldt:i>
x ltr:i>
x str:>i
x in:ii>i
x out:iii>
x cpuid:ii>
x rdtsc:>I
x rdtscp:>I
x iret:I>
x swapgs:>
x wbinvd:>
x rdpmc:i>I
x clts:>
x int:i>
x ud:>
x syscall:I>I
x hypercall:IIIIIII>I
x vmcall:>
x vmmcall:>
x exec:I>
r reg:i>I
r set_reg:iI>
r ctx_reg:i>I
r ctx_set_reg:iI>
r code_addr:ii>I
r call_code:II>
r vcpu:>i
r nop:>
`;
