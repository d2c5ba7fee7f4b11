; RUN: %opt -passes=popcorn-sink-offsets,verify -S %s | FileCheck %s

@__popcorn_side_sp = external thread_local(localexec) global ptr
declare ptr @llvm.threadlocal.address.p0(ptr)
declare void @use(ptr)
declare i32 @__popcorn_personality(...)

; Are addresses of locals computed where they are passed, accessed and joined,
; and not where they were?
; CHECK-LABEL: define ptr @locals(
; CHECK: %side = load ptr
; CHECK-NEXT: br i1
; CHECK: one:
; CHECK-NEXT: [[A:%.*]] = getelementptr inbounds i8, ptr %side, i64 -16
; CHECK-NEXT: invoke void @use(ptr [[A]])
; CHECK: more:
; CHECK-NEXT: [[A2:%.*]] = getelementptr inbounds i8, ptr %side, i64 -16
; CHECK-NEXT: store i32 1, ptr [[A2]]
; CHECK-NEXT: [[B:%.*]] = getelementptr inbounds i8, ptr %side, i64 -32
; CHECK-NEXT: switch i32
; CHECK: join:
; CHECK-NEXT: phi ptr [ %p, %entry ], [ [[B]], %more ], [ [[B]], %more ]
define ptr @locals(i1 %c, i32 %n, ptr %p) personality ptr @__popcorn_personality {
entry:
  %at = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
  %side = load ptr, ptr %at
  %a = getelementptr inbounds i8, ptr %side, i64 -16
  %b = getelementptr inbounds i8, ptr %side, i64 -32
  br i1 %c, label %one, label %join
one:
  invoke void @use(ptr %a) to label %more unwind label %pad
more:
  store i32 1, ptr %a
  switch i32 %n, label %out [ i32 1, label %join
                              i32 2, label %join ]
join:
  %x = phi ptr [ %p, %entry ], [ %b, %more ], [ %b, %more ]
  ret ptr %x
out:
  ret ptr null
pad:
  %l = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %l
}

; Another pointer's, one of its own block, one that is compared: stay?
; CHECK-LABEL: define i1 @others(
; CHECK: %f = getelementptr i8, ptr %p, i64 8
; CHECK: %own = getelementptr i8, ptr %side, i64 -8
; CHECK-NEXT: call void @use(ptr %own)
; CHECK-NEXT: %far = getelementptr i8, ptr %side, i64 -24
; CHECK: next:
; CHECK-NEXT: call void @use(ptr %f)
; CHECK-NEXT: icmp eq ptr %far, %p
define i1 @others(ptr %p) {
entry:
  %at = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
  %side = load ptr, ptr %at
  %f = getelementptr i8, ptr %p, i64 8
  %own = getelementptr i8, ptr %side, i64 -8
  call void @use(ptr %own)
  %far = getelementptr i8, ptr %side, i64 -24
  br label %next
next:
  call void @use(ptr %f)
  %same = icmp eq ptr %far, %p
  ret i1 %same
}
