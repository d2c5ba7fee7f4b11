; RUN: not %opt -passes=popcorn-check -disable-output %s 2>&1 | FileCheck %s
; RUN: not %opt -passes=popcorn-check -disable-output %s 2>&1 | grep -c '^error: ' | grep -qx 7

source_filename = "a.c"
module asm ".globl x"

@big = global x86_fp80 0xK00000000000000000000

; Is file-scope assembly named?
; CHECK: error: a.c: file-scope assembly ".globl x" is of one ISA
; Is an object of a type of one ISA named?
; CHECK: error: a.c: object 'big': the type x86_fp80 is not portable

; Does assembly with a text say file, line and function, and the way out?
; CHECK: error: dir.c:12: in function 'ticks': inline assembly "rdtsc" is of one ISA; {{.*}}popcorn.native
define i64 @ticks() !dbg !4 {
  %t = call i64 asm "rdtsc", "={ax}"(), !dbg !7
  ret i64 %t
}

; And without debug information, the file?
; CHECK: error: a.c: in function 'nop': inline assembly "nop"
define void @nop() {
  call void asm sideeffect "nop", ""()
  ret void
}

; Is an intrinsic of a target named?
; CHECK: error: a.c: in function 'pause': the intrinsic llvm.x86.sse2.pause
define void @pause() {
  call void @llvm.x86.sse2.pause()
  ret void
}
declare void @llvm.x86.sse2.pause()

; A request for a register?
; CHECK: error: a.c: in function 'sp': the intrinsic llvm.read_register.i64
define i64 @sp() {
  %v = call i64 @llvm.read_register.i64(metadata !8)
  ret i64 %v
}
declare i64 @llvm.read_register.i64(metadata)

; asm goto, though its text is empty?
; CHECK: error: a.c: in function 'jump': asm goto
define void @jump() {
  callbr void asm sideeffect "", "!i"() to label %a [label %b]
a:
  ret void
b:
  ret void
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "dir.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "ticks", file: !1, line: 10, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !6)
!6 = !{null}
!7 = !DILocation(line: 12, scope: !4)
!8 = !{!"sp"}
