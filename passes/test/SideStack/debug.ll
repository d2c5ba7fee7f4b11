; RUN: %opt -passes=popcorn-side-stack,verify -S %s | FileCheck %s

declare void @use(ptr)

; With optimisation: is the variable a value found by the pointer's register?
; CHECK-LABEL: define void @optimised(
; CHECK: %side.sp = load ptr
; CHECK: #dbg_value(!DIArgList(ptr %side.sp), ![[X:[0-9]+]], !DIExpression(DW_OP_LLVM_arg, 0, DW_OP_constu, 16, DW_OP_minus, DW_OP_deref)
; CHECK-NOT: alloca
define void @optimised() !dbg !4 {
  %x = alloca i64
    #dbg_declare(ptr %x, !7, !DIExpression(), !8)
  call void @use(ptr %x) #0, !dbg !8
  ret void, !dbg !8
}

; Without: by the place where the pointer is kept, an array of variable length too?
; CHECK-LABEL: define void @plain(
; CHECK: %[[VLA:.*]] = alloca ptr
; CHECK: %[[HOME:.*]] = alloca ptr
; CHECK: %side.sp = load ptr
; CHECK: store ptr %side.sp, ptr %[[HOME]]
; CHECK: #dbg_declare(ptr %[[HOME]], ![[Y:[0-9]+]], !DIExpression(DW_OP_deref, DW_OP_constu, 16, DW_OP_minus)
; CHECK: store ptr %line, ptr %[[VLA]]
; CHECK: #dbg_declare(ptr %[[VLA]], ![[Z:[0-9]+]], !DIExpression(DW_OP_deref)
define void @plain(i64 %n) noinline optnone !dbg !5 {
  %y = alloca i64
    #dbg_declare(ptr %y, !9, !DIExpression(), !10)
  call void @use(ptr %y) #0, !dbg !10
  %line = alloca i8, i64 %n
    #dbg_declare(ptr %line, !11, !DIExpression(), !10)
  call void @use(ptr %line) #0, !dbg !10
  ret void, !dbg !10
}

; Without debug info nothing is kept.
; CHECK-NOT: alloca ptr
; CHECK-LABEL: define void @none(
; CHECK-NOT: alloca
; CHECK: ret void
; CHECK-DAG: ![[X]] = !DILocalVariable(name: "x"
; CHECK-DAG: ![[Y]] = !DILocalVariable(name: "y"
; CHECK-DAG: ![[Z]] = !DILocalVariable(name: "z"
define void @none() noinline optnone {
  %y = alloca i64
  call void @use(ptr %y) #0
  ret void
}

attributes #0 = { "popcorn-migrates" }

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "a.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !{null})
!4 = distinct !DISubprogram(name: "optimised", file: !1, line: 1, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!5 = distinct !DISubprogram(name: "plain", file: !1, line: 5, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!6 = !DIBasicType(name: "long", size: 64, encoding: DW_ATE_signed)
!7 = !DILocalVariable(name: "x", scope: !4, file: !1, line: 2, type: !6)
!8 = !DILocation(line: 2, scope: !4)
!9 = !DILocalVariable(name: "y", scope: !5, file: !1, line: 6, type: !6)
!10 = !DILocation(line: 6, scope: !5)
!11 = !DILocalVariable(name: "z", scope: !5, file: !1, line: 7, type: !6)
