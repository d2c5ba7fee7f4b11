; RUN: %opt -passes='popcorn-portable,verify' -S %s | FileCheck %s
; RUN: %opt -passes='popcorn-portable<O0>,verify' -S %s | FileCheck %s
; RUN: %opt -passes='popcorn-portable<Os>,verify' -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

; Of a whole program, is what nobody reaches gone, and the rest internal but the
; entry?
; CHECK-NOT: @unused
; CHECK: @__popcorn_functions = dso_local constant [{{[0-9]+}} x { ptr, ptr, i64, i32, i32 }]
; CHECK-NOT: @unused
define void @unused() {
  ret void
}

; Does a function whose loop polls see its local on the side stack, over an
; invoke with a pad of its own?
; CHECK-LABEL: define internal {{.*}}@work(
; CHECK: %side.frame = getelementptr
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: invoke preserve_mostcc void @__popcorn_poll()
; CHECK: call ptr @__popcorn_capture(
; CHECK: call void @__popcorn_continue()
define void @work(ptr %p) noinline {
entry:
  %x = alloca i32
  br label %loop
loop:
  call void @see(ptr %x)
  %v = load i32, ptr %x
  %more = icmp ne i32 %v, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}
@last = global ptr null
define void @see(ptr %p) noinline {
  store volatile ptr %p, ptr @last
  ret void
}

; Is no variadic function left?
; CHECK-NOT: ...)
define i32 @sum(i32 %n, ...) {
  %list = alloca ptr
  call void @llvm.va_start.p0(ptr %list)
  %p = load ptr, ptr %list
  %v = load i32, ptr %p
  call void @llvm.va_end.p0(ptr %list)
  ret i32 %v
}
declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_end.p0(ptr)

; Has a leaf neither poll nor pad?
; CHECK-LABEL: define internal {{.*}}@leaf(
; CHECK-NOT: invoke
; CHECK: ret i32
define i32 @leaf(i32 %a) noinline {
  %b = add i32 %a, 1
  ret i32 %b
}

; CHECK-LABEL: define {{.*}}void @__popcorn_start_c(
; CHECK: invoke {{.*}}void @work(
; CHECK: call ptr @__popcorn_capture(
define void @__popcorn_start_c(ptr %stack) {
  call void @work(ptr %stack)
  %s = call i32 (i32, ...) @sum(i32 1, i32 2)
  %t = call i32 @leaf(i32 %s)
  store volatile i32 %t, ptr %stack
  ret void
}

; CHECK: define internal {{.*}}@work.resume(
; CHECK: define internal {{.*}}@__popcorn_start_c.resume(
