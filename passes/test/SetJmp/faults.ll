; RUN: %opt -passes=popcorn-setjmp,verify -S %s | FileCheck %s
; RUN: sed 's/i32 11, ptr %h/i32 15, ptr %h/' %s | %opt -passes=popcorn-setjmp,verify -S | FileCheck %s --check-prefix=NONE

declare i32 @setjmp(ptr) returns_twice
declare i64 @strlen(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1 immarg)
@constant = internal constant i32 5
@global = internal global i32 5

define i32 @sigaction(i32 %signal, ptr %new, ptr %old) {
  ret i32 0
}

; libc's own: which signal it is for is seen at its callers.
define i32 @signal(i32 %signal, ptr %h) {
  %r = call i32 @sigaction(i32 %signal, ptr %h, ptr null)
  ret i32 %r
}

define void @main(ptr %h) {
  %r = call i32 @signal(i32 11, ptr %h)
  ret void
}

; Does a function through which a fault may be left let unwinding through?
; CHECK: define internal i32 @leaf(ptr %p) [[LEAF:#[0-9]+]]
; NONE: define internal i32 @leaf(ptr %p) [[LEAF:#[0-9]+]]
define internal i32 @leaf(ptr %p) nounwind memory(read) {
  %v = load i32, ptr %p
  ret i32 %v
}

; Is what may fault behind a setjmp a call with a pad, one function for equals,
; and is what cannot fault left alone?  Is all left alone where no fault is
; handled?
; CHECK-LABEL: define i32 @faults(
; NONE-LABEL: define i32 @faults(
define i32 @faults(ptr %b, ptr %p, i32 %d) {
; CHECK: load i32, ptr %p
  %before = load i32, ptr %p
  %local = alloca i32
; CHECK: @__popcorn_setjmp
  %r = call i32 @setjmp(ptr %b) returns_twice
; CHECK: invoke i32 @popcorn.faults(ptr %p)
; NONE: load i32, ptr %p
; NONE: load i32, ptr %p
  %one = load i32, ptr %p
; CHECK: invoke i32 @popcorn.faults(ptr %b)
  %two = load i32, ptr %b
; CHECK: invoke void @[[STORE:popcorn.faults.[0-9]+]](i32 %{{.*}}, ptr %p)
; NONE: store i32
  store i32 %two, ptr %p
; CHECK: invoke void @[[STORE]](i32 1, ptr @constant)
  store i32 1, ptr @constant
; CHECK: store i32 1, ptr @global
  store i32 1, ptr @global
; CHECK: store volatile i32 1, ptr %local
  store volatile i32 1, ptr %local
; CHECK: invoke i32 @[[DIVIDE:popcorn.faults.[0-9]+]](i32 %{{.*}}, i32 %d)
; NONE: sdiv
  %quotient = sdiv i32 %one, %d
; CHECK: sdiv i32 %{{.*}}, 3
  %third = sdiv i32 %quotient, 3
; CHECK: invoke void @[[COPY:popcorn.faults.[0-9]+]](ptr %p, ptr %b, i64 40)
; NONE: call void @llvm.memcpy
  call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %b, i64 40, i1 false)
; CHECK: invoke i64 @strlen(ptr %p)
; NONE: call i64 @strlen
  %length = call i64 @strlen(ptr %p)
; CHECK: invoke i32 @leaf(ptr %p)
  %leaf = call i32 @leaf(ptr %p) nounwind
  %sum = add i32 %third, %leaf
  ret i32 %sum
}
; NONE-NOT: popcorn.faults

; CHECK: define internal i32 @popcorn.faults(ptr %0) [[OUT:#[0-9]+]]
; CHECK-NEXT: entry:
; CHECK-NEXT: load i32, ptr %0
; CHECK-NEXT: ret i32
; CHECK: define internal void @[[COPY]](ptr %0, ptr %1, i64 %2)
; CHECK-NEXT: entry:
; CHECK-NEXT: call void @llvm.memcpy.p0.p0.i64(ptr %0, ptr %1, i64 %2, i1 false)

; CHECK: attributes [[LEAF]] = { uwtable }
; CHECK: attributes [[OUT]] = { noinline uwtable
; NONE: attributes [[LEAF]] = { nounwind memory(read) uwtable
