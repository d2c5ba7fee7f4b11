; RUN: %opt -passes=popcorn-goto,verify -S %s | FileCheck %s

; Are labels numbers, and differences of labels their differences?
; CHECK: @table = constant [2 x ptr] [ptr inttoptr (i64 1 to ptr), ptr inttoptr (i64 2 to ptr)]
; CHECK: @offsets = constant [2 x i32] [i32 0, i32 1]
@table = constant [2 x ptr] [ptr blockaddress(@one, %a), ptr blockaddress(@one, %b)]
@offsets = constant [2 x i32] [
  i32 0,
  i32 trunc (i64 sub (i64 ptrtoint (ptr blockaddress(@one, %b) to i64),
                      i64 ptrtoint (ptr blockaddress(@one, %a) to i64)) to i32)]

; Does an indirect goto switch over its targets in place?
; CHECK-LABEL: define i32 @one(ptr %p)
; CHECK: [[L:%.*]] = ptrtoint ptr %p to i64
; CHECK-NEXT: switch i64 [[L]], label %goto.unreachable [
; CHECK-NEXT: i64 1, label %a
; CHECK-NEXT: i64 2, label %b
; CHECK-NEXT: ], !popcorn.goto
; CHECK: goto.unreachable:
; CHECK-NEXT: unreachable
define i32 @one(ptr %p) {
  indirectbr ptr %p, [label %a, label %b]
a:
  ret i32 1
b:
  ret i32 2
}

; Do gotos with the same targets share one switch, and their PHIs with them?
; CHECK-LABEL: define i32 @shared(
; CHECK: a:
; CHECK-NEXT: phi i32 [ [[M:%.*]], %goto.dispatch ]
; CHECK: br label %goto.dispatch
; CHECK: b:
; CHECK: br label %goto.dispatch
; CHECK: goto.dispatch:
; CHECK: [[M]] = phi i32 [ 1, %entry ], [ 2, %a ], [ 3, %b ]
; CHECK: %label = phi i64 [ %{{.*}}, %entry ], [ %{{.*}}, %a ], [ %{{.*}}, %b ]
; CHECK-NEXT: switch i64 %label
; CHECK-NOT: switch
; CHECK: goto.unreachable:
define i32 @shared(ptr %p, ptr %x) {
entry:
  store ptr blockaddress(@shared, %a), ptr %x
  store ptr blockaddress(@shared, %b), ptr %x
  store ptr blockaddress(@shared, %c), ptr %x
  indirectbr ptr %p, [label %a, label %b, label %c]
a:
  %v = phi i32 [ 1, %entry ], [ 2, %a ], [ 3, %b ]
  %q = getelementptr i8, ptr %p, i32 %v
  indirectbr ptr %q, [label %a, label %b, label %c]
b:
  indirectbr ptr %p, [label %a, label %b, label %c]
c:
  ret i32 0
}

; Do gotos with different targets keep a switch each?
; CHECK-LABEL: define i32 @separate(
; CHECK: switch i64
; CHECK: switch i64
define i32 @separate(ptr %p, ptr %x) {
entry:
  store ptr blockaddress(@separate, %a), ptr %x
  store ptr blockaddress(@separate, %b), ptr %x
  indirectbr ptr %p, [label %a, label %b]
a:
  indirectbr ptr %p, [label %b]
b:
  ret i32 0
}

; Is a target named twice one target?
; CHECK-LABEL: define i32 @twice(
; CHECK: phi i32 [ 1, %entry ]
define i32 @twice(ptr %p, ptr %x) {
entry:
  store ptr blockaddress(@twice, %a), ptr %x
  indirectbr ptr %p, [label %a, label %a]
a:
  %v = phi i32 [ 1, %entry ], [ 1, %entry ]
  ret i32 %v
}

; Is a function without labels left alone?
; CHECK-LABEL: define i32 @plain(
; CHECK-NEXT: ret i32 0
; CHECK-NEXT: }
define i32 @plain() {
  ret i32 0
}
