; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i32 @moves(i32) "popcorn-migrates"
declare void @moves.v() "popcorn-migrates"
declare void @use(i32)

define i32 @two(i32 %a, i32 %b) "popcorn-migrates" {
  %r = call i32 @moves(i32 %a) "popcorn-migrates"
  %s = call i32 @moves(i32 %b) "popcorn-migrates"
  %t = add i32 %r, %s
  ret i32 %t
}

; Does the resume function go to the site the record names, and nowhere else?
; CHECK-LABEL: define internal i32 @two.resume(ptr {{.*}}%record)
; CHECK-SAME: section ".popcorn.cold.two.resume" personality ptr @__popcorn_personality
; CHECK: [[AT:%.*]] = getelementptr inbounds i8, ptr %record, i64 20
; CHECK-NEXT: %site = load i32, ptr [[AT]], align 4
; CHECK-NEXT: switch i32 %site, label %corrupt [
; CHECK-NEXT: i32 0, label %[[SITE0:.*]]
; CHECK-NEXT: i32 1, label %[[SITE1:.*]]
; CHECK-NEXT: ]

; Does it resume the callee there instead of calling it, and keep its result in
; the record, since that lives across the next site?
; CHECK: [[SITE0]]:
; CHECK-NEXT: [[R:%.*]] = invoke i32 @__popcorn_resume_inner(ptr %record)
; CHECK-NEXT: to label %[[ON0:.*]] unwind label %[[PAD0:.*]]
; CHECK: [[ON0]]:
; CHECK-NEXT: [[SLOT:%.*]] = getelementptr inbounds i8, ptr %record, i64 36
; CHECK-NEXT: store i32 [[R]], ptr [[SLOT]], align 4
; CHECK: %b = load i32
; CHECK-NEXT: [[S:%.*]] = invoke i32 @moves(i32 %b)
; CHECK-NEXT: to label %[[ON1:.*]] unwind label %[[PAD1:.*]]

; Is the result of a call one of two: the call's own or that of the resumed?
; CHECK: [[SITE1]]:
; CHECK-NEXT: [[S2:%.*]] = invoke i32 @__popcorn_resume_inner(ptr %record)
; CHECK-NEXT: to label %[[ON1]] unwind label %[[PAD1B:.*]]
; CHECK: [[ON1]]:
; CHECK-NEXT: [[PHI:%.*]] = phi i32 [ [[S]], %[[ON0]] ], [ [[S2]], %[[SITE1]] ]
; CHECK: [[OLD:%.*]] = load i32
; CHECK-NEXT: %t = add i32 [[OLD]], [[PHI]]

; Does it give the record back before it returns?
; CHECK-NEXT: call void @__popcorn_release(ptr %record)
; CHECK-NEXT: ret i32 %t

; Have its pads nothing to store but which site it was?
; CHECK: corrupt:
; CHECK-NEXT: call void @llvm.trap()
; CHECK-NEXT: unreachable
; CHECK: unwind:
; CHECK-NEXT: [[K:%.*]] = phi i32 [ 0, %{{.*}} ], [ 1, %{{.*}} ]
; CHECK-NEXT: call void @__popcorn_recapture(ptr %record, i32 [[K]])
; CHECK-NEXT: call void @__popcorn_continue()
; CHECK-NEXT: unreachable

; Does a result that nobody asks for leave no trace but the call?
; CHECK-LABEL: define internal void @unused.resume(
; CHECK: invoke i32 @__popcorn_resume_inner(ptr %record)
; CHECK-NOT: phi
; CHECK: call void @__popcorn_release(ptr %record)
; CHECK-NEXT: ret void
define void @unused() "popcorn-migrates" {
  %r = call i32 @moves(i32 1) "popcorn-migrates"
  call void @use(i32 2)
  ret void
}

; Is code that runs before the first site only left out?
; CHECK-LABEL: define internal void @before.resume(
; CHECK-NOT: @use(i32 1)
; CHECK: call void @use(i32 2)
define void @before() "popcorn-migrates" {
  call void @use(i32 1)
  call void @moves.v() "popcorn-migrates"
  call void @use(i32 2)
  ret void
}

; A loop around the site brings it back, with all that changes in the record.
; CHECK-LABEL: define internal void @loop.resume(
; CHECK: store i32 %next, ptr
; CHECK: call void @use(i32 1)
define void @loop(i32 %n) "popcorn-migrates" {
entry:
  br label %loop
loop:
  %i = phi i32 [ %n, %entry ], [ %next, %loop ]
  %next = mul i32 %i, %i
  call void @moves.v() "popcorn-migrates"
  call void @use(i32 1)
  %more = icmp ne i32 %next, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}
