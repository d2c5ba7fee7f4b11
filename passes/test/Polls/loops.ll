; RUN: %opt -passes=popcorn-polls,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i32 @get()

; Is the word that polls read declared, and no thread's own?
; CHECK: @__popcorn_poll_flag = external dso_local global i32

; Does the latch of a loop of unknown length poll, at its start, by a volatile load, a test
; and a branch that is not likely?
; CHECK-LABEL: define void @unbounded(
; CHECK: loop:
; CHECK-NEXT: [[FLAG:%.*]] = load volatile i32, ptr @__popcorn_poll_flag, align 4
; CHECK-NEXT: [[SET:%.*]] = icmp ne i32 [[FLAG]], 0
; CHECK-NEXT: br i1 [[SET]], label %[[CALL:.*]], label %[[ON:.*]], !prof [[RARE:![0-9]+]]
; CHECK: [[CALL]]:
; CHECK-NEXT: call void @__popcorn_poll() [[NOINLINE:#[0-9]+]]
; CHECK-NEXT: br label %[[ON]]
; CHECK: [[ON]]:
; CHECK-NEXT: %v = call i32 @get()
; CHECK-NEXT: %more = icmp ne i32 %v, 0
; CHECK-NEXT: br i1 %more, label %loop, label %done
define void @unbounded() {
entry:
  br label %loop
loop:
  %v = call i32 @get()
  %more = icmp ne i32 %v, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; Does each of several latches?
; CHECK-LABEL: define void @latches(
; CHECK: a:
; CHECK-NEXT: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: b:
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: done:
; CHECK-NEXT: ret void
define void @latches() {
entry:
  br label %loop
loop:
  %v = call i32 @get()
  %even = trunc i32 %v to i1
  br i1 %even, label %a, label %b
a:
  br label %loop
b:
  %w = call i32 @get()
  %more = icmp ne i32 %w, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; Is a loop of few iterations run to its end?
; CHECK-LABEL: define void @bounded(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @bounded() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add nuw nsw i32 %i, 1
  %more = icmp ult i32 %next, 100
  br i1 %more, label %loop, label %done
done:
  ret void
}

; One of which the largest count is known only?
; CHECK-LABEL: define void @atMost(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @atMost() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %v = call i32 @get()
  %stop = icmp eq i32 %v, 0
  br i1 %stop, label %done, label %latch
latch:
  %next = add nuw nsw i32 %i, 1
  %more = icmp ult i32 %next, 100
  br i1 %more, label %loop, label %done
done:
  ret void
}

; But not one of many?
; CHECK-LABEL: define void @long(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @long() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add nuw nsw i32 %i, 1
  %more = icmp ult i32 %next, 1000000
  br i1 %more, label %loop, label %done
done:
  ret void
}

; Is one short that starts behind the outer loop's counter and goes up to a small
; number: j in for (i = 0; i < 5; i++) for (j = i + 1; j < 5; j++)?
; CHECK-LABEL: define void @triangle(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @triangle() {
entry:
  br label %outer
outer:
  %i = phi i64 [ 0, %entry ], [ %i.next, %latch ]
  %start = phi i64 [ 1, %entry ], [ %start.next, %latch ]
  %i.next = add nuw nsw i64 %i, 1
  %some = icmp ult i64 %i, 4
  br i1 %some, label %loop, label %latch
loop:
  %j = phi i64 [ %start, %outer ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add nuw nsw i64 %j, 1
  %last = icmp eq i64 %next, 5
  br i1 %last, label %latch, label %loop
latch:
  %start.next = add nuw nsw i64 %start, 1
  %i.last = icmp eq i64 %i.next, 5
  br i1 %i.last, label %done, label %outer
done:
  ret void
}

; But not one that may begin behind its end and go all the way round?
; CHECK-LABEL: define void @round(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @round(i64 %start) {
entry:
  br label %loop
loop:
  %j = phi i64 [ %start, %entry ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add i64 %j, 1
  %last = icmp eq i64 %next, 5
  br i1 %last, label %done, label %loop
done:
  ret void
}

; Nor one up to many?
; CHECK-LABEL: define void @upToMany(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @upToMany(i64 %start) {
entry:
  %some = icmp ult i64 %start, 1000000
  br i1 %some, label %loop, label %done
loop:
  %j = phi i64 [ %start, %entry ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add nuw nsw i64 %j, 1
  %last = icmp eq i64 %next, 1000000
  br i1 %last, label %done, label %loop
done:
  ret void
}

; Nor one down to zero from a number that may be negative: n = f ? -1 : 3 is
; how programs say "for ever, or three times"?
; CHECK-LABEL: define void @forever(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @forever(i1 %f) {
entry:
  %n = select i1 %f, i64 -1, i64 3
  br label %loop
loop:
  %j = phi i64 [ %n, %entry ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add nsw i64 %j, -1
  %more = icmp ne i64 %next, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; From three or five it is short?
; CHECK-LABEL: define void @threeOrFive(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @threeOrFive(i1 %f) {
entry:
  %n = select i1 %f, i64 5, i64 3
  br label %loop
loop:
  %j = phi i64 [ %n, %entry ], [ %next, %loop ]
  %v = call i32 @get()
  %next = add nsw i64 %j, -1
  %more = icmp ne i64 %next, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; Do loops in each other count as their product: here 1000 times 1000, where
; the inner one alone is short and the outer one polls?
; CHECK-LABEL: define void @product(
; CHECK: inner:
; CHECK-NOT: __popcorn_poll
; CHECK: latch:
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @product() {
entry:
  br label %outer
outer:
  %i = phi i32 [ 0, %entry ], [ %i.next, %latch ]
  br label %inner
inner:
  %j = phi i32 [ 0, %outer ], [ %j.next, %inner ]
  %v = call i32 @get()
  %j.next = add nuw nsw i32 %j, 1
  %j.more = icmp ult i32 %j.next, 1000
  br i1 %j.more, label %inner, label %latch
latch:
  %i.next = add nuw nsw i32 %i, 1
  %i.more = icmp ult i32 %i.next, 1000
  br i1 %i.more, label %outer, label %done
done:
  ret void
}

; And 10 times 10 need none at all?
; CHECK-LABEL: define void @smallProduct(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @smallProduct() {
entry:
  br label %outer
outer:
  %i = phi i32 [ 0, %entry ], [ %i.next, %latch ]
  br label %inner
inner:
  %j = phi i32 [ 0, %outer ], [ %j.next, %inner ]
  %v = call i32 @get()
  %j.next = add nuw nsw i32 %j, 1
  %j.more = icmp ult i32 %j.next, 10
  br i1 %j.more, label %inner, label %latch
latch:
  %i.next = add nuw nsw i32 %i, 1
  %i.more = icmp ult i32 %i.next, 10
  br i1 %i.more, label %outer, label %done
done:
  ret void
}

; Does a cycle with two entries, which is no natural loop, poll?
; CHECK-LABEL: define void @irreducible(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @irreducible(i1 %c) {
entry:
  br i1 %c, label %a, label %b
a:
  %v = call i32 @get()
  %x = icmp eq i32 %v, 0
  br i1 %x, label %done, label %b
b:
  %w = call i32 @get()
  br label %a
done:
  ret void
}

; And the same blocks without the cycle do not?
; CHECK-LABEL: define void @acyclic(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @acyclic(i1 %c) {
entry:
  br i1 %c, label %a, label %b
a:
  %v = call i32 @get()
  br label %b
b:
  %w = call i32 @get()
  br label %done
done:
  ret void
}

; Does a function marked popcorn-nopoll poll nowhere?
; CHECK-LABEL: define void @nopoll(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @nopoll() "popcorn-nopoll" {
entry:
  br label %loop
loop:
  %v = call i32 @get()
  %more = icmp ne i32 %v, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; CHECK: declare void @__popcorn_poll()
; CHECK: attributes [[NOINLINE]] = { noinline }
; CHECK: [[RARE]] = !{!"branch_weights", i32 1, i32 1048576}
