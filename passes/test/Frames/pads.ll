; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i32 @moves(i32) "popcorn-migrates"
declare void @moves.v() "popcorn-migrates"
declare i32 @stays(i32)

; Has each site a pad of its own, which stores what lives behind it and nothing
; else: %b behind the first, its result behind the second, %p nowhere?
; CHECK-LABEL: define i32 @two(
; CHECK-SAME: personality ptr @__popcorn_personality
; CHECK-NEXT: [[R:%.*]] = invoke i32 @moves(i32 %a) [[SITE:#[0-9]+]]
; CHECK-NEXT: to label %[[ON:.*]] unwind label %[[PAD0:.*]]
; CHECK: [[ON]]:
; CHECK-NEXT: [[S:%.*]] = invoke i32 @moves(i32 %b) [[SITE]]
; CHECK-NEXT: to label %{{.*}} unwind label %[[PAD1:.*]]
; CHECK: [[PAD0]]:
; CHECK-NEXT: landingpad { ptr, i32 }
; CHECK-NEXT: cleanup
; CHECK-NEXT: [[REC:%.*]] = call ptr @__popcorn_capture(i32 0, i32 0)
; CHECK-NEXT: [[AT:%.*]] = getelementptr inbounds i8, ptr [[REC]], i64 32
; CHECK-NEXT: store i32 %b, ptr [[AT]], align 16
; CHECK-NEXT: br label %[[OUT:.*]]
; CHECK: [[PAD1]]:
; CHECK-NEXT: landingpad { ptr, i32 }
; CHECK-NEXT: cleanup
; CHECK-NEXT: [[REC:%.*]] = call ptr @__popcorn_capture(i32 0, i32 1)
; CHECK-NEXT: [[AT:%.*]] = getelementptr inbounds i8, ptr [[REC]], i64 36
; CHECK-NEXT: store i32 [[R]], ptr [[AT]], align 4
; CHECK-NEXT: br label %[[OUT]]

; Does unwinding go on behind every pad?
; CHECK: [[OUT]]:
; CHECK-NEXT: call void @__popcorn_continue()
; CHECK-NEXT: unreachable
define i32 @two(i32 %a, i32 %b, ptr %p) "popcorn-migrates" {
  %r = call i32 @moves(i32 %a) "popcorn-migrates"
  %s = call i32 @moves(i32 %b) "popcorn-migrates"
  %t = add i32 %r, %s
  ret i32 %t
}

; Is a call that cannot migrate left a call?
; CHECK-LABEL: define i32 @mixed(
; CHECK: invoke void @moves.v()
; CHECK: call i32 @stays(i32 %a)
define i32 @mixed(i32 %a) "popcorn-migrates" {
  call void @moves.v() "popcorn-migrates"
  %r = call i32 @stays(i32 %a)
  ret i32 %r
}

; Does a function without sites stay as it is, with no resume function?
; CHECK-LABEL: define i32 @leaf(i32 %a) {
; CHECK-NEXT: %r = call i32 @stays(i32 %a)
; CHECK-NEXT: ret i32 %r
define i32 @leaf(i32 %a) {
  %r = call i32 @stays(i32 %a)
  ret i32 %r
}

; Is a value stored that lives across a site in a loop only by the way back?
; CHECK-LABEL: define void @loop(
; CHECK: @__popcorn_capture(i32 2, i32 0)
; CHECK: store i32 %next, ptr
; CHECK-NOT: store
; CHECK: br label %unwind
define void @loop(i32 %n) "popcorn-migrates" {
entry:
  br label %loop
loop:
  %i = phi i32 [ %n, %entry ], [ %next, %loop ]
  %next = call i32 @stays(i32 %i)
  call void @moves.v() "popcorn-migrates"
  %more = icmp ne i32 %next, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; One that a branch not taken uses only is stored all the same, but not at the
; site where that branch no longer can come?
; CHECK-LABEL: define i32 @branch(
; CHECK: @__popcorn_capture(i32 3, i32 0)
; CHECK-NEXT: getelementptr inbounds i8, ptr %{{.*}}, i64 32
; CHECK-NEXT: store i32 %a,
; CHECK: @__popcorn_capture(i32 3, i32 1)
; CHECK-NEXT: br label %unwind
define i32 @branch(i32 %a) "popcorn-migrates" {
  %r = call i32 @moves(i32 1) "popcorn-migrates"
  %c = icmp eq i32 %r, 0
  br i1 %c, label %then, label %else
then:
  %s = call i32 @moves(i32 2) "popcorn-migrates"
  ret i32 %s
else:
  ret i32 %a
}

; Have values of all kinds places that fit them on every ISA, the largest
; alignment first?
; CHECK-LABEL: define fp128 @kinds(
; CHECK: @__popcorn_capture(i32 4, i32 0)
; CHECK-DAG: store fp128 %q, ptr [[Q:%.*]], align 16
; CHECK-DAG: [[Q]] = getelementptr inbounds i8, ptr %{{.*}}, i64 32
; CHECK-DAG: store ptr %p, ptr [[P:%.*]], align 16
; CHECK-DAG: [[P]] = getelementptr inbounds i8, ptr %{{.*}}, i64 48
; CHECK-DAG: store float %f, ptr [[F:%.*]], align 8
; CHECK-DAG: [[F]] = getelementptr inbounds i8, ptr %{{.*}}, i64 56
; CHECK-DAG: store i8 %b, ptr [[B:%.*]], align 4
; CHECK-DAG: [[B]] = getelementptr inbounds i8, ptr %{{.*}}, i64 60
; CHECK: br label %unwind
declare void @use(i8, ptr, float)
define fp128 @kinds(i8 %b, ptr %p, float %f, fp128 %q) "popcorn-migrates" {
  call void @moves.v() "popcorn-migrates"
  call void @use(i8 %b, ptr %p, float %f)
  ret fp128 %q
}

; CHECK: attributes [[SITE]] = { "popcorn-migrates" }
