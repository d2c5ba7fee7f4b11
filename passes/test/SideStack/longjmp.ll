; RUN: %opt -passes=popcorn-side-stack,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @jump()
declare void @see(ptr)
declare i32 @__popcorn_caught(ptr)
declare i32 @__gcc_personality_v0(...)

; Where a jump lands, is the pointer that of this activation's frame again?
; CHECK-LABEL: define void @lands(
; CHECK: landingpad
; CHECK: %l = call i32 @__popcorn_caught(ptr %side.frame)
; CHECK-NEXT: [[A:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
; CHECK-NEXT: store ptr %side.frame, ptr [[A]], align 8
; CHECK-NEXT: switch i32 %l
define void @lands() personality ptr @__gcc_personality_v0 {
  %activation = alloca i64
  call void @see(ptr %activation)
  invoke void @jump() to label %done unwind label %pad
done:
  ret void
pad:
  %lp = landingpad { ptr, i32 } cleanup
  %l = call i32 @__popcorn_caught(ptr %activation)
  switch i32 %l, label %resume [ i32 1, label %done ]
resume:
  resume { ptr, i32 } %lp
}

; With memory of a size known at run time, that of behind it, which every
; allocation and restoration notes?
; CHECK-LABEL: define void @dynamic(
; CHECK: [[TOP:%side.top]] = getelementptr inbounds i8, ptr %side.frame, i64 8
; CHECK-NEXT: store ptr %side.frame, ptr [[TOP]]
; CHECK: store ptr %x, ptr %{{[0-9]+}}, align 8
; CHECK-NEXT: store ptr %x, ptr [[TOP]]
; CHECK: %l = call i32 @__popcorn_caught(ptr %side.frame)
; CHECK-NEXT: [[NOW:%.*]] = load ptr, ptr [[TOP]]
; CHECK-NEXT: [[A:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
; CHECK-NEXT: store ptr [[NOW]], ptr [[A]], align 8
define void @dynamic(i64 %n) personality ptr @__gcc_personality_v0 {
  %activation = alloca i64
  call void @see(ptr %activation)
  %x = alloca i8, i64 %n
  call void @see(ptr %x)
  invoke void @jump() to label %done unwind label %pad
done:
  ret void
pad:
  %lp = landingpad { ptr, i32 } cleanup
  %l = call i32 @__popcorn_caught(ptr %activation)
  switch i32 %l, label %resume [ i32 1, label %done ]
resume:
  resume { ptr, i32 } %lp
}

; Is a pad that catches nothing left alone?
; CHECK-LABEL: define void @passes(
; CHECK: landingpad { ptr, i32 }
; CHECK-NEXT: cleanup
; CHECK-NEXT: resume
define void @passes() personality ptr @__gcc_personality_v0 {
  %x = alloca i64
  call void @see(ptr %x)
  invoke void @jump() to label %done unwind label %pad
done:
  ret void
pad:
  %lp = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %lp
}
