; RUN: %opt -passes=popcorn-polls,verify -S %s | FileCheck %s
; RUN: %opt -mtriple=x86_64-unknown-linux-musl \
; RUN:   -passes='popcorn-polls,popcorn-retarget<x86_64>,loop-vectorize' -S %s \
; RUN:   | FileCheck %s --check-prefix=VECTOR

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i32 @get()

; Does a counted loop without calls poll between chunks of 4096 iterations
; only, its inner part a plain loop of one exit?
; CHECK-LABEL: define i32 @counted(
; CHECK: chunk:
; CHECK-NEXT: [[REST:%.*]] = phi i64 [ %{{.*}}, %loop.preheader ], [ [[LEFT:%.*]], %[[AGAIN:.*]] ]
; CHECK-NEXT: %i.chunk = phi i64 [ 0, %loop.preheader ], [ %next, %[[AGAIN]] ]
; CHECK-NEXT: %sum.chunk = phi i32 [ 0, %loop.preheader ], [ %sum.next, %[[AGAIN]] ]
; CHECK-NEXT: [[TRIPS:%.*]] = call i64 @llvm.umin.i64(i64 [[REST]], i64 4095)
; CHECK: loop:
; CHECK-NEXT: %chunk.index = phi i64 [ 0, %chunk ], [ [[INDEX:%.*]], %loop ]
; CHECK-NEXT: %i = phi i64 [ %next, %loop ], [ %i.chunk, %chunk ]
; CHECK-NEXT: %sum = phi i32 [ %sum.next, %loop ], [ %sum.chunk, %chunk ]
; CHECK-NOT: __popcorn_poll
; CHECK: [[INDEX]] = add nuw nsw i64 %chunk.index, 1
; CHECK-NEXT: [[LAST:%.*]] = icmp eq i64 %chunk.index, [[TRIPS]]
; CHECK-NEXT: br i1 [[LAST]], label %chunk.done, label %loop
; CHECK: chunk.done:
; CHECK-NEXT: [[ALL:%.*]] = icmp eq i64 [[REST]], [[TRIPS]]
; CHECK-NEXT: br i1 [[ALL]], label %done.loopexit, label %chunk.poll
; CHECK: chunk.poll:
; CHECK-NEXT: [[LESS:%.*]] = sub i64 [[REST]], [[TRIPS]]
; CHECK-NEXT: [[LEFT]] = sub i64 [[LESS]], 1
; CHECK-NEXT: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: call void @__popcorn_poll()

; Can the inner part still be vectorised?
; VECTOR-LABEL: define i32 @counted(
; VECTOR: vector.body:
; VECTOR: load <4 x i32>
define i32 @counted(ptr noalias %p, i64 %n) {
entry:
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %loop.preheader, label %done
loop.preheader:
  br label %loop
loop:
  %i = phi i64 [ %next, %loop ], [ 0, %loop.preheader ]
  %sum = phi i32 [ %sum.next, %loop ], [ 0, %loop.preheader ]
  %at = getelementptr inbounds i32, ptr %p, i64 %i
  %v = load i32, ptr %at
  %sum.next = add i32 %sum, %v
  %next = add nuw nsw i64 %i, 1
  %last = icmp eq i64 %next, %n
  br i1 %last, label %done.loopexit, label %loop, !llvm.loop !0
done.loopexit:
  %r = phi i32 [ %sum.next, %loop ]
  br label %done
done:
  %result = phi i32 [ 0, %entry ], [ %r, %done.loopexit ]
  ret i32 %result
}

; Does one that calls a function poll at its latch instead, each time?
; CHECK-LABEL: define void @calling(
; CHECK-NOT: chunk
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: call i32 @get()
; CHECK-NOT: chunk
; CHECK: ret void
define void @calling(i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add nuw nsw i64 %i, 1
  %last = icmp eq i64 %next, %n
  br i1 %last, label %done, label %loop
done:
  ret void
}

; And one that may leave early, so that its count is not known?
; CHECK-LABEL: define i64 @search(
; CHECK-NOT: chunk
; CHECK: latch:
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK-NOT: chunk
; CHECK: ret i64
define i64 @search(ptr %p, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %latch ]
  %at = getelementptr inbounds i32, ptr %p, i64 %i
  %v = load i32, ptr %at
  %found = icmp eq i32 %v, 7
  br i1 %found, label %done, label %latch
latch:
  %next = add nuw nsw i64 %i, 1
  %last = icmp eq i64 %next, %n
  br i1 %last, label %done, label %loop
done:
  ret i64 %i
}

; Of two nested loops of unknown length, is the inner one cut into chunks and
; does the outer one poll at its latch?
; CHECK-LABEL: define void @nest(
; CHECK: chunk.poll:
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: latch:
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @nest(ptr %p, i64 %n, i64 %m) {
entry:
  br label %outer
outer:
  %i = phi i64 [ 0, %entry ], [ %i.next, %latch ]
  br label %loop
loop:
  %j = phi i64 [ 0, %outer ], [ %j.next, %loop ]
  %at = getelementptr inbounds i64, ptr %p, i64 %j
  store i64 %i, ptr %at
  %j.next = add nuw nsw i64 %j, 1
  %j.last = icmp eq i64 %j.next, %m
  br i1 %j.last, label %latch, label %loop
latch:
  %i.next = add nuw nsw i64 %i, 1
  %i.last = icmp eq i64 %i.next, %n
  br i1 %i.last, label %done, label %outer
done:
  ret void
}

; Does a loop marked popcorn-nopoll stay whole?
; CHECK-LABEL: define void @nopoll(
; CHECK-NOT: chunk
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @nopoll(ptr %p, i64 %n) "popcorn-nopoll" {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr inbounds i64, ptr %p, i64 %i
  store i64 %i, ptr %at
  %next = add nuw nsw i64 %i, 1
  %last = icmp eq i64 %next, %n
  br i1 %last, label %done, label %loop
done:
  ret void
}

; What the source says of the loop stays with the inner part.
; CHECK: = distinct !{{{.*}}, [[MUST:![0-9]+]]}
; CHECK: [[MUST]] = !{!"llvm.loop.mustprogress"}
!0 = distinct !{!0, !1}
!1 = !{!"llvm.loop.mustprogress"}
