; RUN: %opt -passes=popcorn-thread-goto,verify -S %s | FileCheck %s
; RUN: %opt -passes=popcorn-goto,popcorn-thread-goto,verify -S %S/../ComputedGoto/labels.ll \
; RUN:   -o /dev/null

; Are the labels' addresses in a table of this ISA's own, where a number that no
; label has stands for any?
; CHECK: @interpret.goto = internal constant [3 x ptr] [
; CHECK-SAME: ptr blockaddress(@interpret, %[[ANY:.*]]), ptr blockaddress(@interpret, %a), ptr blockaddress(@interpret, %b)]
; CHECK-SAME: section ".popcorn.native.goto"

; Is a table of labels that is indexed at once one look-up, not two?
; CHECK: @direct.goto = internal constant [3 x ptr] [
; CHECK-SAME: ptr blockaddress(@direct, %b), ptr blockaddress(@direct, %a), ptr blockaddress(@direct, %b)]
; CHECK: @changed.goto = internal constant [3 x ptr]
; CHECK-NOT: .goto =

; Does the switch on a label's number become a jump through it?
; CHECK-LABEL: define i32 @interpret(
; CHECK: [[AT:%.*]] = getelementptr inbounds [3 x ptr], ptr @interpret.goto, i64 0, i64 %label
; CHECK-NEXT: [[TO:%.*]] = load ptr, ptr [[AT]]
; CHECK-NEXT: indirectbr ptr [[TO]], [label %a, label %b]
define i32 @interpret(i64 %label) {
entry:
  switch i64 %label, label %unreachable [
    i64 1, label %a
    i64 2, label %b
  ], !popcorn.goto !0
a:
  ret i32 1
b:
  ret i32 2
unreachable:
  unreachable
}

; CHECK-LABEL: define i32 @direct(
; CHECK: [[AT:%.*]] = getelementptr inbounds [3 x ptr], ptr @direct.goto, i64 0, i64 %i
; CHECK-NEXT: [[TO:%.*]] = load ptr, ptr [[AT]]
; CHECK-NEXT: indirectbr ptr [[TO]], [label %a, label %b]
@labels = internal constant [3 x ptr] [ptr inttoptr (i64 2 to ptr),
  ptr inttoptr (i64 1 to ptr), ptr inttoptr (i64 2 to ptr)]
define i32 @direct(i64 %i) {
entry:
  %at = getelementptr inbounds [3 x ptr], ptr @labels, i64 0, i64 %i
  %l = load ptr, ptr %at
  %label = ptrtoint ptr %l to i64
  switch i64 %label, label %unreachable [
    i64 1, label %a
    i64 2, label %b
  ], !popcorn.goto !0
a:
  ret i32 1
b:
  ret i32 2
unreachable:
  unreachable
}

; But two where the program may change the table?
; CHECK-LABEL: define i32 @changed(
; CHECK: %l = load ptr, ptr %at
; CHECK: %label = ptrtoint ptr %l to i64
; CHECK: getelementptr inbounds [3 x ptr], ptr @changed.goto, i64 0, i64 %label
@variable = internal global [3 x ptr] zeroinitializer
define i32 @changed(i64 %i) {
entry:
  %at = getelementptr inbounds [3 x ptr], ptr @variable, i64 0, i64 %i
  %l = load ptr, ptr %at
  %label = ptrtoint ptr %l to i64
  switch i64 %label, label %unreachable [
    i64 1, label %a
    i64 2, label %b
  ], !popcorn.goto !0
a:
  ret i32 1
b:
  ret i32 2
unreachable:
  unreachable
}

; Does a switch of the program stay?
; CHECK-LABEL: define i32 @plain(
; CHECK: switch i64 %label
define i32 @plain(i64 %label) {
entry:
  switch i64 %label, label %unreachable [
    i64 1, label %a
    i64 2, label %b
  ]
a:
  ret i32 1
b:
  ret i32 2
unreachable:
  unreachable
}

; One whose default can be reached?
; CHECK-LABEL: define i32 @default(
; CHECK: switch i64 %label
define i32 @default(i64 %label) {
entry:
  switch i64 %label, label %other [
    i64 1, label %a
    i64 2, label %b
  ], !popcorn.goto !0
a:
  ret i32 1
b:
  ret i32 2
other:
  ret i32 3
}

; One of which two numbers go to one block?
; CHECK-LABEL: define i32 @twice(
; CHECK: switch i64 %label
define i32 @twice(i64 %label) {
entry:
  switch i64 %label, label %unreachable [
    i64 1, label %a
    i64 2, label %a
  ], !popcorn.goto !0
a:
  ret i32 1
unreachable:
  unreachable
}

; And that of a function made small, as resume functions are?
; CHECK-LABEL: define i32 @small(
; CHECK: switch i64 %label
define i32 @small(i64 %label) minsize {
entry:
  switch i64 %label, label %unreachable [
    i64 1, label %a
    i64 2, label %b
  ], !popcorn.goto !0
a:
  ret i32 1
b:
  ret i32 2
unreachable:
  unreachable
}

!0 = !{}
